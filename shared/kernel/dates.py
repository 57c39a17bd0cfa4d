"""Days and times of day as people write them in the language that is spoken just now: "5 December 2026", "5 de diciembre de 2026"."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache

from babel import dates

from shared.kernel.languages import ENGLISH, base, gettext, locale_of, spoken


def long_day(day: date) -> str:
    """ "5 December 2026"."""
    return f"{day.day} {day:%B} {day.year}" if base(spoken()) == ENGLISH else _written(day, spoken(), "long", "")


def short_day(day: date) -> str:
    """ "5 Dec 2026"."""
    return f"{day.day} {day:%b} {day.year}" if base(spoken()) == ENGLISH else _written(day, spoken(), "", "yMMMd")


def day_of_year(day: date) -> str:
    """ "5 Dec", where the year goes without saying."""
    return f"{day.day} {day:%b}" if base(spoken()) == ENGLISH else _written(day, spoken(), "", "MMMd")


def month(day: date) -> str:
    """ "December 2026"."""
    return f"{day:%B} {day.year}" if base(spoken()) == ENGLISH else _written(day, spoken(), "", "yMMMM")


def weekday(day: date) -> str:
    """ "Saturday"."""
    return f"{day:%A}" if base(spoken()) == ENGLISH else _written(day, spoken(), "EEEE", "")


def short_weekday(day: date) -> str:
    """ "Sat"."""
    return f"{day:%a}" if base(spoken()) == ENGLISH else _written(day, spoken(), "EEE", "")


def day_of_week(day: date) -> str:
    """ "Sat 5 Dec", where the year goes without saying."""
    return f"{day:%a} {day.day} {day:%b}" if base(spoken()) == ENGLISH else _written(day, spoken(), "", "MMMEd")


def span(local: datetime, end: datetime) -> str:
    """ "Monday 23 November, 18:00 to 18:30", of instants that are local already."""
    day = local.date()
    english = base(spoken()) == ENGLISH
    named = f"{local:%A} {local.day} {local:%B}" if english else _written(day, spoken(), "", "MMMMEEEEd")
    return gettext(
        "%(day)s, %(from)s to %(until)s", **{"day": named, "from": time_of_day(local), "until": time_of_day(end)}
    )


def time_of_day(local: datetime) -> str:
    """ "14:05", of an instant that is local already."""
    return f"{local:%H:%M}"


@lru_cache(maxsize=4096)
def _written(day: date, tag: str, form: str, skeleton: str) -> str:
    locale = locale_of(tag)
    if skeleton:
        return str(dates.format_skeleton(skeleton, day, locale=locale))
    return str(dates.format_date(day, form, locale=locale))
