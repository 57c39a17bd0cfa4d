"""Free times as a form offers them: grouped by day, in the words of the zone in which the customer lives."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache
from typing import Protocol

from markupsafe import Markup

from shared.kernel import dates, languages
from shared.kernel.languages import gettext as _
from shared.ui.formats import as_clock, zone_spoken


class FreeTime(Protocol):
    """What has a beginning, an end, and places that are free."""

    @property
    def at(self) -> datetime: ...
    @property
    def until(self) -> datetime: ...
    @property
    def free(self) -> int: ...


Days = tuple[tuple[date, tuple[FreeTime, ...]], ...]
_OPTION = Markup('<option value="{}"{}>{}</option>')
_GROUP = Markup('<optgroup label="{}">{}</optgroup>')


def slot_options(days: Days, chosen: str | None = "", places: bool = False) -> Markup:
    """The options of a select, a group for each day. `chosen` is the beginning that was chosen; `places` tells how many are free."""
    known = any(one.at.isoformat() == chosen for _, some in days for one in some) if chosen else False
    return _drawn(days, zone_spoken(), languages.spoken(), chosen if known else "", places)


@lru_cache(maxsize=32)
def _drawn(days: Days, zone: str, language: str, chosen: str | None, places: bool) -> Markup:
    """Drawn once for all who are offered the same in one language: two weeks of half hours are two hundred lines."""
    groups = []
    for day, some in days:
        options = []
        for one in some:
            value, words = one.at.isoformat(), slot_text(day, one, zone)
            if places:
                words += f" {_('(%(count)s free)', count=one.free)}"
            options.append(_OPTION.format(value, Markup(" selected") if value == chosen else "", words))
        groups.append(_GROUP.format(day_of_slots(day), Markup("").join(options)))
    return Markup("").join(groups)


def day_of_slots(day: date) -> str:
    """ "Saturday, 5 December 2026"."""
    return f"{dates.weekday(day)}, {dates.long_day(day)}"


def slot_text(day: date, one: FreeTime, zone: str) -> str:
    """ "Sat 5 Dec, 14:00 to 14:30": with its date, which is all that one sees of a select that is closed."""
    return _(
        "%(day)s, %(from)s to %(until)s",
        **{"day": dates.day_of_week(day), "from": as_clock(one.at, zone), "until": as_clock(one.until, zone)},
    )


FILTERS = {
    "slot_options": slot_options,
    "day_of_slots": day_of_slots,
    "slot_text": lambda one, day: slot_text(day, one, zone_spoken()),
}
