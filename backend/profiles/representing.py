"""Who may act, or be told, in a customer's place: by what authority, from which day until which."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, insert, select, update
from sqlmodel import Session

from backend import db
from backend.profiles.queries import CUSTOMER, REPRESENTATIVE
from backend.profiles.types import RELATIONS, Representative
from shared.kernel import clock, ids
from shared.kernel.errors import Conflict, Invalid, NotFound

LONGEST_NAME = 120
LONGEST_AUTHORITY = 300
_COLUMNS = tuple(REPRESENTATIVE.c[name] for name in Representative.__slots__)
_ID: Any = bindparam("customer_id")
# Asked by every page of a customer, so built once.
_ALL = (
    select(*_COLUMNS)
    .where(REPRESENTATIVE.c.customer_id == _ID)
    .order_by(REPRESENTATIVE.c.ended_at.is_not(None), REPRESENTATIVE.c.representative_id)
)
_ONE = _ALL.where(REPRESENTATIVE.c.representative_id == bindparam("representative_id"))
_ZONE = select(CUSTOMER.c.timezone).where(CUSTOMER.c.customer_id == _ID)


def representatives(session: Session, customer_id: UUID) -> tuple[Representative, ...]:
    """All who ever might act for the customer; those whose authority was ended come last."""
    return tuple(Representative(*row) for row in session.execute(_ALL, {"customer_id": customer_id}))


def representative(session: Session, customer_id: UUID, representative_id: UUID) -> Representative:
    """Raises NotFound, for another customer's too."""
    asked = {"customer_id": customer_id, "representative_id": representative_id}
    row = session.execute(_ONE, asked).one_or_none()
    if row is None:
        raise NotFound("There is no such representative of this customer.")
    return Representative(*row)


def local_today(session: Session, customer_id: UUID, now: datetime) -> date:
    """The day that it is where the customer lives. Raises NotFound."""
    zone = session.execute(_ZONE, {"customer_id": customer_id}).scalar()
    if zone is None:
        raise NotFound("There is no such customer.")
    return clock.local_day(now, zone)


def add_representative(
    session: Session, customer_id: UUID, *, name: str, relation: str, authority: str, may_act: bool,
    from_day: date | None, until: date | None, by: str, now: datetime,
) -> Representative:  # fmt: skip
    """Writes down who may act; no first day given: from today. The caller tells of it.

    Raises NotFound, and Invalid without a name or the words of what was seen, for an unknown relation, and for a last day
    that is over or before the first.
    """
    today = local_today(session, customer_id, now)
    name, authority, from_day = " ".join(name.split()), " ".join(authority.split()), from_day or today
    errors = {}
    if not name:
        errors["name"] = "Write the person's name."
    elif len(name) > LONGEST_NAME:
        errors["name"] = f"Keep the name to {LONGEST_NAME} characters."
    if relation not in RELATIONS:
        errors["relation"] = f"Choose one of {', '.join(RELATIONS)}."
    if not authority:
        errors["authority"] = "Write what you saw, such as “Power of attorney of 3 May 2026, seen”."
    elif len(authority) > LONGEST_AUTHORITY:
        errors["authority"] = f"Keep it to {LONGEST_AUTHORITY} characters."
    if until is not None and until < from_day:
        errors["until"] = "The last day must not be before the first."
    elif until is not None and until < today:
        errors["until"] = "This day is over already."
    if errors:
        raise Invalid("Please check who may act for this customer.", errors)
    representative_id = ids.uuid7()
    row = {
        "customer_id": customer_id, "representative_id": representative_id, "name": name, "relation": relation, "authority": authority,
        "may_act": may_act, "from_day": from_day, "until": until, "recorded_by": by, "recorded_at": now,
    }  # fmt: skip
    session.execute(insert(REPRESENTATIVE), row)
    return representative(session, customer_id, representative_id)


def end_representative(
    session: Session, customer_id: UUID, representative_id: UUID, *, by: str, now: datetime
) -> Representative:
    """Their authority is over from now on. Raises NotFound, and Conflict where it was ended already."""
    found = representative(session, customer_id, representative_id)
    ended = session.execute(
        update(REPRESENTATIVE)
        .where(REPRESENTATIVE.c.customer_id == customer_id, REPRESENTATIVE.c.representative_id == representative_id)
        .where(REPRESENTATIVE.c.ended_at.is_(None))
        .values(ended_by=by, ended_at=now)
    )
    if db.touched(ended) != 1:
        raise Conflict(f"The authority of {found.name} was ended already, by {found.ended_by}.")
    return representative(session, customer_id, representative_id)
