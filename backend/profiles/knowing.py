"""Whom an identifier names, and who is known by one from now on. Each names one customer, whoever races to claim it."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, insert, select, update
from sqlmodel import Session

from backend.profiles import identity, queries
from backend.profiles.bulk import NewCustomer, enrol
from shared.kernel import ids

NAMELESS = "Unnamed prospect"
ANONYMOUS = "Anonymous visitor"


def owners(session: Session, kind: str, values: Collection[str]) -> dict[str, UUID]:
    """Whom each of these identifiers of one kind names, by the identifier as it was given; the unknown are missing."""
    spelled = {value: found for value in values if (found := identity.normalise(kind, value)) is not None}
    if not spelled:
        return {}
    claim = queries.CLAIM.c
    asked = select(claim.value, claim.customer_id).where(
        claim.kind == kind, claim.value.in_(sorted({*spelled.values()}))
    )
    known = {row.value: row.customer_id for row in session.execute(asked)}
    return {value: known[one] for value, one in spelled.items() if one in known}


def anonymous(session: Session, customer_ids: Collection[UUID]) -> frozenset[UUID]:
    """Those of them of whom nothing is known but the device."""
    if not customer_ids:
        return frozenset()
    columns = queries.CUSTOMER.c
    asked = select(columns.customer_id).where(columns.customer_id.in_(sorted(customer_ids)), columns.is_anonymous)
    return frozenset(session.execute(asked).scalars())


def everyone_after(session: Session, after: UUID | None, most: int) -> tuple[UUID, ...]:
    """The next so many customers after this id, in the order of their ids; those who are listed nowhere too."""
    columns = queries.CUSTOMER.c
    asked = select(columns.customer_id).where(columns.customer_id > (after or UUID(int=0)))
    asked = asked.order_by(columns.customer_id).limit(most)
    return tuple(session.execute(asked).scalars())


def be_known_by(session: Session, customer_id: UUID, kind: str, value: str) -> UUID:
    """The customer is known by this identifier from now on, unless somebody is already; gives whom it names.

    Two who claim it at once: one of them raises Conflict at the end. Raises ValueError for what is no identifier of its kind.
    """
    spelled = identity.normalise(kind, value)
    if spelled is None:
        raise ValueError(f"This is no identifier of kind {kind}.")
    known: UUID | None = session.execute(queries.CLAIMED, {"kind": kind, "value": spelled}).scalar()
    if known is not None:
        return known
    row = {"customer_id": customer_id, "kind": kind, "value": spelled}
    session.execute(insert(queries.CLAIM), row)
    session.execute(insert(queries.IDENTIFIER), row)
    return customer_id


def no_longer_known_by(session: Session, customer_id: UUID, kind: str, value: str) -> None:
    """The customer gave this identifier up: it names nobody, until somebody is known by it. `value` as `normalise` spells it."""
    for table in (queries.IDENTIFIER, queries.CLAIM):
        columns = table.c
        session.execute(
            delete(table).where(columns.kind == kind, columns.value == value, columns.customer_id == customer_id)
        )


def hand_over(session: Session, kind: str, value: str, before: UUID, after: UUID) -> None:
    """The identifier names another customer from now on: a device that somebody else uses."""
    for table in (queries.CLAIM, queries.IDENTIFIER):
        columns = table.c
        session.execute(
            update(table)
            .where(columns.kind == kind, columns.value == value, columns.customer_id == before)
            .values(customer_id=after)
        )


def enter_prospect(
    session: Session, name: str, identifiers: Mapping[str, str], timezone: str, language: str, now: datetime, *, anonymous: bool = False
) -> UUID:  # fmt: skip
    """Enters somebody new, known by these identifiers (by kind) and a number of their own, and gives their id.

    An identifier that somebody else holds stays theirs. `anonymous`: nothing is known of them but the device.
    """
    customer_id = ids.uuid7(now)
    number = f"{'V' if anonymous else 'P'}{secrets.randbelow(10**9):09}"
    known = {kind: value for kind, value in identifiers.items() if value}
    new = NewCustomer(
        customer_id=customer_id, number=number, name=name or (ANONYMOUS if anonymous else NAMELESS),
        phone=known.get("phone"), email=known.get("email"), birth_date=None, attributes={}, facts={},
        identifiers=(("number", number), *known.items()), bills=(), consents=(), timezone=timezone, language=language,
        made_up=False, created_at=now, is_anonymous=anonymous,
    )  # fmt: skip
    enrol(session, [new])
    return customer_id
