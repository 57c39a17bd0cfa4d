"""The log of what was decided by chance: decisions that gave their treatments a probability, what was presented, what came of it."""

from __future__ import annotations

import json
import zlib
from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlmodel import Session

from backend import db
from backend.engine.facts import SAID_NO, TAKEN, Configuration, Ledger
from backend.engine.service import Ranked
from backend.profiles.service import Snapshot
from backend.treatments.asking import ranked_from
from backend.treatments.inputs import unpack_text
from backend.treatments.replaying import configuration_of
from backend.treatments.tables import DecisionRow, OfferRow, SnapshotRow
from shared.kernel.errors import NotFound

_DECISION, _OFFER, _SNAPSHOT = db.table_of(DecisionRow), db.table_of(OfferRow), db.table_of(SnapshotRow)
_BROKEN = (NotFound, ValueError, LookupError, TypeError, zlib.error)
"""What comes of stored inputs that cannot be read any more."""


@dataclass(frozen=True, slots=True)
class Logged:
    """A decision whose first place was put to the customer: what it was made from, its ranking, and whether that was taken."""

    customer_id: UUID
    snapshot: Snapshot
    ledger: Ledger
    configuration: Configuration
    ranked: tuple[Ranked, ...]
    taken: bool


@dataclass(frozen=True, slots=True)
class Log:
    """The decisions that can be learned from, and how many presentations were left out, by why."""

    found: tuple[Logged, ...]
    left_out: Mapping[str, int]


def log(session: Session, first: UUID, before: UUID | None, since: datetime, until: datetime) -> Log:
    """What was presented between two instants to the customers from `first` up to `before` (None: to the end), and is known whole.

    Only confirmed presentations of a decision's own first place tell what its probability says. Left out, and counted: what
    stands on terms that an agent altered (`altered`), was taken back by ourselves or still waits for approval (`void`), was another
    than the first place (`not_first`), was decided before probabilities were kept (`no_probability`), or whose inputs were
    erased or cannot be read (`erased`).
    """
    asked = (
        select(_OFFER)
        .where(*_within(_OFFER, first, before), _OFFER.c.presented_at >= since, _OFFER.c.presented_at < until)
        .order_by(_OFFER.c.customer_id, _OFFER.c.presented_at, _OFFER.c.offer_id)
    )
    offers = session.execute(asked).all()
    decisions = _decisions(session, sorted({row.customer_id for row in offers}), until)
    left_out: Counter[str] = Counter()
    found, seen = [], set()
    for offer in offers:
        why = _void(offer)
        decision = None if why else _at(decisions.get(offer.customer_id, []), offer.presented_at)
        if decision is None:
            left_out[why or "no_probability"] += 1
        elif not decision.ranked or decision.ranked[0].get("offer_id") != str(offer.offer_id):
            left_out["not_first"] += 1
        elif decision.ranked[0].get("first") in (None, 0.0):
            left_out["no_probability"] += 1
        elif decision.decision_id not in seen:
            seen.add(decision.decision_id)
            one = _logged(session, decision, offer.state in TAKEN)
            if one is None:
                left_out["erased"] += 1
            else:
                found.append(one)
    return Log(tuple(found), left_out)


def _void(offer: Any) -> str | None:
    """Why it tells nothing; None where it does. Nobody's answer in the time that counts is a no."""
    if offer.supersedes is not None or offer.state == "superseded" or offer.made_by is not None:
        return "altered"
    if offer.state in ("withdrawn", "pending_approval"):
        return "void"
    known = offer.state in TAKEN or offer.state in SAID_NO or offer.state in ("expired", "presented", "deferred")
    return None if known else "void"


def _decisions(session: Session, customers: Sequence[UUID], until: datetime) -> dict[UUID, list[Any]]:
    """The decisions of these customers, oldest first."""
    found: dict[UUID, list[Any]] = {}
    columns = [_DECISION.c[name] for name in ("customer_id", "decision_id", "made_at", "input_hash", "ranked")]
    for nth in range(0, len(customers), 200):
        some = _DECISION.c.customer_id.in_(customers[nth : nth + 200])
        for row in session.execute(
            select(*columns).where(some, _DECISION.c.made_at < until).order_by(_DECISION.c.decision_id)
        ):
            found.setdefault(row.customer_id, []).append(row)
    return found


def _at(decisions: Sequence[Any], instant: datetime) -> Any | None:
    """The decision that stood then: the last one made by then."""
    place = bisect_right(decisions, instant, key=lambda row: row.made_at)
    return decisions[place - 1] if place else None


def _logged(session: Session, decision: Any, taken: bool) -> Logged | None:
    asked = select(_SNAPSHOT.c.body).where(
        _SNAPSHOT.c.customer_id == decision.customer_id, _SNAPSHOT.c.input_hash == decision.input_hash
    )
    body = session.execute(asked).scalar()
    if body is None:
        return None
    try:
        document = json.loads(unpack_text(body))
        ledger = Ledger.from_json(document["ledger"])
        named = {offer.catalogue_version for offer in ledger.offers}
        configuration = configuration_of(session, document["configuration"], named)
        snapshot = Snapshot.from_json(document["snapshot"])
        return Logged(decision.customer_id, snapshot, ledger, configuration, ranked_from(decision.ranked), taken)
    except _BROKEN:
        return None


def _within(table: Any, first: UUID, before: UUID | None) -> tuple[Any, ...]:
    return (table.c.customer_id >= first, *(() if before is None else (table.c.customer_id < before,)))
