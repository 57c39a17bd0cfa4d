"""Who put an offer to the customer or answered it, when and where, and who spoke in the customer's place. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from backend.interactions import service as interactions
from backend.matrix.service import day_text
from backend.treatments.inputs import Inputs
from shared.kernel.actors import Actor
from shared.kernel.clock import zone_named
from shared.kernel.languages import gettext as _
from shared.kernel.languages import noted

_ANSWERS = {
    "accepted": noted("Accepted by %(name)s, for you, %(when)s."),
    "fulfilled": noted("Accepted by %(name)s, for you, %(when)s."),
    "declined": noted("Declined by %(name)s, for you, %(when)s."),
    "deferred": noted("Put off by %(name)s, for you, %(when)s."),
    "undone": noted("Taken back by %(name)s, for you, %(when)s."),
    "pending_approval": noted("Asked for by %(name)s, for you, %(when)s."),
}
"""What someone who acts for the customer did to bring about these states; to the others it came by itself or by us."""


@dataclass(frozen=True, slots=True)
class Person:
    """Someone who acts for the customer: to whom an offer was put, or who answered it in the customer's place."""

    id: str
    name: str
    relation: str


def person_of(kept: Mapping[str, Any] | None) -> Person | None:
    """The person whom an offer's row keeps; None where it was the customer."""
    return Person(str(kept["id"]), str(kept["name"]), str(kept["relation"])) if kept else None


def by(row: Any, inputs: Inputs, viewer: Actor) -> str:
    """Who acted last: staff read the name, a customer themselves or the house."""
    name = (row.answered_by if row.answered_at is not None else row.presented_by) or ""
    if viewer.kind != "customer":
        return name
    return _("you") if name == inputs.profile.name else _("our team")


def person(row: Any) -> Person | None:
    """With whom that was."""
    return person_of(row.answered_with if row.answered_at is not None else row.presented_with)


def heard(row: Any, inputs: Inputs) -> str:
    """ "We told you of this on 3 November at 10:15 by phone."; empty for what nobody put to them in person."""
    if row.presented_at is None or row.presented_channel in (None, "portal") or row.answered_at is not None:
        return ""
    local = row.presented_at.astimezone(zone_named(inputs.profile.timezone))
    where = interactions.in_channel(row.presented_channel)
    when = _("on %(day)s at %(time)s", day=day_text(local.date()), time=f"{local:%H:%M}")
    when = f"{when}{where and ' '}{where}"
    if row.presented_by:
        return _("%(name)s told you of this %(when)s.", name=row.presented_by, when=when)
    return _("We told you of this %(when)s.", when=when)


def answer_text(row: Any, label: str, inputs: Inputs, viewer: Actor) -> str:
    """ "Accepted on 3 November at 10:15 by phone, by Kim."; empty where nobody answered.

    Who answered in the customer's place is named to both: "Accepted by Rosa Marín, for you, on 3 November …".
    """
    if row.answered_at is None:
        return ""
    local = row.answered_at.astimezone(zone_named(inputs.profile.timezone))
    where = interactions.in_channel(row.answered_channel)
    when = _("on %(day)s at %(time)s", day=day_text(local.date()), time=f"{local:%H:%M}")
    when = f"{when}{where and ' '}{where}"
    acting = person(row)
    if acting is None:
        return _("%(label)s %(when)s, by %(who)s.", label=label, when=when, who=by(row, inputs, viewer))
    if viewer.kind != "customer":
        return (
            f"{label} {when}, by {by(row, inputs, viewer)} with {interactions.person_text(row.answered_with, False)}."
        )
    if row.state in _ANSWERS:
        return _(_ANSWERS[row.state], name=acting.name, when=when)
    return _("%(label)s %(when)s, by our team with %(name)s.", label=label, when=when, name=acting.name)
