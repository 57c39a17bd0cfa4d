"""What learning may read of offers: what was presented to whom, what came of it, and what the decision that presented it knew."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlmodel import Session

from backend import db
from backend.engine.facts import SAID_NO, TAKEN
from backend.treatments.tables import DecisionRow, OfferRow

_OFFER, _DECISION = db.table_of(OfferRow), db.table_of(DecisionRow)
_READ = tuple(
    _OFFER.c[name]
    for name in (
        "customer_id", "offer_id", "treatment", "subject", "state", "presented_at", "presented_on", "presented_channel",
        "answered_at", "answered_on", "supersedes",
    )
)  # fmt: skip
_BEFORE = (
    select(
        _DECISION.c.catalogue_version, _DECISION.c.model_epoch, _DECISION.c.ranked, _DECISION.c.features, _DECISION.c.made_at
    )
    .where(
        _DECISION.c.customer_id == bindparam("customer_id"),
        _DECISION.c.made_at <= bindparam("at"),
        _DECISION.c.features.is_not(None),
    )
    .order_by(_DECISION.c.decision_id.desc())
    .limit(1)
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Presented:
    """One offer that the customer was told of, and what came of it."""

    customer_id: UUID
    offer_id: UUID
    treatment: str
    subject: str
    state: str
    at: datetime
    day: date
    channel: str
    answered_on: date | None

    @property
    def taken(self) -> bool | None:
        """Whether it was taken up; None while nothing came of it yet. What was taken back was not taken."""
        if self.state in TAKEN:
            return True
        return False if self.state in SAID_NO or self.state == "expired" else None

    @property
    def void(self) -> bool:
        """Whether it tells nothing: we took it back ourselves, or other terms came in its place."""
        return self.state in ("withdrawn", "superseded")


@dataclass(frozen=True, slots=True)
class Lesson:
    """What the decision knew that stood when the offer was presented: the customer's features, and the chance that it foretold."""

    catalogue_version: int
    epoch: int
    features: tuple[float, ...]
    history: tuple[float, ...]
    chance: float | None
    """None where the decision had not ranked it: somebody chose it in place of the recommended."""


def presented(session: Session, customer_ids: Collection[UUID]) -> list[Presented]:
    """Every offer of these customers that they were told of on the engine's own terms; those that an agent altered are left out."""
    if not customer_ids:
        return []
    told = (
        _OFFER.c.customer_id.in_(sorted(customer_ids)),
        _OFFER.c.presented_at.is_not(None),
        _OFFER.c.supersedes.is_(None),
    )
    return [
        Presented(
            row.customer_id, row.offer_id, row.treatment, row.subject, row.state, row.presented_at, row.presented_on,
            row.presented_channel or "", row.answered_on,
        )
        for row in session.execute(select(*_READ).where(*told).order_by(_OFFER.c.offer_id))
    ]  # fmt: skip


def lesson(session: Session, one: Presented) -> Lesson | None:
    """What was known when it was presented; None where no decision of then is kept, or it knew no features."""
    row: Any = session.execute(_BEFORE, {"customer_id": one.customer_id, "at": one.at}).one_or_none()
    if row is None or not row.features:
        return None
    ranked = next((r for r in row.ranked if (r["treatment"], r["subject"]) == (one.treatment, one.subject)), None)
    return Lesson(
        row.catalogue_version, row.model_epoch, tuple(row.features),
        tuple(ranked.get("history", ())) if ranked else (), ranked["factors"]["propensity"] if ranked else None,
    )  # fmt: skip
