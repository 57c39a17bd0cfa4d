"""What may be cancelled, from when on, and what it costs: worked out of the pack's rules and what is known today. Pure."""

from __future__ import annotations

import calendar
from collections.abc import Collection
from datetime import date, timedelta

from backend.cancelling.types import PLAN, Choice, Ends, Summary
from backend.matrix.service import Pack, Service
from backend.profiles.snapshot import Snapshot
from backend.rules.service import Context, Expression, RuleFailed, number_of
from shared.kernel.money import Money, of_major

UNBILLED_DAYS = 30
LAST_OF_MONTH = 28
"""Bills are issued on this day of a month at the latest, so that each month has it."""


def choices(snapshot: Snapshot, pack: Pack, asked: Collection[str] = ()) -> tuple[Choice, ...]:
    """What the customer has and may cancel now, the whole plan first; what they cancelled already is left out."""
    if pack.leaving is None or not _holds_any(snapshot, pack) or PLAN in asked:
        return ()
    found = [Choice(PLAN, pack.leaving.label, None)]
    for service in _held(snapshot, pack):
        if service.ending is not None and service.key not in asked:
            less = service.ending.less.get(pack.leaving.charge)
            found.append(Choice(service.key, service.label, None if less is None else of_major(less, pack.currency)))
    return tuple(found)


def summary(choice: Choice, snapshot: Snapshot, pack: Pack, billed_on: date | None) -> Summary:
    """What cancelling it would mean. `billed_on` is the day of the latest bill; None where there is none yet."""
    leaving = pack.leaving
    assert leaving is not None  # noqa: S101 (there is no choice without it; for the type checker)
    today = date.fromisoformat(snapshot.today)
    first = last_day(today, billed_on, leaving.notice_days)
    nothing = Money(0, pack.currency)
    charge = snapshot.attributes.get(leaving.charge)
    monthly = of_major(float(charge), pack.currency) if isinstance(charge, (int, float)) else None
    if choice.what != PLAN:
        service = next(one for one in pack.services if one.key == choice.what)
        then = monthly - choice.less if monthly is not None and choice.less is not None else None
        loses = (service.ending.loses,) if service.ending is not None and service.ending.loses else ()
        return Summary(choice, (Ends("soon", first, nothing),), monthly, then, loses, (choice.label,))
    context = Context(snapshot.names())
    runs = int(_number(leaving.runs_days, context))
    contract_ends = today + timedelta(days=runs) if runs > 0 else today
    if contract_ends <= first:
        ends: tuple[Ends, ...] = (Ends("soon", first, nothing),)
    else:
        cost = of_major(max(0.0, _number(leaving.early_cost, context)), pack.currency)
        ends = (Ends("soon", first, cost), Ends("contract", contract_ends, nothing))
    return Summary(choice, ends, monthly, nothing, leaving.loses, tuple(one.label for one in _held(snapshot, pack)))


def last_day(today: date, billed_on: date | None, notice_days: int) -> date:
    """The end of the month that is billed, so many days from today or later; without a bill, thirty days from today."""
    earliest = today + timedelta(days=notice_days)
    if billed_on is None:
        return max(earliest, today + timedelta(days=UNBILLED_DAYS))
    day = min(billed_on.day, LAST_OF_MONTH)
    year, month = earliest.year, earliest.month
    while True:
        ends = date(year, month, min(day, calendar.monthrange(year, month)[1])) - timedelta(days=1)
        if ends >= earliest:
            return ends
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)


def _held(snapshot: Snapshot, pack: Pack) -> list[Service]:
    """The services that the customer has."""
    found = []
    for service in pack.services:
        value = snapshot.attributes.get(service.attribute)
        if (str(value).lower() if isinstance(value, bool) else str(value)) in service.values:
            found.append(service)
    return found


def _holds_any(snapshot: Snapshot, pack: Pack) -> bool:
    try:
        return pack.services_held.test(Context(snapshot.names(), pack.services_held.names))
    except RuleFailed:
        return False


def _number(rule: Expression, context: Context) -> float:
    try:
        return number_of(rule.value(context))
    except RuleFailed:
        return 0.0
