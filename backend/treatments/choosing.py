"""What a customer chooses when they accept: what is asked and with which answers, what they gave, and the time that it takes.

Offers keep asking what the catalogue asked from which they were made. A time is taken in the transaction of the acceptance, under
the guard of slots: where it went meanwhile nothing is accepted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

import phonenumbers
from sqlmodel import Session

from backend.budgets import service as budgets
from backend.cases import service as cases
from backend.engine.catalogue import Input, Treatment
from backend.matrix.service import attribute_text, day_text
from backend.treatments.chosen import Answer, Asked, Chosen, chosen_from
from backend.treatments.inputs import Inputs
from shared.kernel import clock
from shared.kernel.errors import Invalid
from shared.kernel.languages import gettext, noted, spoken

GONE = noted("That time was just taken. Choose another.")
NOT_ONE = noted("Choose one of these.")
LONGEST = 400
"""So many characters of what they say are kept, of each."""


@dataclass(frozen=True, slots=True)
class Choice:
    """All that was chosen, before the time of it is taken; `wrong` says field by field what is missing."""

    chosen: tuple[Chosen, ...] = ()
    wrong: Mapping[str, str] | None = None
    day: date | None = None
    """The customer's day on which somebody is to come."""
    day_field: str = ""


def asked_of(session: Session, row: Any, inputs: Inputs, now: datetime) -> tuple[Asked, ...]:
    """What is asked when this offer is accepted, with the times that are free now; no value that the viewer must not read."""
    t = treatment_of(row, inputs)
    return tuple(_asked(session, one, t, row, inputs, now) for one in t.input)


def chosen_of(asked: tuple[Asked, ...], row: Any, inputs: Inputs, given: Mapping[str, str]) -> Choice:
    """What of it was given. Raises Invalid for what nobody asked."""
    wanted = {one.key: one for one in treatment_of(row, inputs).input}
    if extra := sorted(set(given) - set(wanted)):
        raise Invalid(gettext("This is not asked here."), {f"input-{key}": "is not asked" for key in extra})
    chosen: list[Chosen] = []
    wrong: dict[str, str] = {}
    day, day_field = None, ""
    for one in asked:
        text = given.get(one.key, "").strip()
        if not text:
            if one.required:
                wrong[one.field] = gettext(_MISSING[one.kind])
            continue
        try:
            found, on = _read(one, wanted[one.key], text, inputs)
        except Invalid as refused:
            wrong[one.field] = str(refused)
            continue
        chosen.append(found)
        if on is not None:
            day, day_field = on, one.field
    return Choice(tuple(chosen), wrong, day, day_field)


def take(session: Session, choice: Choice, inputs: Inputs, now: datetime) -> list[dict[str, Any]] | None:
    """What is kept with the acceptance, its time taken; None where nothing was chosen. Raises Invalid where the time went."""
    for one in choice.chosen:
        if one.kind == "slot":
            at = datetime.fromisoformat(one.value)
            if cases.take_time(session, inputs.pack, one.calendar, at, now) is None:
                raise Invalid(gettext(GONE), {f"input-{one.key}": gettext(GONE)})
    return [asdict(one) for one in choice.chosen] or None


def give_back(session: Session, row: Any, inputs: Inputs, now: datetime) -> None:
    """The time of an acceptance for which nothing was booked yet is free again."""
    for one in chosen_from(row.chosen):
        if one.kind == "slot":
            cases.give_time_back(session, inputs.pack, one.calendar, datetime.fromisoformat(one.value), now)


def treatment_of(row: Any, inputs: Inputs) -> Treatment:
    return inputs.configuration.catalogue_of(row.catalogue_version).treatments[row.treatment]


def plannable(
    session: Session, free: Iterable[cases.Slot], t: Treatment, row: Any, inputs: Inputs, now: datetime
) -> tuple[cases.Slot, ...]:
    """Of these times those at which somebody can still come for the offer: as far ahead as the treatment asks, on days with a place."""
    days = budgets.free_days(session, row.customer_id, row.offer_id, t, inputs.pack, inputs.today, now)
    first = budgets.earliest_day(t, inputs.today)
    found = ((one, clock.local_day(one.at, inputs.profile.timezone)) for one in free)
    return tuple(one for one, day in found if day >= first and (days is None or day.isoformat() in days))


