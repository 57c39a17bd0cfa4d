"""A contact as its reviewer, or the agent whose it was, reads it: what was written down then, and what happened in it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlmodel import Session

from backend import db
from backend.catalogue import service as catalogues
from backend.interactions import service as interactions
from backend.interactions.service import Interaction
from backend.overview import lines
from backend.overview.types import TimelineLine
from backend.people.service import Permission
from backend.profiles import service as profiles
from backend.quality import service as quality
from backend.quality.service import Review
from shared.kernel import ids
from shared.kernel.actors import Actor
from shared.kernel.errors import NotFound

A_WHILE = timedelta(minutes=5)
"""What followed a contact within so long is read with it."""
MOST = 60


@dataclass(frozen=True, slots=True)
class ReviewPage:
    """`contact` is None where it is gone meanwhile, by what the pack says of how long things are kept."""

    review: Review
    name: str
    timezone: str
    contact: Interaction | None
    notes: str
    summary: str
    stage: str
    wrap_up: str
    timeline: tuple[TimelineLine, ...]


def review_page(customer_id: UUID, review_id: UUID, actor: Actor, *, own: bool = False) -> ReviewPage:
    """The review with its contact; `own`: for the agent whose contact it was. Raises NotFound, Forbidden.

    Opens its own transaction.
    """
    if not own:
        catalogues.require(actor, Permission.REVIEW_QUALITY)
    with db.reading() as session:
        profile = profiles.profile(session, customer_id)
        read = quality.for_agent if own else quality.for_reviewer
        found = read(session, profile.customer_id, review_id, actor)
        pack = catalogues.pack_in_force(session)
        mask = interactions.mask_for(session, profile, pack, actor)
        contact = _contact(session, found)
        events = () if contact is None else _events(session, contact)
    return ReviewPage(
        found, profile.name, pack.timezone, contact,
        mask.text(contact.notes) if contact else "", mask.text(contact.summary or "") if contact else "",
        pack.label_of(pack.stages, contact.stage) if contact else "",
        pack.label_of(pack.wrap_ups, contact.wrap_up_code) if contact else "",
        tuple(lines.timeline_line(event, "agent", profile.language, mask) for event in events),
    )  # fmt: skip


def names_of(session: Session, reviews: Iterable[Review]) -> dict[UUID, str]:
    """The customers' names by id; whoever was erased meanwhile has none."""
    found = profiles.these(session, {one.customer_id for one in reviews})
    return {customer_id: one.name or one.number for customer_id, one in found.items()}


def _contact(session: Session, found: Review) -> Interaction | None:
    try:
        return interactions.interaction(session, found.customer_id, found.interaction_id)
    except NotFound:
        return None


def _events(session: Session, contact: Interaction) -> tuple[interactions.Event, ...]:
    """What happened from its beginning until a little after its wrap-up, oldest first."""
    over = (contact.wrapped_at or contact.ended_at or contact.started_at) + A_WHILE
    cursor = str(ids.first_at(over))
    found = interactions.timeline(session, contact.customer_id, limit=MOST, cursor=cursor).items
    return tuple(one for one in reversed(found) if one.at >= contact.started_at)
