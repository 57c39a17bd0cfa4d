"""Retention: what is over its time goes, what is not stays, in small transactions and on the record."""

from __future__ import annotations

import json
import os
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert, text

from backend import db
from backend.interactions import service as interactions
from backend.oversight import erasing, retaining
from backend.oversight import service as oversight
from backend.oversight.tables import KeptRecordRow
from backend.people import service as people
from backend.profiles import service as profiles
from backend.record import service as record
from backend.treatments import service as treatments
from shared.kernel import clock, ids
from shared.kernel.actors import SYSTEM
from shared.kernel.errors import Erased, Unavailable
from tests.explaining import listened, looked_through
from tests.service.test_commands import last_line, run


def ago(days: float) -> datetime:
    return clock.now() - timedelta(days=days)


def count(table: str, where: str = "1 = 1") -> int:
    with db.reading() as session:
        return int(session.connection().execute(text(f"SELECT count(*) FROM {table} WHERE {where}")).scalar_one())


@pytest.fixture
def aged(loaded: str, tmp_path: Path) -> Path:
    """A home in which one of each kind is over its time, and one is not."""
    with db.reading() as session:
        one, other = [match.id for match in profiles.search(session, limit=2).items]
        found = people.find_staff(session, "agent1")
        assert found is not None
        agent = people.staff_actor(session, found[0])
    assert agent is not None
    treatments.decide(one, clock.now())
    for days in (4000, 1100, 20):
        with db.transaction() as session:
            interactions.record(session, one, "visit", "portal", SYSTEM, {"summary": f"{days}"}, ago(days))
            interactions.record(session, one, "bill.issued", None, SYSTEM, {"summary": f"{days}"}, ago(days))
        oversight.note_look(agent, one, "customer", ago(days))
    with db.transaction() as session:
        open_still = interactions.begin(session, other, "phone", agent, ago(2000))
        run_ = session.connection().execute
        run_(text("UPDATE decision SET stands_until = :old"), {"old": ago(500)})
        for until in (date(2020, 1, 1), date(2090, 1, 1)):
            row = {
                "record_id": ids.uuid7(), "of": "bill", "ground": "law", "until": until, "name": "N", "number": "C0", "body": {},
                "kept_at": clock.now(),
            }  # fmt: skip
            session.execute(insert(db.table_of(KeptRecordRow)), row)
    assert open_still.wrapped_at is None
    treatments.decide(other, clock.now())
    for folder, days in (("exports", 31), ("exports", 29), ("rejected", 91), ("rejected", 89)):
        file = tmp_path / folder / f"{days}.csv"
        file.parent.mkdir(exist_ok=True)
        file.write_text("x")
        old = ago(days).timestamp()
        os.utime(file, (old, old))
    return tmp_path


def due(home: Path) -> dict[tuple[str, ...], int]:
    return {(one.of, *one.kinds[:1]): one.many for one in oversight.due(clock.now(), home)}


def test_what_is_over_its_time_goes_and_all_else_stays(aged: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retaining, "BATCH", 1)
    monkeypatch.setattr(retaining, "PEOPLE", 7)
    foretold = due(aged)
    before = {
        name: count(name)
        for name in ("event", "interaction", "look", "decision", "snapshot", "customer", "bill", "offer")
    }
    removed = oversight.retain(clock.now(), aged)
    assert removed == sum(foretold.values())
    assert foretold[("look",)] == 2
    assert foretold[("kept_record",)] == foretold[("export",)] == foretold[("rejected",)] == 1
    assert foretold[("decision",)] == 1
    # Of the visits the two older ones, by a rule of their own; of the bills only the oldest, by the rule for all others.
    assert foretold[("event", "visit")] >= 2
    assert foretold[("event",)] == 1
    assert before["event"] - count("event") == foretold[("event", "visit")] + foretold[("event",)]
    assert before["look"] - count("look") == 2
    assert (before["decision"] - count("decision"), before["snapshot"] - count("snapshot")) == (1, 1)
    assert count("interaction", "wrapped_at IS NULL AND staff_id IS NOT NULL") == 1, "what goes on is never old"
    assert {name: count(name) for name in ("customer", "bill", "offer")} == {
        n: before[n] for n in ("customer", "bill", "offer")
    }
    assert sorted(path.name for path in aged.rglob("*.csv")) == ["29.csv", "89.csv"]
    assert set(due(aged).values()) == {0}
    assert oversight.retain(clock.now(), aged) == 0


def test_what_went_is_on_the_record_and_names_nobody(aged: Path) -> None:
    oversight.retain(clock.now(), aged)
    with db.reading() as session:
        found = oversight.runs(session)
    assert {one.of for one in found} >= {"event", "look", "decision", "export", "rejected", "kept_record"}
    with db.reading() as session:
        told = session.connection().execute(
            text("SELECT subject, payload FROM audit_entry WHERE action = 'retention.removed' AND customer_id IS NULL")
        )
        removed = [
            (subject, json.loads(body)["removed"] if isinstance(body, str) else body["removed"])
            for subject, body in told
        ]
    assert sorted(removed) == sorted((f"retention:{one.of}", one.removed) for one in found)
    record.seal(clock.now())
    assert record.verify()["ok"]


def test_a_dry_run_says_it_all_and_removes_nothing(aged: Path) -> None:
    url = db.url_of()
    told: Any = last_line(run(url, aged, "retention", "--dry-run", "--json"))
    assert {(one["of"], *one["kinds"][:1]): one["many"] for one in told["due"]} == due(aged)
    assert told["removed"] == 0
    assert any(due(aged).values())
    assert last_line(run(url, aged, "retention", "--json"))["removed"] > 0
    assert set(due(aged).values()) == {0}


