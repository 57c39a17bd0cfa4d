"""Subject access is complete, and erasure leaves nothing: both compared with the database, table by table, and with the files."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text

from backend import db, tidying
from backend.catalogue import service as catalogues
from backend.interactions import service as interactions
from backend.oversight import service as oversight
from backend.people import service as people
from backend.profiles import service as profiles
from backend.record import service as record
from backend.treatments import service as treatments
from shared.kernel import clock
from shared.kernel.actors import SYSTEM, Actor
from shared.kernel.errors import Erased, EvenhandError, Forbidden, NotFound
from tests.architecture.test_tables import tables
from tests.service.test_commands import last_line, run
from tests.service.test_leaving import KEPT, busy_customer

STRANGER = Actor("staff", str(UUID(int=5)), "Someone", frozenset({"see_customer"}))
COMPRESSED = {("snapshot", "body"), ("customer_merge", "body")}
"""Kept small, and handed over as what it says."""
MAY_NAME = {"kept_record"}
"""What the law makes us keep, apart from every profile."""


@pytest.fixture
def busy(loaded: str) -> UUID:
    """A customer with something in as many tables as there are, and named in rows that are not theirs by id."""
    customer_id = busy_customer()
    now = clock.now()
    with db.transaction() as session:
        profile = profiles.profile(session, customer_id)
        pack = catalogues.pack_in_force(session)
        agent = people.staff_actor(session, people.find_staff(session, "agent1")[0])  # type: ignore[index]
        assert agent is not None
        assert profile.phone
        interactions.ring(session, "of nobody yet", profile.phone, "", "inbound", ["agent1"], now)
        contact = interactions.begin(session, customer_id, "phone", agent, now)
        interactions.verify_caller(session, customer_id, contact.interaction_id, "password", agent, now, pack)
        me = Actor("customer", str(customer_id), profile.name, customer_id=customer_id)
        interactions.visit(session, me, "Home", now)
        record.audit(
            session, actor=me, action="portal.signed_in", subject="portal", customer_id=None, payload={"who": profile.name}, now=now
        )  # fmt: skip
    asked = record.request_of("key", "POST", f"/api/v1/customers/{customer_id}/decisions", "k1", b"{}")
    record.begin(asked, now)
    record.finish(
        asked, record.Answer(200, "application/json", json.dumps({"name": profile.name, "phone": profile.phone}))
    )
    oversight.note_look(agent, customer_id, "customer", now)
    return customer_id


def rows_of(customer_id: UUID, words: set[str]) -> dict[str, list[dict[str, Any]]]:
    """Every row of every table that has the customer's id in any column, or one of the words anywhere in it; and the groups to which they belong."""
    found: dict[str, list[dict[str, Any]]] = {}
    with db.reading() as session:
        for name, table in tables().items():
            for row in session.execute(select(table)):
                plain = dict(row._mapping)
                whole = json.dumps(plain, default=str, ensure_ascii=False)
                if str(customer_id) in whole or customer_id.hex in whole or any(word in whole for word in words):
                    found.setdefault(name, []).append(plain)
        mine = {row["group_id"] for row in found.get("membership", ())}
        groups = tables()["customer_group"]
        for row in session.execute(select(groups).where(groups.c.group_id.in_(sorted(mine)))):
            found.setdefault(groups.name, []).append(dict(row._mapping))
        # What they signed in with before a merge hangs on the id of then.
        before = [row["alias_id"] for row in found.get("customer_alias", ())]
        credentials = tables()["credential"]
        for row in session.execute(select(credentials).where(credentials.c.subject_id.in_(before))):
            found.setdefault(credentials.name, []).append(dict(row._mapping))
    return found


def words_of(customer_id: UUID) -> set[str]:
    with db.reading() as session:
        profile = profiles.profile(session, customer_id)
    assert profile.phone
    assert profile.email
    return {profile.name, profile.number, profile.phone, profile.email}


def access_to(customer_id: UUID, actor: Actor = SYSTEM) -> oversight.Access:
    with db.transaction() as session:
        return oversight.subject_access(session, customer_id, actor, clock.now())


def plain(value: Any) -> Any:
    return json.loads(json.dumps(value, default=lambda v: v.isoformat() if hasattr(v, "isoformat") else str(v)))


