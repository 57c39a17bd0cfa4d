"""The audit trail: found by who, whom, when and words; proved in parts; whole after what is old has gone; broken by whoever tampers."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from backend import db
from backend.catalogue import service as catalogues
from backend.interactions import service as interactions
from backend.oversight import service as oversight
from backend.overview import service as overview
from backend.people import service as people
from backend.profiles import service as profiles
from backend.record import auditing
from backend.record import service as record
from backend.record.service import Checked, Wanted
from shared.kernel import clock, ids
from shared.kernel.actors import SYSTEM, Actor
from shared.kernel.errors import Forbidden, Invalid, NotFound

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
CUSTOMER = ids.uuid7(NOW)
KIM = Actor("staff", str(ids.uuid7(NOW)), "Kim Rowe")
BOSS = Actor("staff", str(ids.uuid7(NOW)), "Bo Reyes", people.ROLES["supervisor"], role="supervisor")


def note(
    n: int = 1, *, actor: Actor = SYSTEM, action: str = "note", subject: str = "s", customer_id: UUID | None = None, at: datetime = NOW
) -> UUID:  # fmt: skip
    with db.transaction() as session:
        return record.audit(
            session, actor=actor, action=action, subject=subject, customer_id=customer_id, payload={"n": n}, now=at
        )


def sql(statement: str, **values: object) -> None:
    with db.transaction() as session:
        session.connection().execute(text(statement), values)


def found(**wanted: Any) -> list[int]:
    with db.reading() as session:
        entries, _ = record.entries(session, Wanted(**wanted))
    return [entry.payload["n"] for entry in entries if entry.payload is not None]


# --- tampering --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tamper", "bad"),
    [
        # What was said, and by whom, when, of whom.
        ("UPDATE audit_entry SET payload = '{\"n\": 2}', salt = 'another' WHERE position = 3", 3),
        ("UPDATE audit_entry SET actor_kind = 'customer' WHERE position = 2", 2),
        ("UPDATE audit_entry SET actor_id = 'somebody' WHERE position = 2", 2),
        ("UPDATE audit_entry SET at = '2026-11-20 12:00:00.000001' WHERE position = 4", 4),
        ("UPDATE audit_entry SET subject = 'another' WHERE position = 5", 5),
        # The order: two entries change places.
        ("UPDATE audit_entry SET position = CASE position WHEN 2 THEN 13 ELSE 2 END WHERE position IN (2, 3)", 2),
        # The first, one in the middle, the last are taken out; then the gap is closed.
        ("DELETE FROM audit_entry WHERE position = 1", 1),
        ("DELETE FROM audit_entry WHERE position = 3", 3),
        ("DELETE FROM audit_entry WHERE position = 5", 5),
    ],
)
def test_tampering_shows_where_it_was_done(database: str, tamper: str, bad: int) -> None:
    for n in range(1, 6):
        note(n)
    record.seal(NOW)
    assert record.verify()["ok"]
    sql(tamper)
    assert record.verify() == {"ok": False, "entries": 4 if tamper.startswith("DELETE") else 5, "first_bad": bad}


def test_a_gap_that_was_closed_shows(database: str) -> None:
    for n in range(1, 6):
        note(n)
    record.seal(NOW)
    sql("DELETE FROM audit_entry WHERE position = 2")
    for position in (3, 4, 5):
        sql("UPDATE audit_entry SET position = :to WHERE position = :at", to=position - 1, at=position)
    sql("UPDATE audit_head SET position = 4")
    assert record.verify()["first_bad"] == 2


def test_an_entry_that_was_put_between_shows_though_its_seal_is_right_by_itself(database: str) -> None:
    for n in range(1, 4):
        note(n)
    record.seal(NOW)
    forged = note(9, actor=KIM)
    for position in (3, 2):
        sql("UPDATE audit_entry SET position = :to WHERE position = :at", to=position + 1, at=position)
    with db.transaction() as session:
        row = session.get(auditing.AuditEntryRow, forged)
        first = session.connection().exec_driver_sql("SELECT seal FROM audit_entry WHERE position = 1").scalar_one()
        assert row is not None
        row.position, row.sealed_at = 2, NOW
        row.seal = auditing._seal(first, row, 2, NOW)
    sql("UPDATE audit_head SET position = 4")
    assert record.verify()["first_bad"] == 3, "the forged one holds; what follows was sealed over another"


# --- in parts ---------------------------------------------------------------------------------------------------------


def test_a_long_chain_is_proved_in_parts(database: str) -> None:
    for n in range(7):
        note(n)
    record.seal(NOW)
    note(7)
    reached, parts = Checked(), 0
    while not reached.done:
        reached, parts = record.verify_part(reached, 3), parts + 1
    assert (reached.position, reached.entries, reached.first_bad, parts) == (7, 8, None, 3)
    sql("UPDATE audit_entry SET subject = 'x' WHERE position = 5")
    second = record.verify_part(record.verify_part(Checked(), 3), 3)
    assert (second.done, second.first_bad) == (True, 5)


# --- what is old ------------------------------------------------------------------------------------------------------


def age(monkeypatch: pytest.MonkeyPatch, days: int) -> None:
    """The pack keeps what entries say for so many days."""
    with db.reading() as session:
        pack = catalogues.pack_in_force(session)
    rules = tuple(rule.model_copy(update={"days": days}) for rule in pack.retention if rule.of == "audit")
    assert rules, "the pack has a rule for the trail"
    mine = pack.model_copy(update={"retention": rules})
    monkeypatch.setattr("backend.oversight.retaining.catalogues.pack_in_force", lambda _: mine)


def test_what_old_entries_say_goes_by_a_rule_and_the_chain_is_still_proved(
    loaded: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = clock.now()
    old, young = (
        note(1, action="of_old", at=now - timedelta(days=40)),
        note(2, action="of_late", at=now - timedelta(days=20)),
    )
    record.seal(now)
    waiting = note(3, action="of_old", at=now - timedelta(days=40))
    age(monkeypatch, 30)
    assert [one.many for one in oversight.due(now, tmp_path) if one.of == "audit"] == [1]
    assert oversight.retain(now, tmp_path) == 1
    with db.reading() as session:
        assert record.entry(session, old).payload is None
        assert record.entry(session, old).action == "of_old", "who, when and what stay"
        assert record.entry(session, young).payload == {"n": 2}
        assert record.entry(session, waiting).payload == {"n": 3}, "what is not sealed is not touched"
    assert record.verify()["ok"]
    record.seal(now)
    assert record.verify()["ok"]
    assert oversight.retain(now, tmp_path) == 1
    assert record.verify()["ok"]


def test_nobody_empties_an_entry_under_the_cover_of_that_rule(
    loaded: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = clock.now()
    note(1, at=now - timedelta(days=40))
    note(2, action="of_late", at=now - timedelta(days=20))
    record.seal(now)
    age(monkeypatch, 30)
    oversight.retain(now, tmp_path)
    late = note(3, action="of_late", at=now - timedelta(days=40))
    record.seal(now)
    assert record.verify()["ok"]
    sql("UPDATE audit_entry SET payload = NULL, salt = NULL WHERE entry_id = :one", one=late.hex)
    sql("UPDATE audit_entry SET payload = NULL, salt = NULL WHERE CAST(entry_id AS VARCHAR) = :one", one=str(late))
    assert not record.verify()["ok"], "it came after the rule had done its work"


# --- finding ----------------------------------------------------------------------------------------------------------


def test_entries_are_found_by_who_whom_when_and_words(database: str) -> None:
    note(1, actor=KIM, action="offer.accepted", customer_id=CUSTOMER)
    note(2, actor=KIM, action="skills.set", subject="staff:kim@example.com", at=NOW + timedelta(hours=1))
    note(3, action="retention.removed", subject="retention:100%", at=NOW + timedelta(hours=2))
    assert found() == [3, 2, 1], "the last first"
    assert found(actors=(KIM.id,)) == [2, 1]
    assert found(kind="system") == [3]
    assert found(customers=(CUSTOMER,)) == [1]
    assert found(since=NOW + timedelta(hours=1)) == [3, 2]
    assert found(before=NOW + timedelta(hours=1)) == [1]
    assert found(words="ACCEPTED offer") == [1]
    assert found(words="kim@example") == [2]
    assert found(words="100%") == [3]
    assert found(words="_") == [], "a sign of the database's own is a sign like others"
    assert found(action="skills.set") == [2]


def test_a_page_ends_where_the_next_begins(database: str) -> None:
    for n in range(5):
        note(n)
    seen, cursor = [], None
    while True:
        with db.reading() as session:
            entries, cursor = record.entries(session, Wanted(), cursor, 2)
        seen.append([entry.payload["n"] for entry in entries if entry.payload])
        if cursor is None:
            break
    assert seen == [[4, 3], [2, 1], [0]]
    with db.reading() as session, pytest.raises(Invalid):
        record.entries(session, Wanted(), "x")
    with db.reading() as session, pytest.raises(NotFound):
        record.entry(session, ids.uuid7())


def test_only_those_who_may_see_it(database: str) -> None:
    one = note()
    with db.reading() as session:
        for who in (KIM, Actor("staff", KIM.id, "A", people.ROLES["agent"])):
            with pytest.raises(Forbidden):
                oversight.trail(session, Wanted(), who)
            with pytest.raises(Forbidden):
                oversight.opened(session, one, who)
    with pytest.raises(Forbidden):
        oversight.as_csv(Wanted(), KIM, NOW)


def test_a_file_of_it_leaves_out_what_is_said_of_customers_and_is_on_the_trail_itself(loaded: str) -> None:
    with db.reading() as session:
        someone = profiles.search(session, limit=1).items[0].id
    note(41, action="=cmd", customer_id=someone)
    note(42, action="mine")
    rows = list(csv.DictReader(io.StringIO(oversight.as_csv(Wanted(), BOSS, NOW))))
    by_action = {row["action"]: row for row in rows}
    assert by_action["mine"]["payload"] == '{"n": 42}'
    assert by_action["'=cmd"]["payload"] == "", "no spreadsheet runs it, and of the customer it says nothing"
    with db.reading() as session:
        last = record.entries(session, Wanted(action="audit.exported"))[0][0]
    assert (last.actor_id, last.payload) == (BOSS.id, {"entries": len(rows)})


# --- before and after -------------------------------------------------------------------------------------------------


def agent() -> Actor:
    with db.reading() as session:
        found_ = people.find_staff(session, "agent1")
        assert found_ is not None
        actor = people.staff_actor(session, found_[0])
    assert actor is not None
    return actor


def test_an_entry_opens_to_before_and_after(loaded: str) -> None:
    me, now = agent(), clock.now()
    with db.transaction() as session:
        customer = profiles.search(session, limit=1).items[0].id
        purpose = catalogues.pack_in_force(session).purposes[0]
        overview.set_moment(session, customer, "support", None, "phone", me, now)
        for state in ("granted", "denied"):
            interactions.change_consent(
                session, customer, purpose.key, interactions.asked_in(purpose, catalogues.pack_in_force(session))[0], state,
                source="phone", said_in="phone", actor=me, now=now, pack=catalogues.pack_in_force(session),
            )  # fmt: skip
    with db.reading() as session:
        last = record.entries(session, Wanted(action="consent.changed"))[0][0]
        one = oversight.opened(session, last.entry_id, BOSS)
        moment = record.entries(session, Wanted(action="moment.set"))[0][0]
    assert [(line.name, line.before, line.after, line.same) for line in one.differences] == [
        ("state", "granted", "withdrawn", False)
    ]
    assert (one.line.who, one.last is not None) == ("Avery Quinn", True)
    assert moment.payload is not None
    assert moment.payload["after"]["stage"] == "support"
    assert moment.actor_id == me.id


def test_what_a_line_of_the_timeline_says_is_on_the_trail_once(loaded: str) -> None:
    me, now = agent(), clock.now()
    with db.reading() as session:
        customer = profiles.search(session, limit=1).items[0].id
    with db.transaction() as session:
        told = {"how": "Birthday", "on": now.date()}
        interactions.record(session, customer, "caller.verified", "phone", me, told, now)
        interactions.record(session, customer, "tracked", "portal", SYSTEM, {"name": "x"}, now)
    with db.reading() as session:
        entries, _ = record.entries(session, Wanted(customers=(customer,)))
    mine = [entry for entry in entries if entry.action in ("caller.verified", "tracked")]
    assert [(entry.action, entry.actor_id) for entry in mine] == [("caller.verified", me.id)]
    assert mine[0].payload is not None
    assert mine[0].payload["what"] == {"how": "Birthday", "on": now.date().isoformat()}, (
        "a day as the timeline keeps it"
    )


def test_a_refused_act_leaves_no_entry(loaded: str) -> None:
    def refused() -> None:
        with db.transaction() as session:
            record.audit(session, actor=KIM, action="gone", subject="s", customer_id=None, payload={}, now=NOW)
            raise Invalid("No.")

    with pytest.raises(Invalid):
        refused()
    assert found(action="gone") == []
