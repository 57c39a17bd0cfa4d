"""Free times as a form offers them: grouped by day, in the words of the zone in which the customer lives."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache
from typing import Protocol

from markupsafe import Markup

from shared.ui.formats import as_clock, as_day, zone_spoken


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
    return _drawn(days, zone_spoken(), chosen if known else "", places)


@lru_cache(maxsize=32)
def _drawn(days: Days, zone: str, chosen: str | None, places: bool) -> Markup:
    """Drawn once for all who are offered the same: two weeks of half hours are two hundred lines."""
    groups = []
    for day, some in days:
        options = []
        for one in some:
            value, words = one.at.isoformat(), f"{day:%a} {as_clock(one.at, zone)} to {as_clock(one.until, zone)}"
            words += f" ({one.free} free)" if places else ""
            options.append(_OPTION.format(value, Markup(" selected") if value == chosen else "", words))
        groups.append(_GROUP.format(f"{day:%A}, {as_day(day, zone, '%B')}", Markup("").join(options)))
    return Markup("").join(groups)


FILTERS = {"slot_options": slot_options}
