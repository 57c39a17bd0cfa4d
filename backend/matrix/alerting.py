"""Alerts of a pack: what somebody who watches over the floor is told of, by rules over what goes on now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from backend.matrix.parts import Key, Labelled, Part, Rule
from backend.rules.service import Name

About = Literal["contact", "floor", "queue", "budget", "rule", "channels"]
CONTACT_STATES = ("waiting", "talking", "on_hold", "wrapping_up", "visiting")
_CONTACT = {
    "contact_state": Name("choice", CONTACT_STATES),
    "state_seconds": Name("int"),
    "contact_seconds": Name("int"),
    "held_seconds": Name("int"),
    "waited_seconds": Name("int"),
    "contacts_7d": Name("int"),
    "same_reason_7d": Name("int"),
    "customer_value": Name("number"),
}
_OTHERS: Mapping[About, Mapping[str, Name]] = {
    "floor": {
        "agents": Name("int"), "ready": Name("int"), "on_call": Name("int"), "waiting": Name("int"),
        "longest_wait_seconds": Name("int"), "visitors": Name("int"), "missed_callbacks": Name("int"),
    },
    "queue": {"calls": Name("int"), "share": Name("number"), "target": Name("number"), "seconds": Name("int")},
    "budget": {"left": Name("number"), "left_share": Name("number"), "exhausted": Name("bool")},
    "rule": {"times": Name("int"), "minutes_since": Name("int"), "step": Name("text"), "treatment": Name("text")},
    "channels": {"customers": Name("int"), "differences": Name("int")},
}  # fmt: skip


class AlertRule(Labelled):
    """One thing that a supervisor is told of: `rule` says when, over what `about` gives it to read; `advice` what one may do.

    `urgency` is how soon somebody should look. Of a contact, a rule reads what goes on in it, and all that segments may read of
    the customer, save protected attributes.
    """

    about: About
    rule: Rule
    urgency: Literal["now", "soon"] = "soon"
    advice: str = Field(default="", max_length=300)


class Alerting(Part):
    """The alerts of a pack. What was done about one stays done for `quiet_minutes`, though its rule sees it still."""

    alert: tuple[AlertRule, ...] = ()
    quiet_minutes: int = Field(default=60, ge=1, le=24 * 60)

    @property
    def keys(self) -> tuple[Key, ...]:
        return tuple(one.key for one in self.alert)

    def about(self, what: About) -> tuple[AlertRule, ...]:
        return tuple(one for one in self.alert if one.about == what)


def names_for(
    about: About, of_customer: Mapping[str, Name], channels: tuple[str, ...], stages: tuple[str, ...], intents: tuple[str, ...]
) -> Mapping[str, Name]:  # fmt: skip
    """What rules of this kind may read, with the types."""
    if about != "contact":
        return _OTHERS[about]
    return {
        **of_customer, **_CONTACT, "channel": Name("choice", channels), "stage": Name("choice", ("", *stages)),
        "intent": Name("choice", ("", *intents)), "segments": Name("list"), "protective": Name("list"),
    }  # fmt: skip


OWN_NAMES = frozenset(_CONTACT)
"""Names that a pack's attributes and facts may not have where it has alerts."""
