"""A contact at the desk from its first ring to its wrap-up: who is calling, what was said, how it ends."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from backend import db
from backend.cases import service as cases
from backend.catalogue import service as catalogues
from backend.interactions import service as interactions
from backend.interactions.service import Call, Interaction
from backend.matrix.service import Pack
from backend.overview import promising
from backend.overview.types import CallerPage, Choice, Promised, Unmentioned, WrapUp
from backend.profiles import service as profiles
from backend.treatments import service as treatments
from shared.kernel.actors import Actor
from shared.kernel.errors import Conflict, Forbidden, Invalid

FOLLOW_UP = "follow_up"
"""The pack's code for a contact of which something is still to be done, where it has one."""
MOST_CANDIDATES = 5
LONGEST_NAME = 120
ASKED_ABOUT = 3
"""So many of the recommended treatments are asked about at wrap-up: those that stood on the agent's page."""
_CODES = (("accepted", "changed"), ("declined", "explained"), ("deferred", "follow_up"))
"""What an answer says of how the contact ended, first of all; the pack's own code of that key, where it has one."""


def caller(session: Session, call_id: UUID, actor: Actor) -> CallerPage:
    """Who may be calling, surest first. Raises NotFound, and Forbidden for anyone but staff."""
    _staff(actor)
    call = interactions.call_of(session, call_id)
    known = profiles.names_of(session, [call.customer_id]) if call.customer_id is not None else {}
    taken_for = next((name for name, _ in known.values()), None)
    return CallerPage(call, profiles.callers(session, call.number, MOST_CANDIDATES), taken_for)


def create_caller(
    session: Session, call_id: UUID, name: str, actor: Actor, now: datetime, *, instead: bool = False
) -> Call:
    """Makes a prospect of an unknown caller, known from now on by the number they call from, unless that is somebody's.

    `instead`: they were taken for somebody else. Raises NotFound, Invalid, and Conflict where it was said whose call it is.
    """
    call = interactions.call_of(session, call_id)
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME:
        raise Invalid(
            "Who is calling?", {"name": "Write the name that they give, in 120 characters at most." if not name else "Shorten the name to 120 characters."}
        )  # fmt: skip
    if call.customer_id is not None and not instead:
        raise Conflict("Somebody has said already whose call this is.")
    pack = catalogues.pack_in_force(session)
    phone = profiles.normalise("phone", call.number)
    if phone is not None and profiles.owner(session, "phone", phone) is not None:
        phone = None
    known_by = {"phone": phone} if phone else {}
    customer_id = profiles.enter_prospect(session, name, known_by, pack.timezone, pack.language, now)
    return interactions.attach(session, call_id, customer_id, actor, now, instead=instead)


def wrap_up_page(customer_id: UUID, interaction_id: UUID, actor: Actor, now: datetime) -> WrapUp:
    """All that a contact needs to be closed: the code and a summary as they follow from what happened, and what was not mentioned.

    Raises NotFound, and Forbidden for anyone but staff. Opens its own transactions.
    """
    _staff(actor)
    decided = treatments.decide(customer_id, now)
    pack = decided.inputs.pack
    with db.reading() as session:
        found = interactions.interaction(session, decided.inputs.profile.customer_id, interaction_id)
    recommended = treatments.recommend_for_agent(
        customer_id, found.channel, actor, now, limit=ASKED_ABOUT, decided=decided, explained=False
    )
    with db.reading() as session:
        events = _events(session, found)
        happened, made = _happened(events, found), _cases_opened(session, found, actor)
    answers = {answer for answer, _headline in happened}
    promises = promising.promised(events, found, pack, now)
    code = next((code for answer, code in _CODES if answer in answers and _knows(pack, code)), "")
    if not code and (promises or made) and _knows(pack, FOLLOW_UP):
        code = FOLLOW_UP
    unmentioned = tuple(
        Unmentioned(one.card.offer_id, one.card.headline) for one in recommended.cards if one.card.state == "open"
    )
    return WrapUp(
        contact=found,
        codes=tuple(Choice(w.key, w.label) for w in pack.wrap_ups),
        code=found.wrap_up_code or code,
        summary=found.summary or _drafted(decided.inputs.profile.moment, pack, happened, found),
        not_mentioned=unmentioned,
        promised=promises,
        zone=pack.casework.timezone or pack.timezone,
    )


