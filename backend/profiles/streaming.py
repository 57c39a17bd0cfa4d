"""Many profiles at once, for work over the whole base: a few queries for each chunk, in the order of the ids."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlmodel import Session

from backend.profiles.keeping_out import NO_NAME, is_closed
from backend.profiles.queries import CONSENT, CUSTOMER, MOMENT
from backend.profiles.types import Consent, Holding, Moment, Profile

_MOMENT = ("version", "stage", "intent", "source", "channel", "set_at", "fades_at")
_PROFILE = (
    "customer_id", "number", "name", "attributes", "facts", "version", "timezone", "language", "made_up", "birth_date",
    "restricted",
)  # fmt: skip
_LISTED = CUSTOMER.c.is_anonymous.is_(False)
"""Of whom the device alone is known, nothing is worked out over the whole base."""
_UNSAID = datetime.min.replace(tzinfo=UTC)


def count(session: Session) -> int:
    """How many customers there are."""
    return int(session.execute(select(func.count()).select_from(CUSTOMER).where(_LISTED)).scalar_one())


def beginnings(session: Session, size: int) -> list[UUID]:
    """The id with which each chunk of so many customers begins."""
    numbered = (
        select(CUSTOMER.c.customer_id, func.row_number().over(order_by=CUSTOMER.c.customer_id).label("place"))
        .where(_LISTED)
        .subquery()
    )
    firsts = select(numbered.c.customer_id).where(numbered.c.place % size == 1 % size).order_by(numbered.c.place)
    return list(session.execute(firsts).scalars())


def between(session: Session, first: UUID, before: UUID | None) -> list[Profile]:
    """The profiles from one id up to another, which is no longer among them, or to the end.

    For deciding alone: without telephone and e-mail, and of consents what is allowed, not when and in which words.
    """

    def chunk(table: Any) -> Any:
        from_here = table.c.customer_id >= first
        return from_here if before is None else from_here & (table.c.customer_id < before)

    moments = {row[0]: row for row in session.execute(
        select(MOMENT.c.customer_id, *(MOMENT.c[name] for name in _MOMENT)).where(chunk(MOMENT))
    )}  # fmt: skip
    consents: dict[UUID, list[Consent]] = {}
    said = select(CONSENT.c.customer_id, CONSENT.c.purpose, CONSENT.c.channel, CONSENT.c.state).where(chunk(CONSENT))
    for customer_id, purpose, channel, state in session.execute(said.order_by(*CONSENT.primary_key)):
        consents.setdefault(customer_id, []).append(Consent(purpose, channel, state, "", "", _UNSAID))
    people = (
        select(*(CUSTOMER.c[name] for name in _PROFILE), CUSTOMER.c.holdings)
        .where(chunk(CUSTOMER), _LISTED)
        .order_by(CUSTOMER.c.customer_id)
    )
    return [
        Profile(
            **dict(zip(_PROFILE, row[:-1], strict=True)),
            moment=Moment(*moments[row[0]][1:]) if row[0] in moments else None,
            consents=tuple(consents.get(row[0], ())),
            holdings=tuple(Holding(**holding) for holding in row.holdings),
        )
        for row in session.execute(people)
    ]


def some_from(session: Session, first: UUID, most: int) -> list[Profile]:
    """The next so many profiles from this id on, without moments and consents: for rules over what is known of a customer."""
    return profiles_where(session, (CUSTOMER.c.customer_id >= first) & _LISTED, most)


def profiles_where(session: Session, condition: ColumnElement[bool], most: int | None = None) -> list[Profile]:
    """The same for whomever this holds, in the order of their ids; whom one may not open has no name."""
    people = (
        select(*(CUSTOMER.c[name] for name in _PROFILE), CUSTOMER.c.holdings)
        .where(condition)
        .order_by(CUSTOMER.c.customer_id)
        .limit(most)
    )
    found = [
        Profile(
            **dict(zip(_PROFILE, row[:-1], strict=True)), moment=None,
            holdings=tuple(Holding(**holding) for holding in row.holdings),
        )
        for row in session.execute(people)
    ]  # fmt: skip
    return [
        replace(one, name=NO_NAME, number="") if one.restricted and is_closed(session, one.restricted) else one
        for one in found
    ]
