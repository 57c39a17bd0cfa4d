"""What tests of cases share: the pack's casework, people at work, and a case opened for María."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from uuid import UUID

from backend import db
from backend.cases import service as cases
from backend.cases.types import Case, Work
from backend.matrix.service import Pack, folder_of, load_pack
from backend.people import service as people
from shared.kernel import clock
from shared.kernel.actors import Actor
from tests.made_customers import MARIA, NOW

MONDAY = datetime.fromisoformat("2026-11-23T18:00:00+00:00")
"""Ten in the morning where the pack's people work; NOW, made customers' Sunday, is before it."""
HOUR = timedelta(hours=1)


@lru_cache
def pack() -> Pack:
    return load_pack(folder_of("telecom"))


def staff(name: str = "Kim") -> Actor:
    """A member of staff who works cases, made where there is none of the name."""
    with db.transaction() as session:
        found = people.find_staff(session, f"{name.lower()}@example.com")
        staff_id = found[0] if found else None
        if staff_id is None:
            staff_id = people.create_staff(session, f"{name.lower()}@example.com", name, "agent", "long enough 1", NOW)
        made = people.staff_actor(session, staff_id)
    assert made is not None
    return made


def opened(customer_id: UUID = MARIA, at: datetime = MONDAY, by: Actor | None = None, **more: str) -> Case:
    actor = by or staff()
    with db.transaction() as session:
        return cases.open_case(
            session,
            customer_id,
            "case",
            more.pop("subject", "The line"),
            actor=actor,
            now=at,
            pack=pack(),
            **more,
        )  # type: ignore[arg-type]


def standing(case: Case, customer_id: UUID = MARIA) -> Work:
    with db.reading() as session:
        return cases.work_of(session, customer_id, case.case_id)


def later(hours: float) -> datetime:
    return MONDAY + hours * HOUR


def today() -> datetime:
    return clock.now()
