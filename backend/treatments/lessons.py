"""What learning may read of offers: what was presented to whom, what came of it, and what the decision that presented it knew."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
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
_PRESENTED = (
    select(*_READ)
    .where(
        _OFFER.c.customer_id.in_(bindparam("customers", expanding=True)),
        _OFFER.c.presented_at.is_not(None),
        _OFFER.c.supersedes.is_(None),
    )
    .order_by(_OFFER.c.offer_id)
)
_NEVER_DONE = (
    select(_OFFER.c.customer_id)
    .where(
        _OFFER.c.state == "accepted",
        _OFFER.c.answered_on >= bindparam("since"),
        _OFFER.c.answered_on <= bindparam("until"),
        _OFFER.c.supersedes.is_(None),
    )
    .distinct()
)
_WHEN = select(_DECISION.c.customer_id, _DECISION.c.decision_id, _DECISION.c.made_at).where(
    _DECISION.c.customer_id.in_(bindparam("customers", expanding=True)), _DECISION.c.features.is_not(None)
)
_KNEW = select(
    *(_DECISION.c[name] for name in ("decision_id", "catalogue_version", "model_epoch", "ranked", "features"))
).where(
    _DECISION.c.customer_id.in_(bindparam("customers", expanding=True)),
    _DECISION.c.decision_id.in_(bindparam("decisions", expanding=True)),
)


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
    def done(self) -> bool:
        """Whether what was taken up was done for the customer."""
        return self.state == "fulfilled"

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
    return [
        Presented(
            row.customer_id, row.offer_id, row.treatment, row.subject, row.state, row.presented_at, row.presented_on,
            row.presented_channel or "", row.answered_on,
        )
        for row in db.connection(session).execute(_PRESENTED, {"customers": sorted(customer_ids)})
    ]  # fmt: skip


def never_done(session: Session, since: date, until: date) -> list[UUID]:
    """Customers who accepted something between these days that is not done for them to this day."""
    return list(session.execute(_NEVER_DONE, {"since": since, "until": until}).scalars())


def lessons(session: Session, those: Sequence[Presented]) -> dict[UUID, Lesson]:
    """By offer, what was known when it was presented; those are left out of which no decision of then is kept, or none with features."""
    of = _decisions_of(session, those)
    wanted = sorted({(one.customer_id, of[one.offer_id]) for one in those if one.offer_id in of})
    if not wanted:
        return {}
    asked = {"customers": sorted({one for one, _ in wanted}), "decisions": [decision for _, decision in wanted]}
    knew = {row.decision_id: row for row in db.connection(session).execute(_KNEW, asked)}
    found = {}
    for one in those:
        row = knew.get(of.get(one.offer_id))
        if row is None or not row.features:
            continue
        ranked = next((r for r in row.ranked if (r["treatment"], r["subject"]) == (one.treatment, one.subject)), None)
        found[one.offer_id] = Lesson(
            row.catalogue_version, row.model_epoch, tuple(row.features),
            tuple(ranked.get("history", ())) if ranked else (), ranked["factors"]["propensity"] if ranked else None,
        )  # fmt: skip
    return found


def _decisions_of(session: Session, those: Sequence[Presented]) -> dict[UUID, UUID]:
    """By offer, the latest decision that was made before it was presented."""
    made: dict[UUID, list[tuple[datetime, UUID]]] = {}
    customers = sorted({one.customer_id for one in those})
    for row in db.connection(session).execute(_WHEN, {"customers": customers}):
        made.setdefault(row.customer_id, []).append((row.made_at, row.decision_id))
    found = {}
    for one in those:
        before = [pair for pair in made.get(one.customer_id, ()) if pair[0] <= one.at]
        if before:
            found[one.offer_id] = max(before)[1]
    return found
