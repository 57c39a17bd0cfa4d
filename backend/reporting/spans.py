"""Which days a report is about, and those before with which they are compared. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from shared.kernel import clock
from shared.kernel.errors import Invalid

DAY = timedelta(days=1)
CHOICES = {"today": "Today", "7": "7 days", "30": "30 days", "own": "Own dates"}
USUAL = "30"
LONGEST = 1100


@dataclass(frozen=True, slots=True)
class Span:
    """Whole local days of the organisation, both of them counted."""

    first: date
    last: date
    zone: str
    chosen: str = "own"

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def before(self) -> Span:
        """As many days just before."""
        return Span(self.first - self.days * DAY, self.first - DAY, self.zone)

    @property
    def begins(self) -> datetime:
        return clock.midnight_after(self.first - DAY, self.zone)

    @property
    def ends(self) -> datetime:
        """The first instant that is no longer in it."""
        return clock.midnight_after(self.last, self.zone)

    @property
    def each_day(self) -> tuple[date, ...]:
        return tuple(self.first + nth * DAY for nth in range(self.days))


def span_of(chosen: str, first: str, last: str, zone: str, now: datetime) -> Span:
    """The days that were chosen. Raises Invalid, naming the field, for days that are none or the wrong way round."""
    today = clock.local_day(now, zone)
    if chosen != "own":
        days = {"today": 1, "7": 7, "30": 30}.get(chosen or USUAL, 30)
        return Span(today - (days - 1) * DAY, today, zone, chosen if chosen in CHOICES else USUAL)
    errors: dict[str, str] = {}
    begins, ends = _day(first, "first", errors), _day(last, "last", errors)
    if begins and ends and ends < begins:
        errors["last"] = "The last day comes before the first."
    elif begins and ends and (ends - begins).days >= LONGEST:
        errors["last"] = f"Choose at most {LONGEST:,} days."
    if errors or begins is None or ends is None:
        raise Invalid("Choose the days of the report.", errors)
    return Span(begins, ends, zone)


def _day(text: str, name: str, errors: dict[str, str]) -> date | None:
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        errors[name] = "Write the day as 2026-11-30."
        return None
    if not date(1970, 1, 1) <= day <= date(9000, 1, 1):
        errors[name] = "Choose another day."
        return None
    return day
