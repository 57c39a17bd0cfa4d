"""What is wrong with what a treatment asks for with its acceptance: nothing to choose from, or nothing that uses it. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from backend.engine.catalogue import Input, Term, Treatment
from backend.engine.service import WORK
from backend.matrix.service import CALLBACKS, Pack

_CONTACTS = ("phone", "email")


def input_faults(t: Treatment, pack: Pack) -> Iterator[tuple[str, str]]:
    for key, why in _all(t, pack):
        yield f"input.{key}" if key else "input", why


def _all(t: Treatment, pack: Pack) -> Iterator[tuple[str, str]]:
    keys = [one.key for one in t.input]
    for key in sorted({key for key in keys if keys.count(key) > 1}):
        yield key, "two inputs share a key"
    if t.input and t.fulfilment.kind not in WORK:
        yield "", f"a {t.fulfilment.kind} uses nothing that the customer chooses: inputs go with {', '.join(WORK)}"
    times = [one.key for one in t.input if one.used_for == "time"]
    if len(times) > 1:
        yield "", f"only one of {', '.join(times)} can be the time"
    if any(one.required for one in t.input) and any(_beyond(term) for term in t.term):
        yield (
            "",
            "terms beyond an agent's authority are accepted by an approval, where nobody is asked: nothing can be required",
        )
    for one in t.input:
        yield from ((one.key, why) for why in _one(one, t, pack))


def _one(one: Input, t: Treatment, pack: Pack) -> Iterator[str]:
    if one.used_for == "time" and (one.kind, t.fulfilment.kind) not in _TIMES:
        yield f"a {one.kind} is no time of a {t.fulfilment.kind}"
    if one.kind == "slot":
        known = {CALLBACKS, *(calendar.key for calendar in pack.casework.calendar)}
        if one.used_for != "time":
            yield 'a slot is booked: it is used_for = "time"'
        if one.calendar not in known:
            yield f"a slot names its calendar: one of {', '.join(sorted(known))}"
        if t.fulfilment.kind in WORK and (one.calendar == CALLBACKS) != (t.fulfilment.kind == "callback"):
            yield f"the calendar {CALLBACKS} is for calls back, and calls back have no other"
    elif one.calendar:
        yield "only a slot has a calendar"
    options = [option.key for option in one.option]
    if one.kind == "choice" and len(options) < 2:
        yield "a choice has two options or more"
    if one.kind != "choice" and options:
        yield "only a choice has options"
    if len(set(options)) != len(options):
        yield "two options share a key"
    if one.prefill:
        attribute = pack.attributes.get(one.prefill)
        if one.kind not in ("text", "address"):
            yield f"a {one.kind} is chosen, nothing can stand there already"
        elif attribute is None and one.prefill not in _CONTACTS:
            yield f"nothing is called {one.prefill}"
        elif attribute is not None and ("customer" not in attribute.visible or attribute.protected):
            yield f"{one.prefill} is not the customer's to see"


_TIMES = {("slot", "callback"), ("slot", "booking"), ("date", "booking")}


def _beyond(term: Term) -> bool:
    """Whether an agent can ask for an approval of more than their authority."""
    return term.alterable and (term.authority_low, term.authority_high) != (term.low, term.high)
