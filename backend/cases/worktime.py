"""Hours of work: when so many of them have passed, and how many lie between two instants. Pure.

Hours are measured as they pass, not as clocks show them: a night shift in which clocks go forward is an hour shorter.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from backend.matrix.service import Casework, Shift
from shared.kernel import clock

FARTHEST = timedelta(days=3 * 366)
"""So far ahead hours are looked for; a pack with fewer promises what nobody can wait for."""
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class WorkTime:
    """When somebody works: shifts by weekday (1 is Monday), local begin and end, in a zone; and days when nobody does.

    A shift that ends when it begins, or before, passes midnight: it belongs to the day on which it begins, holiday or not.
    No shifts at all: day and night, every day.
    """

    zone: ZoneInfo
    shifts: Mapping[int, Sequence[tuple[time, time]]] = field(default_factory=dict)
    holidays: frozenset[date] = frozenset()

    @classmethod
    def of(cls, casework: Casework, timezone: str, hours: Sequence[Shift] = ()) -> WorkTime:
        """As the pack says, in these hours where any are named; `timezone` is the pack's own, for hours that name none."""
        shifts: dict[int, list[tuple[time, time]]] = {}
        for one in hours or casework.hours:
            for weekday in one.days:
                shifts.setdefault(weekday, []).append((time.fromisoformat(one.begin), time.fromisoformat(one.until)))
        zone = clock.zone_named(casework.timezone or timezone)
        return cls(zone, shifts, frozenset(one.day for one in casework.holiday))

    def after(self, start: datetime, worked: timedelta) -> datetime | None:
        """The instant at which so much work time has passed since the start; None where that is years away, or never."""
        if worked <= timedelta(0):
            return start
        if not self.shifts:
            return start + worked
        left = worked
        for begin, end in self._spans(start, start + FARTHEST):
            if end - begin >= left:
                return begin + left
            left -= end - begin
        return None

    def between(self, start: datetime, end: datetime) -> timedelta:
        """How much work time lies between the two; none where the end comes first."""
        if end <= start:
            return timedelta(0)
        if not self.shifts:
            return end - start
        return sum((until - begin for begin, until in self._spans(start, end)), timedelta(0))

    def open_at(self, instant: datetime) -> bool:
        """Whether somebody works at this instant."""
        return not self.shifts or any(True for _ in self._spans(instant, instant + timedelta(microseconds=1)))

    def opens(self, instant: datetime) -> datetime:
        """The instant itself where somebody works then, else when work begins next; itself, too, where it never does."""
        if not self.shifts:
            return instant
        return next((begin for begin, _ in self._spans(instant, instant + FARTHEST)), instant)

    def shifts_between(self, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
        """The shifts, whole, that touch the time between two instants, in order; those that overlap are one."""
        if not self.shifts:
            yield start.replace(minute=0, second=0, microsecond=0), end
            return
        going: tuple[datetime, datetime] | None = None
        day, last = start.astimezone(self.zone).date() - _DAY, end.astimezone(self.zone).date()
        while day <= last:
            for begin, until in self._of_day(day):
                if going is not None and begin <= going[1]:
                    going = (going[0], max(going[1], until))
                    continue
                if going is not None and going[1] > start and going[0] < end:
                    yield going
                going = (begin, until)
            day += _DAY
        if going is not None and going[1] > start and going[0] < end:
            yield going

    def _spans(self, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
        """The stretches of work between two instants, in order, none overlapping another."""
        reached = start
        # A shift of the day before may go on past midnight.
        day = start.astimezone(self.zone).date() - _DAY
        last = end.astimezone(self.zone).date()
        while day <= last:
            for begin, until in self._of_day(day):
                begin, until = max(begin, reached), min(until, end)
                if begin < until:
                    yield begin, until
                    reached = until
            day += _DAY

    def _of_day(self, day: date) -> list[tuple[datetime, datetime]]:
        if day in self.holidays:
            return []
        found = []
        for begin, until in self.shifts.get(day.isoweekday(), ()):
            ends_on = day if until > begin else day + _DAY
            found.append((self._instant(day, begin), self._instant(ends_on, until)))
        return sorted(found)

    def _instant(self, day: date, at: time) -> datetime:
        return datetime.combine(day, at, tzinfo=self.zone).astimezone(UTC)
