"""What the desk shows beside the profile, and is seldom there: waiting credits, representatives, households, cut-offs, in one read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, exists, select, true
from sqlmodel import Session

from backend.matrix.types import Pack
from backend.profiles.queries import CREDIT, CUSTOMER, MEMBERSHIP, REPRESENTATIVE
from backend.profiles.rfm import Cuts
from backend.profiles.scoring import NEWEST_CUTS, cuts_in
from backend.profiles.types import Credit, Representative
from shared.kernel.money import Money

_ID: Any = bindparam("customer_id")
_REPRESENTATIVE = tuple(REPRESENTATIVE.c[name] for name in Representative.__slots__)
_CREDIT = (CREDIT.c.credit_id, CREDIT.c.text, CREDIT.c.amount_minor, CREDIT.c.currency)
_WAITS = (CREDIT.c.customer_id == CUSTOMER.c.customer_id) & CREDIT.c.bill_id.is_(None)
_BELONGS = exists().where(MEMBERSHIP.c.customer_id == CUSTOMER.c.customer_id, MEMBERSHIP.c.until.is_(None))
_FIRST = 1 + len(NEWEST_CUTS.c)
# Asked by every page of the desk, so built once. Each of the few credits comes with each of the few representatives.
_BESIDE = (
    select(_BELONGS, *NEWEST_CUTS.c, *_CREDIT, *_REPRESENTATIVE)
    .select_from(
        CUSTOMER.outerjoin(NEWEST_CUTS, true())
        .outerjoin(CREDIT, _WAITS)
        .outerjoin(REPRESENTATIVE, REPRESENTATIVE.c.customer_id == CUSTOMER.c.customer_id)
    )
    .where(CUSTOMER.c.customer_id == _ID)
    .order_by(
        CREDIT.c.booked_at,
        CREDIT.c.credit_id,
        REPRESENTATIVE.c.ended_at.is_not(None),
        REPRESENTATIVE.c.representative_id,
    )
)


@dataclass(frozen=True, slots=True)
class Beside:
    """What `waiting_credits` and `representatives` give, each in its order; whether they belong to any household or account;
    and the day's cut-offs, as `cuts_now` gives them."""

    credits: tuple[Credit, ...]
    representatives: tuple[Representative, ...]
    belongs: bool
    cuts: Cuts | None


def beside(session: Session, customer_id: UUID, pack: Pack) -> Beside:
    """What stands beside this customer's profile. The pack in force says by what it scores."""
    belongs, cuts = False, None
    credits: dict[UUID, Credit] = {}
    persons: dict[UUID, Representative] = {}
    for row in session.execute(_BESIDE, {"customer_id": customer_id}):
        belongs, cuts = bool(row[0]), cuts or cuts_in(row[1:_FIRST], pack)
        credit_id, text, minor, currency, *person = row[_FIRST:]
        if credit_id is not None:
            credits.setdefault(credit_id, Credit(credit_id, text, Money(minor, currency), None))
        if person[0] is not None:
            persons.setdefault(person[0], Representative(*person))
    return Beside(tuple(credits.values()), tuple(persons.values()), belongs, cuts)
