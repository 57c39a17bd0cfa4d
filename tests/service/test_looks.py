"""Looks at experiments and holdouts: the newest of each rule is kept, and nothing that nobody reads."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select

from backend import db
from backend.trials import service as trials
from backend.trials.tables import LookRow
from tests.small_company import DAY, NOW, open_company

_LOOK = db.table_of(LookRow)
ONE, OTHER = "experiment:one", "experiment:other"


@pytest.fixture(autouse=True)
def company(database: str) -> str:
    open_company()
    return database


def looked(*looks: tuple[str, Any]) -> None:
    with db.transaction() as session:
        session.execute(insert(_LOOK), [{"rule": rule, "at": at, "found": {"at": str(at)}} for rule, at in looks])


def kept() -> dict[str, Any]:
    with db.reading() as session:
        return {row.rule: row.at for row in session.execute(select(_LOOK).order_by(_LOOK.c.at))}


def test_only_the_newest_look_of_each_rule_is_kept_and_none_of_a_holdout_that_is_no_more() -> None:
    last = NOW + timedelta(hours=2)
    looked((ONE, NOW), (ONE, NOW + timedelta(hours=1)), (ONE, last), (OTHER, NOW), ("holdout:gone", NOW))
    assert trials.forget_looks(NOW) == 0
    assert trials.forget_looks(NOW + 2 * DAY) == 3
    assert trials.forget_looks(NOW + 2 * DAY) == 0
    assert kept() == {ONE: last, OTHER: NOW}
    with db.reading() as session:
        assert trials.last_look(session, ONE) == (last, {"at": str(last)})
        assert trials.last_look(session, "experiment:none") is None


def test_many_looks_are_forgotten_a_part_at_a_time() -> None:
    looked(*((ONE, NOW + timedelta(minutes=nth)) for nth in range(6)))
    assert trials.forget_looks(NOW + DAY, 4) == 4
    assert trials.forget_looks(NOW + DAY, 4) == 1
    assert kept() == {ONE: NOW + timedelta(minutes=5)}
