"""Words for what someone does in the customer's place, and for who that is. Pure."""

from __future__ import annotations

from typing import Any

from backend.interactions.phrases import sentence
from backend.interactions.types import Event
from shared.kernel.languages import gettext as _
from shared.kernel.languages import noted

RELATIONS = {"representative": "representative", "carer": "carer", "executor": "executor"}
"""Who acts for a customer, as a word of a sentence."""
_YOURS = {
    "representative": noted("your representative"),
    "carer": noted("your carer"),
    "executor": noted("your executor"),
}


def person_text(person: dict[str, Any], own: bool) -> str:
    """ "Rosa Marín, your carer" for the customer, "Rosa Marín, carer" for colleagues."""
    return f"{person.get('name')}, {relation_text(person, own)}"


def relation_text(data: dict[str, Any], own: bool) -> str:
    known = str(data.get("relation"))
    if not own:
        return RELATIONS.get(known, "")
    return _(_YOURS[known]) if known in _YOURS else ""


def for_them(event: Event, own: bool, title: str, detail: str) -> tuple[str, str]:
    """The words, with the one who spoke in the customer's place: what they did, the customer did not do."""
    person = event.data.get("person")
    if not isinstance(person, dict):
        return title, detail
    if own and event.kind in _DONE_FOR_YOU and (event.kind != "moment.set" or event.data.get("source") == "stated"):
        title = _done_for_you(event, str(person.get("name")))
    return title, sentence(person_text(person, own) if own else f"with {person_text(person, own)}", detail)


_DONE_FOR_YOU = {
    "call": noted("%(name)s called us"),
    "call.private": noted("%(name)s called us"),
    "call.missed": noted("%(name)s called, and nobody could answer"),
    "contact": noted("%(name)s talked to us"),
    "contact.private": noted("%(name)s talked to us"),
    "offer.accepted": noted("%(name)s accepted: %(what)s"),
    "offer.declined": noted("%(name)s declined: %(what)s"),
    "offer.undone": noted("%(name)s took back: %(what)s"),
    "call.waited": noted("%(name)s waited on the phone"),
    "call.transferred": noted("%(name)s was put through"),
    "visit": noted("%(name)s visited"),
    "complaint.opened": noted("%(name)s complained"),
    "moment.set": noted("%(name)s told us why you are here"),
    "callback.requested": noted("%(name)s asked us to call you"),
    "case.written": noted("%(name)s wrote to us"),
    "caller.verified": noted("%(name)s showed that it was you"),
    "consent.changed": noted("%(name)s told us what you allow: %(what)s"),
    "granted": noted("%(name)s agreed: %(what)s"),
    "denied": noted("%(name)s did not agree: %(what)s"),
    "withdrawn": noted("%(name)s no longer agrees: %(what)s"),
}
"""What was done by someone who acts for the customer, as the customer reads it."""


def _done_for_you(event: Event, name: str) -> str:
    data = event.data
    if event.kind == "consent.changed":
        words = _DONE_FOR_YOU.get(str(data.get("state")), _DONE_FOR_YOU[event.kind])
        return _(words, name=name, what=purpose_text(data))
    return _(_DONE_FOR_YOU[event.kind], name=name, what=str(data.get("headline") or data.get("treatment") or ""))


def purpose_text(data: dict[str, Any]) -> str:
    purpose = str(data.get("purpose_label") or data.get("purpose") or "")
    return f"{purpose[:1].lower()}{purpose[1:]}"
