"""A customer at the portal: where they are, as far as they let us see, and what it says of why they are here."""

from __future__ import annotations

from datetime import datetime
from types import EllipsisType
from typing import Literal
from uuid import UUID

from sqlmodel import Session

from backend import db
from backend.catalogue import service as catalogues
from backend.interactions import service as interactions
from backend.interactions.types import Visit
from backend.matrix.service import Pack
from backend.overview.types import Online
from backend.profiles import service as profiles
from backend.profiles.service import REFUSED, Moment, Profile
from backend.record import service as record
from shared.kernel.actors import Actor
from shared.kernel.errors import Forbidden
from shared.kernel.languages import gettext, noted

CHANNEL = "portal"
WATCHING = "live_help"
"""The purpose under which agents may see the page that a customer is on. It needs no consent, and can be refused."""
WORDING = noted("While I am on these pages, your team may see which one I am looking at, to help me better.")
"""What the customer is asked where the pack has no words of its own for it."""


def visit(actor: Actor, page: str, title: str, now: datetime, before: Visit | EllipsisType | None = ...) -> None:
    """The customer opened a page of the portal, `title` as they read it; `before`: where they were, if it was just read. Opens its own transactions.

    That they are here is known to the desk; where, only unless they refused it. A page that the pack names for an intent then
    tells why they may be here: inferred, so that what they say themselves goes before it. The same page opened again at once
    tells nothing new.
    """
    customer_id = _own(actor)
    if isinstance(before, EllipsisType):
        with db.reading() as session:
            before = interactions.last_visit(session, customer_id)
    if interactions.is_at_once(before, title, now):
        return
    with db.reading() as session:
        pack = catalogues.pack_in_force(session)
    with db.transaction() as session:
        seen = profiles.consent(session, customer_id, WATCHING, CHANNEL) not in REFUSED
        interactions.visit(session, actor, title if seen else None, now)
        intent = next((intent for intent in pack.intents.values() if page in intent.pages), None)
        if seen and intent is not None:
            write_moment(
                session, customer_id, intent.stage, intent.key, "inferred", CHANNEL, actor, now, pack, f"looked at “{title}”"
            )  # fmt: skip


def write_moment(
    session: Session, customer_id: UUID, stage: str, intent: str | None, source: Literal["stated", "inferred"], channel: str, actor: Actor, now: datetime,
    pack: Pack, evidence: str | None = None,
) -> Moment:  # fmt: skip
    """Writes the moment and, where it is another one now, puts it on the timeline. Raises NotFound and Invalid."""
    before = profiles.profile(session, customer_id).moment
    moment = profiles.set_moment(
        session, customer_id, stage, intent, source, channel, actor, now, pack, evidence=evidence
    )
    interactions.note_why(session, customer_id, channel, moment.stage, moment.intent, now)
    if before is None or moment.version != before.version:
        data = interactions.moment_data(moment, pack)
        interactions.record(session, customer_id, "moment.set", channel, actor, data, now, stage=moment.stage)
        if actor.kind == "staff":
            told = {"before": _why(before), "after": _why(moment), "channel": channel}
            record.audit(
                session, actor=actor, action="moment.set", subject=f"customer:{customer_id}", customer_id=customer_id,
                payload=told, now=now,
            )  # fmt: skip
    return moment


def _why(moment: Moment | None) -> dict[str, str | None] | None:
    return None if moment is None else {"stage": moment.stage, "intent": moment.intent, "source": moment.source}


def watching(profile: Profile) -> bool:
    """Whether the desk may see which page of the portal the customer is on: unless they refused it."""
    return not any((c.purpose, c.channel) == (WATCHING, CHANNEL) and c.state in REFUSED for c in profile.consents)


def set_watching(session: Session, actor: Actor, allowed: bool, now: datetime) -> None:
    """The customer refuses to be watched, or allows it again; what was seen of this visit is forgotten at once."""
    customer_id = _own(actor)
    state, pack = "granted" if allowed else "denied", catalogues.pack_in_force(session)
    if any(p.key == WATCHING for p in pack.purposes):
        interactions.change_consent(
            session, customer_id, WATCHING, CHANNEL, state, source="portal", said_in=CHANNEL, actor=actor, now=now, pack=pack
        )  # fmt: skip
    else:
        profiles.set_consent(session, customer_id, WATCHING, CHANNEL, state, "portal", gettext(WORDING), now, actor)
    interactions.visit(session, actor, None, now)


def online(session: Session, customer_id: UUID, now: datetime) -> Online | None:
    """Where the customer is now, for the desk; None when they are not at the portal."""
    found = interactions.visiting(session, customer_id, now)
    return None if found is None else Online(found.page, found.page_since)


def _own(actor: Actor) -> UUID:
    if actor.customer_id is None:
        raise Forbidden(gettext("This page is for customers."))
    return actor.customer_id