_MISSING = {
    "slot": noted("Choose a time."), "address": noted("Write the address."), "choice": NOT_ONE,
    "text": noted("Write a few words."), "date": noted("Choose a day."),
}  # fmt: skip


def _asked(session: Session, one: Input, t: Treatment, row: Any, inputs: Inputs, now: datetime) -> Asked:
    zone, said = inputs.profile.timezone, inputs.configuration.catalogue_of(row.catalogue_version).pack.said
    label = said(one.label_in(spoken()))
    asked = Asked(one.key, one.kind, label, said(one.hint), one.required, _known(one, inputs))
    if one.kind == "choice":
        return replace(asked, answers=tuple(Answer(o.key, said(o.label_in(spoken()))) for o in one.option))
    if one.kind == "date":
        visit = one.used_for == "time"
        first = budgets.earliest_day(t, inputs.today) if visit else inputs.today
        return replace(asked, first=first, last=max(first, inputs.today + timedelta(days=one.days_ahead)))
    if one.kind != "slot":
        return asked
    # A calendar that the pack in force has no more has no times: then they are told that somebody calls about it.
    free = cases.free_times(session, inputs.pack, one.calendar, now) if _there(one.calendar, inputs) else ()
    if t.fulfilment.kind == "booking":
        free = plannable(session, free, t, row, inputs, now)
    answers = tuple(
        Answer(clock.utc(s.at).isoformat(), cases.slot_text(s.at, s.until, zone), clock.local_day(s.at, zone), s)
        for s in free
    )
    # Where nothing is free, nobody is kept from accepting.
    return replace(asked, answers=answers, required=one.required and bool(answers))


def _there(calendar: str, inputs: Inputs) -> bool:
    return calendar == "callbacks" or inputs.pack.casework.calendar_of(calendar) is not None


def _known(one: Input, inputs: Inputs) -> str:
    """What the profile knows of it, where the viewer may read it."""
    if not one.prefill or one.prefill in inputs.mask.hidden:
        return ""
    if one.prefill == "phone":
        return _in_groups(inputs.profile.phone or "")
    if one.prefill == "email":
        return inputs.profile.email or ""
    attribute, value = inputs.pack.attributes.get(one.prefill), inputs.snapshot.attributes.get(one.prefill)
    if attribute is None or value is None:
        return ""
    return attribute_text(attribute, value, inputs.pack.currency, inputs.profile.language) or ""


def _in_groups(number: str) -> str:
    """A telephone number as people write it, since it stands in a field that they read and send."""
    try:
        return phonenumbers.format_number(phonenumbers.parse(number), phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    except phonenumbers.NumberParseException:
        return number


def _read(asked: Asked, one: Input, text: str, inputs: Inputs) -> tuple[Chosen, date | None]:
    """What was given, and on which day somebody is to come. Raises Invalid."""
    kept = Chosen(one.key, one.kind, asked.label, text, text, one.used_for)
    if one.kind == "slot":
        answer = next((a for a in asked.answers if a.value == _instant(text)), None)
        if answer is None or answer.slot is None:
            raise Invalid(gettext(GONE))
        until = clock.utc(answer.slot.until).isoformat()
        return replace(kept, value=answer.value, text=answer.label, calendar=one.calendar, until=until), answer.day
    if one.kind == "choice":
        answer = next((a for a in asked.answers if a.value == text), None)
        if answer is None:
            raise Invalid(gettext(NOT_ONE))
        return replace(kept, text=answer.label), None
    if one.kind == "date":
        day = _day(text)
        if not (asked.first and asked.last and asked.first <= day <= asked.last):
            first, last = (day_text(end) if end else "" for end in (asked.first, asked.last))
            raise Invalid(gettext("Choose a day from %(first)s to %(last)s.", first=first, last=last))
        return replace(kept, value=day.isoformat(), text=day_text(day)), day if one.used_for == "time" else None
    lines = [" ".join(line.split()) for line in text.splitlines()]
    said = ", ".join(line for line in lines if line) if one.kind == "address" else " ".join(" ".join(lines).split())
    if len(said) > LONGEST:
        raise Invalid(gettext("Keep it to %(most)s characters.", most=LONGEST))
    return replace(kept, value=said, text=said), None


def _instant(text: str) -> str:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return ""
    return clock.utc(at).isoformat() if at.tzinfo else ""


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid(gettext("Choose a day.")) from None
