"""What a customer allows: their own page of it, what an agent records for them, and what programs read and write."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from backend import db
from backend.catalogue import service as catalogues
from backend.interactions import service as interactions
from backend.matrix.service import Pack
from backend.overview import lines
from backend.overview.types import ConsentSaid, PrivacyPage
from backend.profiles import service as profiles
from backend.profiles.service import Consent, ConsentEntry
from shared.kernel.actors import Actor
from shared.kernel.errors import Forbidden
from shared.kernel.languages import gettext

SHOWN = 50
PORTAL, PHONE = "portal", "phone"


def privacy_page(actor: Actor) -> PrivacyPage:
    """The signed-in customer's own page of what they allow. Raises Forbidden for anyone else."""
    if actor.customer_id is None:
        raise Forbidden(gettext("This page is for customers."))
    with db.reading() as session:
        profile = profiles.profile(session, actor.customer_id)
        pack = catalogues.pack_in_force(session)
        entries = profiles.consent_history(session, profile.customer_id, SHOWN)
    said = tuple(_said(entry, pack, own=True) for entry in entries)
    return PrivacyPage(lines.consents(profile, pack), said, profile.timezone, pack.phone)


def say_consents(
    session: Session, customer_id: UUID, purpose: str, allowed: Collection[str], seen: str, actor: Actor, now: datetime
) -> int:
    """What the customer says of a purpose in all of its channels, by themselves at the portal or to an agent.

    Gives how many changed. Raises NotFound, Invalid, Conflict and NoAuthority as the timeline's own act does.
    """
    customer_id = profiles.resolve(session, customer_id)
    own = actor.customer_id == customer_id
    return interactions.say_consents(
        session, customer_id, purpose, allowed, seen, source="portal" if own else "told an agent",
        said_in=PORTAL if own else PHONE, actor=actor, now=now, pack=catalogues.pack_in_force(session),
    )  # fmt: skip


def change_consent(
    session: Session, customer_id: UUID, purpose: str, channel: str, state: str, source: str, wording: str | None,
    said_in: str | None, actor: Actor, now: datetime,
) -> tuple[UUID, Consent | None]:  # fmt: skip
    """One purpose in one channel, as a program heard it; the canonical id, and what stands now (None: nothing changed)."""
    customer_id = profiles.resolve(session, customer_id)
    said = interactions.change_consent(
        session, customer_id, purpose, channel, state, source=source, wording=wording, said_in=said_in, actor=actor, now=now,
        pack=catalogues.pack_in_force(session),
    )  # fmt: skip
    return customer_id, said


def _said(entry: ConsentEntry, pack: Pack, own: bool) -> ConsentSaid:
    label = next((p.label for p in pack.purposes if p.key == entry.purpose), entry.purpose)
    by = {"customer": gettext("you") if own else "the customer", "system": "", "key": gettext("another of our systems")}
    return ConsentSaid(
        at=entry.at,
        label=pack.said(label),
        channel=pack.said(pack.label_of(pack.channels, entry.channel)),
        state=entry.state,
        source=entry.source,
        wording=entry.wording,
        wording_version=entry.wording_version,
        by=by.get(entry.by_kind, entry.by_name),
    )
