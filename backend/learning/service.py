"""Learning: examples in, chances out. The door of this room; what is pure is imported from its modules by the engine."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy import delete, select
from sqlmodel import Session

from backend import db, moving
from backend.learning.epoch import NOTHING_LEARNED, Epoch, Exploring, Odds, epoch_of
from backend.learning.examples import Example, Told
from backend.learning.fitting import Answers, Arm, Believed, decayed, fit
from backend.learning.judging import Bin, Judged, by_chance, histogram, judged, shifted, stability
from backend.learning.normal import chance_of
from backend.learning.packing import named
from backend.learning.storing import (
    EPOCH,
    EXAMPLE,
    LATEST,
    digest_of,
    due,
    epoch,
    epochs,
    examples_of,
    forget,
    forget_old,
    keep,
    latest,
    learned_since,
    publish,
    report_of,
    settle,
    state_of,
    taken_since,
    told,
)
from backend.moving import Kept, Moved, Since

__all__ = [
    "EPOCH", "LATEST", "NOTHING_LEARNED", "Answers", "Arm", "Believed", "Bin", "Epoch", "Example", "Exploring", "Judged", "Odds",
    "Told", "by_chance", "chance_of", "decayed", "digest_of", "due", "epoch", "epoch_of", "epochs", "erase_customer", "examples_of",
    "export_customer", "fit", "forget", "forget_old", "histogram", "judged", "keep", "keys_of", "latest", "learned_since", "move_customer",
    "move_customer_back", "named", "publish", "report_of", "settle", "shifted", "stability", "state_of", "taken_since", "told", "vector",
]  # fmt: skip


def export_customer(session: Session, customer_id: UUID) -> dict[str, list[dict[str, Any]]]:
    """Every example made of the customer's presentations, its numbers as plain ones."""
    rows = [dict(row._mapping) for row in session.execute(select(EXAMPLE).where(EXAMPLE.c.customer_id == customer_id))]
    for row in rows:
        row["x"] = _numbers(row["x"])
    return {EXAMPLE.name: rows}


def erase_customer(session: Session, customer_id: UUID) -> int:
    """Deletes the customer's examples: the next epoch has not learned from them. Gives how many there were."""
    return db.touched(session.execute(delete(EXAMPLE).where(EXAMPLE.c.customer_id == customer_id)))


def move_customer(session: Session, from_id: UUID, to_id: UUID) -> list[Moved]:
    """The examples follow their offers to the survivor."""
    return [moving.move(session, EXAMPLE, from_id, to_id)]


def keys_of(session: Session, customer_id: UUID, offers: Collection[str]) -> dict[str, list[list[str]]]:
    """The keys of the customer's examples of these offers, by table."""
    wanted = [UUID(one) for one in sorted(offers)]
    mine = (EXAMPLE.c.customer_id == customer_id, EXAMPLE.c.offer_id.in_(wanted))
    return {EXAMPLE.name: [[str(one)] for one in session.execute(select(EXAMPLE.c.offer_id).where(*mine)).scalars()]}


def move_customer_back(session: Session, from_id: UUID, to_id: UUID, kept: Kept, since: Since) -> None:
    """Each goes where its offer goes again. A merge of before examples were made moved none."""
    if EXAMPLE.name in kept:
        moving.move_back(session, EXAMPLE, from_id, to_id, kept, since)


def vector(values: Sequence[float]) -> Any:
    """The numbers as the epochs' functions take them."""
    return np.array(values, dtype=float)


def _numbers(body: bytes) -> Sequence[float]:
    numbers: list[float] = np.frombuffer(body, dtype="<f8").tolist()
    return numbers