def test_what_is_handed_over_is_what_the_database_holds_table_by_table(busy: UUID) -> None:
    access = access_to(busy)
    given = json.loads(oversight.as_json(access))["tables"]
    held = rows_of(busy, words_of(busy))
    assert len(held) >= 20
    assert set(given) == set(held)
    for name, table in tables().items():
        for column in table.columns:
            if name in held and (name, column.name) != ("credential", "password_hash"):
                assert all(column.name in row for row in given[name]), f"{name}.{column.name} is left out"
    for name, rows in held.items():
        assert len(given[name]) == len(rows), name
        keys = [column.name for column in tables()[name].primary_key.columns]
        mine = {tuple(str(plain(row[key])) for key in keys): row for row in rows}
        for row in given[name]:
            kept = mine[tuple(str(row[key]) for key in keys)]
            for column, value in row.items():
                if (name, column) not in COMPRESSED:
                    assert value == plain(kept[column]), f"{name}.{column}"
    assert all(isinstance(row["body"], dict) for row in given["snapshot"])


def test_a_row_that_is_left_out_would_be_found(busy: UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interactions, "export_customer", lambda *_: {})
    with pytest.raises(AssertionError):
        test_what_is_handed_over_is_what_the_database_holds_table_by_table(busy)


def test_the_page_says_it_all_escaped_and_needs_nothing_else(busy: UUID) -> None:
    with db.transaction() as session:
        interactions.record(
            session, busy, "complaint.opened", None, SYSTEM, {"subject": "<script>x</script> & co"}, clock.now()
        )
    access = access_to(busy)
    page = oversight.as_html(access)
    assert "&lt;script&gt;x&lt;/script&gt; &amp; co" in page
    assert not re.search(r"<script|<link|<img|src=|https?://", page)
    for word in words_of(busy):
        assert word in page
    assert page.count("<h2") == len(access.tables)
    assert page.count("<dl>") >= access.rows


def test_only_the_customer_and_those_who_handle_requests_are_handed_it(busy: UUID) -> None:
    own = Actor("customer", str(busy), "They", customer_id=busy)
    assert access_to(busy, own).rows
    for other in (STRANGER, Actor("customer", str(UUID(int=9)), "Other", customer_id=UUID(int=9))):
        with pytest.raises(Forbidden):
            access_to(busy, other)


def test_that_it_was_handed_over_is_on_the_record(busy: UUID) -> None:
    access_to(busy)
    assert [e["action"] for e in access_to(busy).tables["audit_entry"]].count("customer.exported") == 2


# --- erasure --------------------------------------------------------------------------------------------------------


def erase(customer_id: UUID, home: Path) -> oversight.Erasure:
    with db.transaction() as session:
        return oversight.erase_customer(session, customer_id, SYSTEM, clock.now(), home)


def leave_files(home: Path, customer_id: UUID) -> None:
    with db.reading() as session:
        profile = profiles.profile(session, customer_id)
    assert profile.phone
    (home / "rejected").mkdir(parents=True)
    (home / "exports" / "deep").mkdir(parents=True)
    spelled = f"({profile.phone[2:5]}) {profile.phone[5:8]}-{profile.phone[8:]}"
    lines = [
        "number,name,phone", f"{profile.number},x,y", f"C0,{profile.name},y", f'C1,"of ""x""",{spelled}', "C2,Someone Else,+12135550199"
    ]  # fmt: skip
    (home / "rejected" / "all.csv").write_text("\n".join(lines) + "\n")
    (home / "exports" / f"subject-access-{profile.number}.json").write_text("{}")
    (home / "exports" / "deep" / "list.txt").write_text(f"1 {profile.email}\n2 someone@else.example\n")
    (home / "exports" / "some.bin").write_bytes(b"\xff\xfe" + profile.number.encode())


def home_holds(home: Path, words: set[str]) -> dict[str, set[str]]:
    """The files below the home in whose bytes one of the words stands, as text or compressed away from view by nothing."""
    found = {}
    for path in sorted(p for p in home.rglob("*") if p.is_file()):
        data = path.read_bytes()
        if there := {word for word in words if word.encode() in data or word in path.name}:
            found[str(path.relative_to(home))] = there
    return found


