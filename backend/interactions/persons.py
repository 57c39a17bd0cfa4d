"""With whom an agent speaks: the customer, or someone who may act for them; each act of the contact names that person."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlmodel import Session

from backend import db
from backend.interactions.tables import InteractionRow
from backend.profiles import service as profiles
from backend.profiles.service import Representative
from shared.kernel.actors import Actor

_INTERACTION = db.table_of(InteractionRow)
_PERSON = select(_INTERACTION.c.person_id).where(
    _INTERACTION.c.customer_id == bindparam("customer_id"), _INTERACTION.c.staff_id == bindparam("staff_id")
)
# Asked by every event that staff record, so built once.
_OPEN = _PERSON.where(_INTERACTION.c.wrapped_at.is_(None)).order_by(_INTERACTION.c.interaction_id.desc()).limit(1)
_THIS = _PERSON.where(_INTERACTION.c.interaction_id == bindparam("interaction_id"))


def person_with(
    session: Session, customer_id: UUID, actor: Actor, interaction_id: UUID | None = None
) -> Representative | None:
    """The representative with whom this agent speaks, in that contact or the one that is open; None for the customer."""
    if actor.kind != "staff":
        return None
    asked: dict[str, Any] = {"customer_id": customer_id, "staff_id": UUID(actor.id)}
    if interaction_id is not None:
        person_id = session.execute(_THIS, asked | {"interaction_id": interaction_id}).scalar()
    else:
        person_id = session.execute(_OPEN, asked).scalar()
    return None if person_id is None else profiles.representative(session, customer_id, person_id)


def named(session: Session, customer_id: UUID, actor: Actor, interaction_id: UUID | None = None) -> dict[str, Any]:
    """What an event or the trail keeps of that person: `{"person": {"id", "name", "relation"}}`; empty for the customer."""
    person = person_with(session, customer_id, actor, interaction_id)
    if person is None:
        return {}
    return {"person": {"id": str(person.representative_id), "name": person.name, "relation": person.relation}}