def wrap_up(
    session: Session,
    customer_id: UUID,
    interaction_id: UUID,
    *,
    code: str,
    summary: str,
    not_mentioned: Collection[UUID],
    actor: Actor,
    now: datetime,
    promises: Sequence[Promised] = (),
) -> Interaction:
    """Closes the contact; what was recommended and not spoken of is noted as such, what was promised becomes tasks.

    The agent is ready again.

    Raises NotFound, Conflict where it is closed already, Invalid with what to mend.
    """
    pack = catalogues.pack_in_force(session)
    label = next((w.label for w in pack.wrap_ups if w.key == code), None)
    if label is None:
        raise Invalid("How did it end?", {"code": "Choose how the contact ended."})
    if wrong := promising.wrong_with(promises, now):
        raise Invalid(wrong, {"promised": wrong})
    customer_id = profiles.resolve(session, customer_id)
    closed = interactions.wrap_up(
        session, customer_id, interaction_id, code=code, label=label, summary=summary, actor=actor, now=now,
        intent=_told_intent(session, customer_id, interaction_id),
    )  # fmt: skip
    interactions.put_away(session, customer_id, interaction_id, actor, now)
    offers = list(treatments.open_offers(session, customer_id, not_mentioned, now))
    if offers:
        data = {"headline": "; ".join(str(offer["headline"]) for offer in offers), "offers": offers}
        interactions.record(session, customer_id, "offer.unmentioned", closed.channel, actor, data, now, interaction_id)
    for one in promises:
        cases.promise(
            session, customer_id, one.what, one.until, actor=actor, now=now, interaction_id=interaction_id, channel=closed.channel
        )  # fmt: skip
    interactions.take_waiting(session, actor, now)
    return closed


def _told_intent(session: Session, customer_id: UUID, interaction_id: UUID) -> str | None:
    """Why they called, where it was learned during the contact."""
    begun = interactions.interaction(session, customer_id, interaction_id).started_at
    moment = profiles.profile(session, customer_id).moment
    return moment.intent if moment is not None and moment.set_at >= begun else None


def _events(session: Session, contact: Interaction) -> list[interactions.Event]:
    """What was done with offers since the contact began, newest first."""
    kinds = {f"offer.{answer}" for answer in ("undone", "accepted", "declined", "deferred", "presented", "asked")}
    events = interactions.timeline(session, contact.customer_id, kinds=kinds, limit=50).items
    return [event for event in events if event.at >= contact.started_at]


def _cases_opened(session: Session, contact: Interaction, actor: Actor) -> bool:
    """Whether the agent opened something in the contact that somebody follows up."""
    return any(
        one.opened_at >= contact.started_at and one.opened_by == actor.name
        for one in cases.of_customer(session, contact.customer_id)
    )


def _happened(events: Sequence[interactions.Event], contact: Interaction) -> list[tuple[str, str]]:
    """What was answered since the contact began, newest first: the answer and the offer's headline."""
    # What the customer saw at the portal meanwhile was not mentioned here; what they answered there, they did answer.
    told = [event for event in events if event.kind != "offer.presented" or event.channel == contact.channel]
    return [
        (event.kind.removeprefix("offer."), str(event.data.get("headline") or event.data.get("treatment") or ""))
        for event in told
    ]


_VERBS = {
    "undone": "Taken back",
    "accepted": "Accepted",
    "declined": "Declined",
    "deferred": "Put off",
    "presented": "Mentioned",
}


def _drafted(moment: profiles.Moment | None, pack: Pack, happened: list[tuple[str, str]], contact: Interaction) -> str:
    """A short summary of facts alone: why they were here, what was answered."""
    parts = []
    if moment is not None and moment.set_at >= contact.started_at:
        parts.append(pack.intent_label(moment.intent) or pack.label_of(pack.stages, moment.stage))
    told: set[str] = set()
    for answer, verb in _VERBS.items():
        for what, headline in reversed(happened):
            if what == answer and headline not in told:
                told.add(headline)
                parts.append(f"{verb}: {headline}")
    return ". ".join(parts)[:500] + ("." if parts else "")


def _knows(pack: Pack, code: str) -> bool:
    return any(w.key == code for w in pack.wrap_ups)


def _staff(actor: Actor) -> None:
    if actor.kind == "customer":
        raise Forbidden("This page is for our staff.")
