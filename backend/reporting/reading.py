"""The counts read: sums of a span by whatever is asked for, narrowed to a channel, a team or one agent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session

from backend import db
from backend.interactions import service as interactions
from backend.reporting.spans import Span
from backend.reporting.stored import CONTACTS, OFFERS, Sheet
from backend.reporting.tables import ReportStateRow
from backend.reporting.who import Names

_STATE = db.table_of(ReportStateRow)


@dataclass(frozen=True, slots=True)
class Only:
    """To what a report is narrowed; None: to nothing. `staff` is "" for what customers did by themselves, `team` "" for staff of none."""

    channel: str | None = None
    team: str | None = None
    staff: str | None = None

    def conditions(self, table: Any, names: Names) -> list[Any]:
        found = []
        if self.channel is not None:
            found.append(table.c.channel == self.channel)
        if self.staff is not None:
            found.append(table.c.staff.in_(names.keys_of(self.staff)))
        if self.team:
            found.append(table.c.staff.in_(names.members(self.team)))
        elif self.team is not None:
            found += [table.c.staff != "", table.c.staff.not_in(names.in_teams())]
        return found


@dataclass(frozen=True, slots=True)
class Freshness:
    """How far counting has come: since when somebody waits to be counted, if anybody does, and whether all are counted anew."""

    counted_at: datetime | None
    waiting: int
    since: datetime | None
    is_counting_anew: bool


def freshness(session: Session) -> Freshness:
    state = session.execute(select(_STATE)).one_or_none()
    many, since = interactions.counts_waiting(session)
    return Freshness(state.counted_at if state else None, many, since, state is None or state.is_counting_anew)


def contact_sums(
    session: Session, span: Span, by: Sequence[str], only: Only, names: Names, *conditions: Any
) -> dict[tuple[Any, ...], dict[str, int]]:
    """The sums of contacts, visits and ratings of the span, by these columns."""
    table = CONTACTS.counts
    return _sums(session, CONTACTS, span.first, span.last, by, [*only.conditions(table, names), *conditions])


def offer_sums(
    session: Session, span: Span, by: Sequence[str], only: Only, names: Names, split: str = "", acts: Sequence[str] = ()
) -> dict[tuple[Any, ...], dict[str, int]]:
    """The sums of acts upon offers of the span, by these columns.

    `split`: those of one way to split, which knows neither channel nor staff. Without it the fewest sums that know all that is
    asked for are read.
    """
    table = OFFERS.counts
    narrowed = only.conditions(table, names) if not split else []
    if not split:
        about_staff = "staff" in by or only.staff is not None or only.team is not None
        split = "treatment" if not about_staff else "staff" if "treatment" not in by else ""
    acting = [table.c.act.in_(acts)] if acts else []
    return _sums(session, OFFERS, span.first, span.last, by, [table.c.split == split, *acting, *narrowed])


def merged(
    found: Mapping[tuple[Any, ...], Mapping[str, int]], place: int, key: Any
) -> dict[tuple[Any, ...], dict[str, int]]:
    """The sums with one part of their key renamed; what becomes the same is added up."""
    result: dict[tuple[Any, ...], dict[str, int]] = {}
    for parts, sums in found.items():
        for new in key(parts[place]):
            into = result.setdefault((*parts[:place], new, *parts[place + 1 :]), dict.fromkeys(sums, 0))
            for name, many in sums.items():
                into[name] += many
    return result


def _sums(
    session: Session, sheet: Sheet, first: date, last: date, by: Sequence[str], conditions: Sequence[Any]
) -> dict[tuple[Any, ...], dict[str, int]]:
    table = sheet.counts
    keys = [table.c[name] for name in by]
    asked = select(*keys, *(func.sum(table.c[name]) for name in sheet.sums)).where(
        table.c.day.between(first, last), *conditions
    )
    found = session.execute(asked.group_by(*keys) if keys else asked)
    return {
        tuple(row[: len(keys)]): dict(zip(sheet.sums, (int(one or 0) for one in row[len(keys) :]), strict=True))
        for row in found
    }
