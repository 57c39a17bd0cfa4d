"""What is counted of offers beside their events: what each gives away, and what its decision thought it worth."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlmodel import Session

from backend import db
from backend.treatments.tables import DecisionRow, OfferRow

_OFFER, _DECISION = db.table_of(OfferRow), db.table_of(DecisionRow)
_BEFORE = (
    select(_DECISION.c.ranked)
    .where(_DECISION.c.customer_id == bindparam("customer_id"), _DECISION.c.made_at <= bindparam("at"))
    .order_by(_DECISION.c.decision_id.desc())
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class Thought:
    """What the decision that stood then thought: the value of a treatment in major units, and what it put first."""

    value: float
    first: str


def conceded(session: Session, customer_ids: Collection[UUID]) -> dict[UUID, float]:
    """By offer what it gives away, in major units; only those that give something."""
    asked = select(_OFFER.c.offer_id, _OFFER.c.concession).where(
        _OFFER.c.customer_id.in_(sorted(customer_ids)), _OFFER.c.concession > 0, _OFFER.c.state != "open"
    )
    return {row.offer_id: row.concession for row in session.execute(asked)}


def decided_for(session: Session, customer_ids: Collection[UUID]) -> frozenset[UUID]:
    """Those of these customers of whom any decision is kept."""
    asked = select(_DECISION.c.customer_id).where(_DECISION.c.customer_id.in_(sorted(customer_ids))).distinct()
    return frozenset(session.execute(asked).scalars()) if customer_ids else frozenset()


def thought_of(session: Session, customer_id: UUID, treatment: str, at: datetime) -> Thought:
    """What was thought of the treatment at that instant, as far as the decision is still kept."""
    ranked: Any = session.execute(_BEFORE, {"customer_id": customer_id, "at": at}).scalar() or ()
    value = next((row["factors"]["value"] for row in ranked if row["treatment"] == treatment), 0.0)
    return Thought(float(value), ranked[0]["treatment"] if ranked else "")
