"""Quiet hours: from when on something may reach a customer, by the clock of the place where they live. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

from backend.matrix.service import QuietHours
from shared.kernel.clock import zone_named


def deliverable_from(hours: QuietHours | None, timezone: str, now: datetime) -> datetime:
    """The first instant, now or later and in UTC, at which it is not quiet where they live; now where no hours are quiet.

    Where clocks skip the end of the quiet hours, that is the instant at which they have passed it; where an hour comes
    twice, it is quiet in both by what clocks show. Raises ValueError for a time zone that is none.
    """
    at = now.astimezone(UTC)
    if hours is None:
        return at
    begin, until = time.fromisoformat(hours.begin), time.fromisoformat(hours.until)
    # More than one night only where clocks skip the whole of the day that the hours leave.
    while _quiet(local := at.astimezone(zone_named(timezone)), begin, until):
        day = local.date() + timedelta(days=local.time() >= until)
        end = datetime.combine(day, until, tzinfo=local.tzinfo)
        first, second = (end.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
        at = first if first > at else second
    return at


def _quiet(local: datetime, begin: time, until: time) -> bool:
    clock = local.time()
    return begin <= clock < until if begin < until else clock >= begin or clock < until
