"""What stands behind a number: the very contacts, visits, ratings and answers, the last first, a page at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select
from sqlmodel import Session

from backend.profiles import service as profiles
from backend.profiles.service import Page
from backend.reporting.facts import ContactFact, OfferFact
from backend.reporting.floor import Measure
from backend.reporting.reading import Only
from backend.reporting.spans import Span
from backend.reporting.stored import CONTACTS, OFFERS, Sheet
from backend.reporting.who import Names
from shared.kernel import clock
from shared.kernel.errors import Invalid

A_PAGE = 50
MOST_IN_FILE = 10_000


@dataclass(frozen=True, slots=True)
class Behind:
    """One thing behind a number, whose it is, and what it counts for."""

    customer_id: UUID
    name: str
    number: str
    fact: Any


def contacts_behind(
    session: Session,
    measure: Measure,
    span: Span,
    only: Only,
    names: Names,
    cursor: str | None = None,
    most: int = A_PAGE,
) -> Page[Behind]:
    """The facts behind the measure that are still held one by one. Raises Invalid for a cursor that is none."""
    table = CONTACTS.facts
    conditions = [table.c.kind == measure.kind, *only.conditions(table, names)]
    if measure.behind is not None:
        column, value = measure.behind
        conditions.append(table.c[column] == value)
    return _page(session, CONTACTS, ContactFact, span, conditions, cursor, most)


def offers_behind(
    session: Session, act: str, span: Span, only: Only, names: Names, *, treatment: str = "", column: str = "", cursor: str | None = None,
    most: int = A_PAGE,
) -> Page[Behind]:  # fmt: skip
    """The same of acts upon offers; `column`: only those of which it is true: taken, undone, conceded."""
    table = OFFERS.facts
    conditions = [table.c.act == act, *only.conditions(table, names)]
    if treatment:
        conditions.append(table.c.treatment == treatment)
    if column.startswith("not_"):
        conditions.append(table.c[column.removeprefix("not_")] == 0)
    elif column:
        conditions.append(table.c[column] > 0)
    return _page(session, OFFERS, OfferFact, span, conditions, cursor, most)


def _page(
    session: Session, sheet: Sheet, made: Any, span: Span, conditions: Sequence[Any], cursor: str | None, most: int
) -> Page[Behind]:
    table = sheet.facts
    asked = select(table.c.customer_id, *(table.c[name] for name in sheet.columns)).where(
        table.c.at >= span.begins, table.c.at < span.ends, *conditions
    )
    if cursor:
        at, fact_id = _cursor(cursor)
        asked = asked.where(table.c.at <= at, or_(table.c.at < at, table.c.fact_id < fact_id))
    rows = session.execute(asked.order_by(table.c.at.desc(), table.c.fact_id.desc()).limit(most + 1)).all()
    named = (
        profiles.names_of(session, {row.customer_id for row in rows[:most]})
        if most <= A_PAGE
        else _named(session, rows)
    )
    items = tuple(
        Behind(customer_id, *named.get(customer_id, ("", "")), made(*rest)) for customer_id, *rest in rows[:most]
    )
    last = items[-1].fact if len(rows) > most else None
    return Page(items, f"{last.at.isoformat()}_{last.fact_id}" if last else None)


def _named(session: Session, rows: Sequence[Any]) -> dict[UUID, tuple[str, str]]:
    """Names of many, some at a time."""
    everyone = sorted({row.customer_id for row in rows})
    found: dict[UUID, tuple[str, str]] = {}
    for start in range(0, len(everyone), 500):
        found |= profiles.names_of(session, everyone[start : start + 500])
    return found


def _cursor(text: str) -> tuple[datetime, UUID]:
    at, _, fact_id = text.partition("_")
    try:
        return clock.utc(datetime.fromisoformat(at)), UUID(fact_id)
    except (ValueError, OverflowError):
        raise Invalid("That is not a cursor of this list.", {"cursor": "take it from the page before"}) from None
