"""Facts and counts as they are kept: read for some customers, and changed together, so that the counts stay the facts' sums."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Table, TextClause, bindparam, delete, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session

from backend import db, jsons
from backend.reporting.facts import ContactFact, Fact, OfferFact, add
from backend.reporting.tables import (
    ReportContactDayRow,
    ReportContactRow,
    ReportOfferDayRow,
    ReportOfferRow,
)

Sums = dict[tuple[Any, ...], list[int]]


@dataclass(frozen=True)
class Sheet:
    """A kind of fact: its table, the table of its counts, and the names of its keys and sums."""

    made: type[Any]
    facts: Table
    counts: Table
    own_key: tuple[str, ...]
    keys: tuple[str, ...]
    sums: tuple[str, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(field.name for field in fields(self.made))


CONTACTS = Sheet(
    ContactFact, db.table_of(ReportContactRow), db.table_of(ReportContactDayRow), ("fact_id",), ("day", "kind", "channel", "staff"),
    ("n", "handled", "handle_seconds", "wrapped", "after_seconds", "transferred", "asked", "repeated", "followed", "contained", "score", "content"),
)  # fmt: skip
OFFERS = Sheet(
    OfferFact, db.table_of(ReportOfferRow), db.table_of(ReportOfferDayRow), ("fact_id", "act"),
    ("day", "split", "act", "treatment", "value", "channel", "staff"),
    ("n", "taken", "undone", "fulfilled", "conceded", "value_minor", "cost_minor"),
)  # fmt: skip
SHEETS = (CONTACTS, OFFERS)


@dataclass(slots=True)
class Changes:
    """What is to become of the facts of some customers: each with its customer first."""

    taken: list[tuple[UUID, Any]]
    given: list[tuple[UUID, Any]]


def facts_of(session: Session, sheet: Sheet, customer_ids: Collection[UUID]) -> dict[UUID, list[Any]]:
    """The facts that are kept of these customers."""
    found: dict[UUID, list[Any]] = {}
    asked = select(sheet.facts.c.customer_id, *(sheet.facts.c[name] for name in sheet.columns))
    for customer_id, *rest in session.execute(asked.where(sheet.facts.c.customer_id.in_(sorted(customer_ids)))):
        found.setdefault(customer_id, []).append(sheet.made(*rest))
    return found


class Kept(NamedTuple):
    """What a customer took up and kept: of which treatment, when, and what the decision expected of it."""

    treatment: str
    at: datetime
    value_minor: int


def kept_offers(
    session: Session, customer_ids: Collection[UUID], treatments: Collection[str] = ()
) -> dict[UUID, list[Kept]]:
    """What these customers took up and kept, of these treatments alone where some are named."""
    facts = OFFERS.facts.c
    wanted = (facts.customer_id.in_(sorted(customer_ids)), facts.act == "accepted", facts.undone == 0)
    asked = select(facts.customer_id, facts.treatment, facts.at, facts.value_minor).where(*wanted)
    if treatments:
        asked = asked.where(facts.treatment.in_(sorted(treatments)))
    found: dict[UUID, list[Kept]] = {}
    for row in session.execute(asked):
        found.setdefault(row.customer_id, []).append(Kept(row.treatment, row.at, row.value_minor))
    return found


def contact_facts(session: Session, customer_ids: Collection[UUID]) -> dict[UUID, list[ContactFact]]:
    """These customers' contacts, visits and ratings, each as it counts."""
    return facts_of(session, CONTACTS, customer_ids)


def change(session: Session, sheet: Sheet, changes: Changes, *, also_counts: bool = True) -> None:
    """Takes these facts away and gives those, and has the counts follow. To be called by who holds the state alone."""
    delta: Sums = {}
    for _, fact in changes.taken:
        add(delta, fact, -1)
    for _, fact in changes.given:
        add(delta, fact, 1)
    _take(session, sheet, changes.taken)
    rows = [
        {"customer_id": customer_id, **{name: getattr(fact, name) for name in sheet.columns}}
        for customer_id, fact in changes.given
    ]
    db.insert_many(session, sheet.facts, rows)
    if also_counts:
        add_counts(session, sheet, delta, gone=False)


def let_go(session: Session, sheet: Sheet, facts: Sequence[tuple[UUID, Fact]]) -> None:
    """Takes these facts away for good: their counts stay, among those of what is gone."""
    stay: Sums = {}
    leave: Sums = {}
    for _, fact in facts:
        add(stay, fact, 1)
        add(leave, fact, -1)
    _take(session, sheet, facts)
    add_counts(session, sheet, leave, gone=False)
    add_counts(session, sheet, stay, gone=True)


def add_counts(session: Session, sheet: Sheet, delta: Sums, *, gone: bool) -> None:
    """Adds to the counts, in one order whoever does it; what comes to nothing is taken away."""
    rows = [
        dict(zip(sheet.keys, key, strict=True)) | {"gone": gone} | dict(zip(sheet.sums, sums, strict=True))
        for key, sums in sorted(delta.items())
        if any(sums)
    ]
    if not rows:
        return
    table = sheet.counts
    insert: Any = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    new = insert(table).values({name: bindparam(name) for name in rows[0]})
    more = {name: table.c[name] + new.excluded[name] for name in sheet.sums}
    told = db.connection(session)
    if session.get_bind().dialect.name == "postgresql":
        # One round trip however many they are, one parameter however many columns.
        told.execute(_add_all(sheet), {"rows": jsons.write(rows, str)})
    else:
        told.execute(new.on_conflict_do_update(index_elements=[*sheet.keys, "gone"], set_=more), rows)
    less = [{f"this_{name}": row[name] for name in (*sheet.keys, "gone")} for row in rows if row["n"] < 0]
    if less:
        these = (table.c[name] == bindparam(f"this_{name}") for name in (*sheet.keys, "gone"))
        told.execute(delete(table).where(*these, table.c.n == 0), less)


@cache
def _add_all(sheet: Sheet) -> TextClause:
    """Adds all rows of a JSON array to the counts; for PostgreSQL. The names are those of our own tables."""
    names, table = [*sheet.keys, "gone", *sheet.sums], sheet.counts.name
    types = ", ".join(f"{name} {sheet.counts.c[name].type.compile()}" for name in names)
    more = ", ".join(f"{name} = {table}.{name} + excluded.{name}" for name in sheet.sums)
    listed, keys = ", ".join(names), ", ".join([*sheet.keys, "gone"])
    return text(
        f"INSERT INTO {table} ({listed}) SELECT {listed} FROM json_to_recordset(CAST(:rows AS json)) AS told ({types})"  # noqa: S608 (our own names)
        f" ON CONFLICT ({keys}) DO UPDATE SET {more}"
    )


def _take(session: Session, sheet: Sheet, facts: Iterable[tuple[UUID, Any]]) -> None:
    names = ("customer_id", *sheet.own_key)
    keys: list[Mapping[str, Any]] = [
        {f"this_{name}": value for name, value in zip(names, (customer_id, *fact.own_key), strict=True)}
        for customer_id, fact in facts
    ]
    if keys:
        these = delete(sheet.facts).where(*(sheet.facts.c[name] == bindparam(f"this_{name}") for name in names))
        db.connection(session).execute(these, keys)