# --- anonymous visitors --------------------------------------------------------------------------------------------


def visitor(days: float, device: str) -> UUID:
    """Somebody whose device was seen for the first time so long ago, and never since."""
    with db.transaction() as session:
        one = profiles.enter_prospect(session, "", {"cookie": device}, "Europe/Berlin", "en", ago(days), anonymous=True)
        interactions.record(session, one, "visit", "portal", SYSTEM, {"summary": device}, ago(days))
    return one


def is_there(customer_id: UUID) -> bool:
    return count("customer", f"replace(CAST(customer_id AS text), '-', '') = '{customer_id.hex}'") == 1


def test_an_anonymous_visitor_is_erased_when_nothing_was_heard_of_their_device(loaded: str, tmp_path: Path) -> None:
    silent, come_back, lately, known = (visitor(days, f"device-{days}") for days in (100, 120, 80, 200))
    with db.transaction() as session:
        interactions.record(session, come_back, "visit", "portal", SYSTEM, {"summary": "plans"}, ago(1))
        session.connection().execute(text("UPDATE customer SET is_anonymous = :no, name = 'Rosa' WHERE name = :a AND number = (SELECT number FROM customer WHERE customer_id = :id)"),
            {"no": False, "a": profiles.ANONYMOUS, "id": known if "postgres" in db.dialect() else known.hex})  # fmt: skip
    listed = count("customer", f"name <> '{profiles.ANONYMOUS}'")
    file = tmp_path / "rejected" / "visits.csv"
    file.parent.mkdir()
    file.write_text("line,device,who\n2,device-100,Anonymous visitor\n3,device-80,Anonymous visitor\n")
    assert due(tmp_path)[("visitor",)] == 1
    oversight.retain(clock.now(), tmp_path)
    assert [is_there(one) for one in (silent, come_back, lately, known)] == [False, True, True, True]
    assert count("customer", f"name <> '{profiles.ANONYMOUS}'") == listed
    assert count("event", f"replace(CAST(customer_id AS text), '-', '') = '{silent.hex}'") == 0
    with db.reading() as session, pytest.raises(Erased):
        profiles.profile(session, silent)
    assert file.read_text().splitlines() == ["line,device,who", "3,device-80,Anonymous visitor"], (
        "others are called so too"
    )
    assert due(tmp_path)[("visitor",)] == 0
    with db.reading() as session:
        assert [(one.of, one.removed) for one in oversight.runs(session)] == [("visitor", 1)]


def test_a_visitor_who_was_heard_of_just_now_is_not_erased(loaded: str) -> None:
    one = visitor(100, "device-back")
    before = ago(90)
    with db.transaction() as session:
        assert erasing.silent_visitors(session, [one], before) == (one,)
        interactions.record(session, one, "visit", "portal", SYSTEM, {"summary": "plans"}, clock.now())
    with db.transaction() as session:
        assert erasing.erase_visitor(session, one, before, SYSTEM, clock.now()) is None
    assert is_there(one)
    with db.transaction() as session:
        assert erasing.erase_visitor(session, ids.uuid7(ago(100)), before, SYSTEM, clock.now()) is None, "nobody"


# --- without looking through everything ----------------------------------------------------------------------------


def test_the_worker_takes_one_small_step_at_a_time(aged: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retaining, "BATCH", 1)
    foretold = sum(due(aged).values())
    rounds, now, removed = oversight.Rounds(aged), clock.now(), []
    while not removed or rounds.going:
        removed.append(rounds.step(now))
    assert sum(removed) == foretold
    assert max(removed) == 1
    assert rounds.step(now + retaining.EVERY / 2) == 0
    assert not rounds.going, "the next round has its time"
    rounds.step(now + retaining.EVERY)
    assert rounds.going


def test_a_round_that_failed_begins_anew_later(aged: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rounds, now = oversight.Rounds(aged), clock.now()

    def broken(*_: Any) -> int:
        raise Unavailable("The database is gone.")

    with monkeypatch.context() as patched:
        patched.setattr(retaining, "_remove_files", broken)
        with pytest.raises(Unavailable):
            list(iter(lambda: rounds.step(now), None))
    assert not rounds.going
    assert rounds.step(now + retaining.AGAIN / 2) == 0
    assert not rounds.going
    rounds.step(now + retaining.AGAIN)
    assert rounds.going


def test_a_page_counts_for_a_moment_and_says_that_there_is_more(aged: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retaining, "PEOPLE", 2)
    found = {(one.of, *one.kinds[:1]): one for one in oversight.due(clock.now(), aged, patience=0.0)}
    assert found[("event",)].more
    assert not found[("look",)].more
    assert not any(one.more for one in oversight.due(clock.now(), aged))


def test_nothing_of_customers_is_looked_through_whole(aged: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each statement of a round, explained by the database: no table of theirs is scanned, however much is in it."""
    visitor(100, "device-silent")
    monkeypatch.setattr(retaining, "PEOPLE", 3)
    monkeypatch.setattr(retaining, "BATCH", 3)
    with listened() as asked:
        foretold = due(aged)
        assert oversight.retain(clock.now(), aged) == sum(foretold.values())
    assert foretold[("visitor",)] == 1
    said = " ".join(" ".join(statement.split()) for statement, _ in asked)
    assert all(f"FROM {name} " in said for name in ("customer", "event", "decision", "interaction"))
    assert all(f"DELETE FROM {name} " in said for name in ("event", "decision", "customer"))
    assert looked_through(asked) == set()
