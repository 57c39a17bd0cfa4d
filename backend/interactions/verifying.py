"""That a caller proved who they are: an act on the open contact, on the record, over when the contact is, or after a while."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select, update
from sqlmodel import Session

from backend import db
from backend.interactions import contacts
from backend.interactions.tables import InteractionRow
from backend.interactions.timeline import record
from backend.interactions.types import Interaction
from backend.matrix.service import Pack, Way
from backend.profiles import service as profiles
from backend.profiles.service import Mask, Profile, Snapshot
from shared.kernel import clock
from shared.kernel.actors import Actor
from shared.kernel.errors import Conflict, Invalid

_INTERACTION = db.table_of(InteractionRow)
# Asked by every page of the desk, so built once.
_VERIFIED = (
    select(_INTERACTION.c.interaction_id)
    .where(
        _INTERACTION.c.customer_id == bindparam("customer_id"),
        _INTERACTION.c.staff_id == bindparam("staff_id"),
        _INTERACTION.c.wrapped_at.is_(None),
        _INTERACTION.c.verified_at.is_not(None),
        _INTERACTION.c.verified_until.is_(None) | (_INTERACTION.c.verified_until > bindparam("now")),
    )
    .limit(1)
)


def verify_caller(
    session: Session, customer_id: UUID, interaction_id: UUID, how: str, actor: Actor, now: datetime, pack: Pack
) -> Interaction:  # fmt: skip
    """Notes how whoever speaks proved who they are; twice is once. Raises NotFound, Invalid, and Conflict as contacts do."""
    customer_id = profiles.resolve(session, customer_id)
    known = next((way for way in pack.verifications if way.key == how and way.kind == "noted"), None)
    if known is None:
        raise Invalid("Say how they proved who they are.", {"how": "choose one of the ways"})
    found = contacts.own(session, customer_id, interaction_id, actor)
    if found.wrapped_at is not None:
        raise Conflict("This contact is wrapped up already.")
    if found.verified_how == how and found.verified(now):
        return found
    hold_verified(session, found, known, actor, now, pack, {})
    return contacts.interaction(session, customer_id, interaction_id)


def hold_verified(
    session: Session, found: Interaction, way: Way, actor: Actor, now: datetime, pack: Pack, data: dict[str, Any]
) -> None:
    """From now on whoever speaks in this contact has proved who they are, for as long as the pack says; on the timeline, how."""
    until = now + timedelta(minutes=pack.verifying.minutes)
    session.execute(
        update(_INTERACTION)
        .where(*contacts.this(found.customer_id, found.interaction_id))
        .values(
            verified_at=now, verified_how=way.key, verified_until=until, verified_stays=pack.verifying.handed_over, proof=None,
            wrong_answers=0, wrong_at=None,
        )
    )  # fmt: skip
    told = {"how": way.key, "how_label": way.label, "until": until.isoformat()} | data
    record(session, found.customer_id, "caller.verified", found.channel, actor, told, now, found.interaction_id)
    contacts.changed_now(session, found.customer_id, found.interaction_id, now)


_ANYBODY = Actor("staff", "", "")


def is_verified(session: Session, customer_id: UUID, actor: Actor) -> bool:
    """Whether this member of staff has the customer on an open contact, verified."""
    if actor.kind != "staff":
        return False
    # By the clock itself: what has ended is masked at once, whichever instant a page is drawn for.
    asked: dict[str, Any] = {"customer_id": customer_id, "staff_id": UUID(actor.id), "now": clock.now()}
    return session.execute(_VERIFIED, asked).scalar() is not None


def mask_for(
    session: Session, profile: Profile, pack: Pack, actor: Actor, snapshots: Iterable[Snapshot] = (),
    contacts: Iterable[Interaction] | None = None, *, in_clear: bool = False,
) -> Mask:  # fmt: skip
    """What this viewer is shown of the customer now; `snapshots` are those that are shown, beside the profile.

    `contacts` are the open ones with the customer, where the caller has read them already. `in_clear`: somebody of the staff
    has asked, with the right to, for what is masked; what is not for their role stays hidden.
    """
    values = [profile.attributes, *(holding.attributes for holding in profile.holdings)]
    values += [{"birth_date": profile.birth_date.isoformat()}] if profile.birth_date else []
    for snapshot in snapshots:
        values += [snapshot.attributes, *(holding.attributes for holding in snapshot.holdings)]
    if in_clear and actor.kind == "staff":
        verified = True
    elif contacts is None:
        verified = is_verified(session, profile.customer_id, actor)
    else:
        verified = any(one.verified(clock.now()) and str(one.staff_id) == actor.id for one in contacts)
    return profiles.mask_of(profile, values, pack, actor, verified)


def mask_for_anybody(profile: Profile, pack: Pack, snapshots: Iterable[Snapshot] = ()) -> Mask:
    """What whoever of the staff passes by is shown of the customer, of whatever role, with nobody on the line."""
    values = [profile.attributes, *(holding.attributes for holding in profile.holdings)]
    values += [snapshot.attributes for snapshot in snapshots]
    return profiles.mask_of(profile, values, pack, _ANYBODY, False)
