"""Retention: what is over its time goes, what is not stays, in small transactions and on the record."""

from __future__ import annotations

import os
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, text

from backend import db
from backend.interactions import service as interactions
from backend.oversight import retaining
from backend.oversight import service as oversight
from backend.oversight.tables import KeptRecordRow
from backend.people import service as people
from backend.profiles import service as profiles
from backend.record import service as record
from backend.treatments import service as treatments
from shared.kernel import clock, ids
from shared.kernel.actors import SYSTEM
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
    assert count("audit_entry", "action = 'retention.removed' AND customer_id IS NULL") == len(found)
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