def test_after_erasure_nothing_names_the_customer_but_what_the_law_keeps(busy: UUID, tmp_path: Path) -> None:
    words, home = words_of(busy), tmp_path / "home"
    leave_files(home, busy)
    others = tmp_path / "home" / "rejected" / "all.csv"
    done = erase(busy, home)
    assert (done.rows > 50, done.files) == (True, 4)
    assert set(rows_of(busy, words)) <= {*KEPT, *MAY_NAME, "erased_customer", "change"}
    named = {name for name, rows in rows_of(UUID(int=0), words).items() if rows}
    assert named == MAY_NAME
    assert home_holds(home, words) == {}
    assert "Someone Else" in others.read_text()
    assert (home / "exports" / "deep" / "list.txt").read_text() == "2 someone@else.example\n"


def test_what_the_law_keeps_is_apart_named_and_dated(busy: UUID, tmp_path: Path) -> None:
    with db.reading() as session:
        number = profiles.profile(session, busy).number
        bills = profiles.bills(session, busy, 100)
        foretold = oversight.would_keep(session, busy)
    done = erase(busy, tmp_path)
    assert {line.of for line in done.kept} == {"bill", "credit"}
    assert done.kept == foretold
    with db.reading() as session:
        kept = [row for row in oversight.kept_records(session, number) if row["of"] == "bill"]
        assert not any("usage" in row["body"] for row in kept), "what somebody used is no business of the tax office"
    assert len(kept) == len(bills)
    assert {row["body"]["reference"] for row in kept} == {bill.reference for bill in bills}
    assert all("customer_id" not in row["body"] and "tax law" in row["ground"] for row in kept)
    latest = max(bill.issued_on for bill in bills)
    assert max(row["until"] for row in kept).isoformat() == f"{latest.year + 10}-12-31"


def test_the_chain_stays_whole_a_replay_says_erased_and_nobody_finds_them(busy: UUID, tmp_path: Path) -> None:
    record.seal(clock.now())
    with db.reading() as session:
        number = profiles.profile(session, busy).number
        run = session.connection().execute
        decision = run(text("SELECT decision_id FROM decision ORDER BY decision_id DESC LIMIT 1")).scalar_one()
    erase(busy, tmp_path)
    record.seal(clock.now())
    assert record.verify()["ok"]
    with db.reading() as session:
        with pytest.raises(Erased):
            treatments.replay(session, UUID(str(decision)))
        with pytest.raises(Erased):
            profiles.resolve(session, busy)
        assert profiles.search(session, query=number).items == ()
    with pytest.raises(Erased):
        erase(busy, tmp_path)


def test_nothing_is_written_of_the_erased_any_more(busy: UUID, tmp_path: Path) -> None:
    with db.reading() as session:
        pack = catalogues.pack_in_force(session)
    erase(busy, tmp_path)
    now = clock.now()

    def event(session: Any) -> None:
        interactions.record(session, busy, "visit", "portal", SYSTEM, {}, now)

    def moment(session: Any) -> None:
        profiles.set_moment(session, busy, "support", None, "stated", "phone", SYSTEM, now, pack)

    def visit(session: Any) -> None:
        interactions.visit(session, Actor("customer", str(busy), "", customer_id=busy), "Home", now)

    for act in (event, moment, visit):
        with pytest.raises(NotFound), db.transaction() as session:
            act(session)
    with pytest.raises(Erased):
        treatments.decide(busy, now)
    assert set(rows_of(busy, set())) <= {*KEPT, "erased_customer", "change"}


def test_whoever_comes_later_under_the_same_number_is_somebody_new(busy: UUID, tmp_path: Path) -> None:
    with db.reading() as session:
        number = profiles.profile(session, busy).number
    erase(busy, tmp_path)
    new = profiles.NewCustomer(
        customer_id=busy, number=number, name="Somebody New", phone=None, email=None, birth_date=None, attributes={}, facts={},
        identifiers=(("number", number),), bills=(), consents=(), timezone="America/New_York", language="en", made_up=False,
        created_at=clock.now(),
    )  # fmt: skip
    from dataclasses import replace

    other = UUID(int=77)
    with db.transaction() as session:
        assert profiles.enrol(session, [new]).entered == frozenset()
        assert profiles.enrol(session, [replace(new, customer_id=other)]).entered == {other}
    with db.reading() as session:
        assert profiles.profile(session, other).facts == {}
        assert interactions.timeline(session, other).items == ()


