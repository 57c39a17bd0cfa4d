"""A customer asks at the portal to be called, and calls it off."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session

from backend.cases import service as cases
from backend.cases.service import Case
from backend.catalogue import service as catalogues
from backend.profiles import service as profiles
from shared.kernel import clock
from shared.kernel.actors import Actor
from shared.kernel.errors import Conflict, Forbidden, Invalid
from shared.kernel.languages import gettext, noted

CHANNEL = "portal"
CALLBACK_TIMES = {
    "soon": noted("as soon as possible"),
    "morning": noted("in the morning"),
    "afternoon": noted("in the afternoon"),
    "evening": noted("in the evening"),
}
LONGEST_ABOUT = 200
SAME_REQUEST = timedelta(minutes=10)
"""A callback asked for twice within this time is one: people click twice."""


def request_callback(session: Session, actor: Actor, *, when: str, about: str, now: datetime) -> None:
    """Books a call to the customer: `when` is a part of the day, or the beginning of a free slot. Agents see it first. Raises Invalid."""
    customer_id = _own(actor)
    profile = profiles.profile(session, customer_id)
    about = " ".join(about.split())
    errors = {}
    at = _instant(when)
    if when not in CALLBACK_TIMES and at is None:
        errors["when"] = gettext("Choose when we may call.")
    if len(about) > LONGEST_ABOUT:
        errors["about"] = gettext("Keep it to %(most)s characters.", most=LONGEST_ABOUT)
    if profile.phone is None:
        errors["when"] = gettext("We have no phone number of yours. Please call us instead.")
    if errors:
        raise Invalid(gettext("Please check your request."), errors)
    wish = "" if at else CALLBACK_TIMES[when]
    for known in cases.of_customer(session, profile.customer_id):
        same = (known.kind, known.wish, known.subject) == ("callback", wish, about) and at in (None, known.slot_at)
        if same and now - known.opened_at < SAME_REQUEST:
            return
    cases.ask_callback(
        session, profile.customer_id, about, at=at, part="" if at else when, wish=wish, zone=profile.timezone, actor=actor, now=now,
        channel=CHANNEL, pack=catalogues.pack_in_force(session),
    )  # fmt: skip


def cancel_case(session: Session, actor: Actor, case_id: UUID, now: datetime) -> Case:
    """The customer no longer wants the call that they asked for. What an offer set in motion is taken back by the offer.

    Raises NotFound (for another customer's too), and Conflict where it is closed already or no such call.
    """
    case = cases.case_of(session, _own(actor), case_id)
    if case.kind != "callback" or case.offer_id is not None:
        raise Conflict(gettext("This can't be called off here. Please talk to us."))
    return cases.cancel(session, _own(actor), case_id, actor=actor, now=now, channel=CHANNEL)


def _instant(text: str) -> datetime | None:
    """The beginning of a slot as a form sends it; None for what is no instant."""
    try:
        at = datetime.fromisoformat(text)
        return clock.utc(at) if at.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def _own(actor: Actor) -> UUID:
    if actor.customer_id is None:
        raise Forbidden(gettext("This page is for customers."))
    return actor.customer_id
