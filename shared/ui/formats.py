"""How amounts, days and instants are written for people: one filter each, in the zone of the one who is spoken of."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import phonenumbers
from flask import g

from shared.kernel import clock, dates, languages, money
from shared.kernel.languages import gettext as _
from shared.kernel.money import Money
from shared.ui.pages import request_now

DEFAULT_ZONE = "UTC"


def as_money(amount: Money) -> str:
    """ "$1,200.00"."""
    return money.text(amount, languages.spoken())


def as_day(day: date | datetime | str, zone: str = DEFAULT_ZONE, *, long: bool = False) -> str:
    """ "3 Nov 2026"; `long`: "3 November 2026"."""
    if isinstance(day, str):
        day = date.fromisoformat(day)
    if isinstance(day, datetime):
        day = clock.local_day(day, zone)
    return dates.long_day(day) if long else dates.short_day(day)


def as_clock(instant: datetime, zone: str) -> str:
    """ "14:05"."""
    return f"{instant.astimezone(clock.zone_named(zone)):%H:%M}"


def as_when(instant: datetime, zone: str, now: datetime) -> str:
    """ "today, 14:05", "yesterday, 09:00", "3 Nov, 16:10"; the year where it is another, and then no time."""
    day, today = clock.local_day(instant, zone), clock.local_day(now, zone)
    at = as_clock(instant, zone)
    if day == today:
        return _("today, %(time)s", time=at)
    if day == today - timedelta(days=1):
        return _("yesterday, %(time)s", time=at)
    if day == today + timedelta(days=1):
        return _("tomorrow, %(time)s", time=at)
    if day.year == today.year:
        return f"{dates.day_of_year(day)}, {at}"
    return as_day(day)


def as_day_heading(day: date, today: date) -> str:
    """ "Today", "Yesterday", else the day."""
    if day == today:
        return _("Today")
    return _("Yesterday") if day == today - timedelta(days=1) else as_day(day, long=True)


def as_figure(number: float, places: int = 3) -> str:
    """A factor for reading: at most so many places, a true minus sign."""
    text = f"{number:,.{places}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return text.replace("-", "−") if text not in ("-0", "") else "0"


def as_exactly(number: float) -> str:
    """A factor with every digit that it has, so that a sum can be done again by hand."""
    return repr(float(number)).removesuffix(".0").replace("-", "−")


def as_percent(share: float, places: int = 0) -> str:
    if 0 < share < 0.005 and places == 0:
        return _("under %(least)s %%", least=1)
    return f"{100 * share:.{places}f} %"


def as_phone(number: str) -> str:
    """A telephone number in groups, "+1 818 555 0188"; as it stands where it is none."""
    try:
        return phonenumbers.format_number(phonenumbers.parse(number), phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    except phonenumbers.NumberParseException:
        return number


def as_initials(name: str) -> str:
    """The first letters of the first and the last name."""
    words = name.split()
    return "".join(word[0].upper() for word in (words[:1] + words[1:][-1:]))


def as_spoken(reference: str) -> str:
    """A reference in two groups of three, as it is said aloud."""
    return " ".join(reference[i : i + 3] for i in range(0, len(reference), 3))


def speak_of(zone: str) -> None:
    """From here on, this request writes days and times as in the zone of the person whom it is about."""
    g.zone = zone


def zone_spoken() -> str:
    """The zone in which this request writes."""
    return str(g.get("zone") or DEFAULT_ZONE)


def local_day_of(instant: datetime) -> date:
    """The calendar day of an instant where the person lives."""
    return clock.local_day(instant, zone_spoken())


def _day(value: date | datetime | str) -> str:
    return as_day(value, zone_spoken())


def _long_day(value: date | datetime | str) -> str:
    return as_day(value, zone_spoken(), long=True)


def _clock(value: datetime) -> str:
    return as_clock(value, zone_spoken())


def _when(value: datetime) -> str:
    return as_when(value, zone_spoken(), request_now())


def _day_heading(value: date) -> str:
    return as_day_heading(value, local_day_of(request_now()))


FILTERS = {
    "money": as_money,
    "day": _day,
    "long_day": _long_day,
    "clock": _clock,
    "when": _when,
    "local_day": local_day_of,
    "day_heading": _day_heading,
    "figure": as_figure,
    "exactly": as_exactly,
    "percent": as_percent,
    "phone": as_phone,
    "initials": as_initials,
    "spoken": as_spoken,
}
