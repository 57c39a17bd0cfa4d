"""A representative, carer or executor acts for the customer: authority put on record and ended, chosen for a contact, asked."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import update
from sqlmodel import Session

from backend.interactions import contacts
from backend.interactions.persons import person_with
from backend.interactions.timeline import record
from backend.interactions.types import Interaction
from backend.profiles import service as profiles
from backend.profiles.service import Representative
from backend.record import service as changes
from shared.kernel.actors import Actor
from shared.kernel.errors import Conflict, NoAuthority


def record_representative(
    session: Session, customer_id: UUID, *, name: str, relation: str, authority: str, may_act: bool, actor: Actor, now: datetime,
    from_day: date | None = None, until: date | None = None, channel: str | None = None,
) -> Representative:  # fmt: skip
    """Puts on record who may act for the customer and by what authority; both read of it. Raises NotFound and Invalid."""
    customer_id = profiles.resolve(session, customer_id)
    made = profiles.add_representative(
        session, customer_id, name=name, relation=relation, authority=authority, may_act=may_act, from_day=from_day, until=until,
        by=actor.name, now=now,
    )  # fmt: skip
    _told(session, customer_id, "representative.recorded", made, actor, now, channel)
    return made


def end_representative(
    session: Session, customer_id: UUID, representative_id: UUID, *, actor: Actor, now: datetime, channel: str | None = None
) -> Representative:  # fmt: skip
    """Ends their authority, in a contact that goes on too. Raises NotFound, and Conflict where it was ended already."""
    customer_id = profiles.resolve(session, customer_id)
    ended = profiles.end_representative(session, customer_id, representative_id, by=actor.name, now=now)
    _told(session, customer_id, "representative.ended", ended, actor, now, channel)
    return ended


def speak_with(
    session: Session, customer_id: UUID, interaction_id: UUID, representative_id: UUID | None, actor: Actor, now: datetime
) -> Interaction:  # fmt: skip
    """Says with whom the agent speaks in this contact; None for the customer. Every act from now on names that person.

    Raises NotFound, NoAuthority for someone whose authority does not hold today, and Conflict for a colleague's contact or
    one that is wrapped up.
    """
    customer_id = profiles.resolve(session, customer_id)
    found = contacts.own(session, customer_id, interaction_id, actor)
    if found.wrapped_at is not None:
        raise Conflict("This contact is wrapped up already.")
    if representative_id is not None:
        person = profiles.representative(session, customer_id, representative_id)
        if not person.holds(profiles.local_today(session, customer_id, now)):
            raise NoAuthority(f"The authority of {person.name} does not hold today.")
    session.execute(
        update(contacts.INTERACTION)
        .where(*contacts.this(customer_id, interaction_id))
        # Somebody else speaks now: whoever proved who they are was not this one.
        .values(person_id=representative_id, **({} if found.person_id == representative_id else contacts.UNVERIFIED))
    )
    contacts.changed_now(session, customer_id, interaction_id, now)
    return contacts.interaction(session, customer_id, interaction_id)


def require_authority(session: Session, customer_id: UUID, actor: Actor, now: datetime) -> None:
    """Raises NoAuthority where the agent speaks with someone who may not answer in the customer's place today."""
    person = person_with(session, customer_id, actor)
    if person is None:
        return
    if not person.holds(profiles.local_today(session, customer_id, now)):
        raise NoAuthority(
            f"You speak with {person.name}, whose authority no longer holds: nothing can be answered in the customer's place."
        )
    if not person.may_act:
        raise NoAuthority(
            f"You speak with {person.name}, who may be told but not answer in the customer's place. "
            "The customer can answer on the portal, or when you speak with them."
        )


def _told(
    session: Session, customer_id: UUID, kind: str, one: Representative, actor: Actor, now: datetime, channel: str | None
) -> None:  # fmt: skip
    data = {
        "representative_id": str(one.representative_id), "name": one.name, "relation": one.relation, "may_act": one.may_act,
        "from": one.from_day.isoformat(), "until": one.until.isoformat() if one.until else None,
    }  # fmt: skip
    record(session, customer_id, kind, channel, actor, data, now)
    changes.audit(
        session, actor=actor, action=kind, subject=str(one.representative_id), customer_id=customer_id,
        payload=data | {"authority": one.authority}, now=now,
    )  # fmt: skip
    # The strips of open contacts offer those alone whose authority holds.
    for contact in contacts.open_with_customer(session, customer_id):
        contacts.changed_now(session, customer_id, contact.interaction_id, now)