def test_an_act_that_races_an_erasure_leaves_no_orphan(loaded: str, tmp_path: Path) -> None:
    """Acts of several kinds go on in threads while each customer is erased; whichever comes first, no row is left behind."""
    with db.reading() as session:
        customers = [match.id for match in profiles.search(session, limit=6).items]
        pack = catalogues.pack_in_force(session)
    overlapped = 0
    for customer_id in customers:
        stop, done = threading.Event(), [0]

        def act(customer_id: UUID = customer_id, stop: threading.Event = stop, done: list[int] = done) -> None:
            me = Actor("customer", str(customer_id), "", customer_id=customer_id)
            while not stop.is_set():
                try:
                    with db.transaction() as session:
                        interactions.record(session, customer_id, "visit", "portal", me, {}, clock.now())
                    with db.transaction() as session:
                        interactions.visit(session, me, "Home", clock.now())
                    with db.transaction() as session:
                        interactions.change_consent(
                            session, customer_id, "marketing", "email", "denied" if done[0] % 2 else "granted", source="race",
                            said_in="portal", actor=me, now=clock.now(), pack=pack,
                        )  # fmt: skip
                    treatments.decide(customer_id, clock.now())
                    done[0] += 1
                except EvenhandError:
                    continue

        workers = [threading.Thread(target=act) for _ in range(3)]
        for one in workers:
            one.start()
        before = clock.now()
        while done[0] < 2 and clock.now() - before < timedelta(seconds=20):
            stop.wait(0.01)
        for _ in range(20):
            try:
                erase(customer_id, tmp_path)
                break
            except (Erased, Forbidden):
                raise
            except EvenhandError:
                continue  # a lost race of its own: it is asked again
        overlapped += any(one.is_alive() for one in workers)
        stop.wait(0.1)
        stop.set()
        for one in workers:
            one.join(20)
        left = set(rows_of(customer_id, set()))
        assert left <= {*KEPT, "erased_customer", "change"}, left
    assert overlapped == len(customers)


# --- the commands, on a home of their own ---------------------------------------------------------------------------


@pytest.fixture
def home(loaded_sqlite: str, tmp_path: Path) -> Iterator[Path]:
    """A home with its database in it, as `evenhand` has it."""
    place = tmp_path / "place"
    place.mkdir()
    with db.transaction() as session:
        session.connection().exec_driver_sql("DELETE FROM change")
    tidying.compact()
    (place / "evenhand.sqlite3").write_bytes(Path(loaded_sqlite.removeprefix("sqlite:///")).read_bytes())
    return place


def command(home: Path, *words: str) -> dict[str, Any]:
    done = run(f"sqlite:///{home}/evenhand.sqlite3", home, *words, "--json")
    assert done.returncode == 0, done.stderr[-2000:]
    return last_line(done)


def test_the_commands_hand_over_and_erase_and_no_byte_of_the_home_names_the_customer(home: Path) -> None:
    with db.reading() as session:
        found = profiles.search(session, limit=30).items[20]
        profile = profiles.profile(session, found.id)
    words = words_of(found.id)
    given = command(home, "subject-access", profile.number, "--to", str(home / "exports"))
    assert given["tables"]["customer"] == 1
    assert home_holds(home, words)
    done = command(home, "erase", str(profile.email), "--yes")
    assert done["files"] == 2
    left = home_holds(home, words)
    # What the law keeps is in the database and names them: nothing else does, and no free page of the file.
    assert set(left) == {"evenhand.sqlite3"}
    assert left["evenhand.sqlite3"] <= {profile.name, profile.number}
    db.open(f"sqlite:///{home}/evenhand.sqlite3")
    with db.transaction() as session:
        session.connection().exec_driver_sql("DELETE FROM kept_record")
    tidying.compact()
    assert home_holds(home, words) == {}
