"""Epochs as they are kept, read once per process, and the examples that they are made of."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy import bindparam, delete, func, select, update
from sqlmodel import Session

from backend import db, tidying
from backend.learning.epoch import NOTHING_LEARNED, Epoch
from backend.learning.examples import Example, Told
from backend.learning.packing import packed, unpacked
from backend.learning.tables import EpochRow, ExampleRow, ShapeRow
from shared.kernel.errors import NotFound

EPOCH, EXAMPLE, SHAPE = db.table_of(EpochRow), db.table_of(ExampleRow), db.table_of(ShapeRow)
MOST_KEPT = 24
"""Epochs in a process: those of one day, and what a replay asks for."""
LATEST = select(EPOCH.c.number, EPOCH.c.digest).order_by(EPOCH.c.number.desc()).limit(1).subquery("epoch_in_force")
"""The epoch in force, its number and digest, for a join; no row before the first."""
_BODY = select(EPOCH.c.digest, EPOCH.c.body).where(EPOCH.c.number == bindparam("number"))
_KEPT_OF = select(EXAMPLE.c.customer_id, EXAMPLE.c.offer_id, EXAMPLE.c.state).where(
    EXAMPLE.c.customer_id.in_(bindparam("customers", expanding=True))
)
_kept: dict[tuple[int, str], Epoch] = {}
_reading = threading.Lock()


def epoch(session: Session, number: int, digest: str | None = None) -> Epoch:
    """The epoch of this number; with its digest no statement is needed once the process knows it. Raises NotFound."""
    if number == 0:
        return NOTHING_LEARNED
    found = _kept.get((number, digest)) if digest is not None else None
    if found is not None:
        return found
    with _reading:
        row = session.execute(_BODY, {"number": number}).one_or_none()
        if row is None:
            raise NotFound(f"There is no model epoch {number}.")
        found = _kept.get((number, row.digest))
        if found is None:
            found = unpacked(number, row.body)
            if found.digest == row.digest:
                while len(_kept) >= MOST_KEPT:
                    _kept.pop(next(iter(_kept)))
                _kept[number, row.digest] = found
    return found


def latest(session: Session) -> Epoch:
    """The epoch in force; epoch 0 before the first."""
    row = session.execute(select(LATEST)).one_or_none()
    return NOTHING_LEARNED if row is None else epoch(session, row.number, row.digest)


def digest_of(session: Session, number: int) -> str:
    """The name of what is stored under this number now, worked out anew: another one where somebody changed it."""
    if number == 0:
        return ""
    row = session.execute(_BODY, {"number": number}).one_or_none()
    return "" if row is None else unpacked(number, row.body).digest


def publish(session: Session, made: Epoch, examples: int, report: Mapping[str, Any], now: datetime) -> bool:
    """Puts the epoch in force; False where another process published one of this number meanwhile."""
    digest, body = packed(made)
    row = {
        "number": made.number,
        "made_at": now,
        "digest": digest,
        "body": body,
        "examples": examples,
        "report": dict(report),
    }
    return bool(db.upsert(session, EPOCH, [row], key=("number",)))


def report_of(session: Session, number: int | None = None) -> Any:
    """The row of an epoch without its body; the one in force where none is named; None before the first."""
    asked = select(EPOCH.c.number, EPOCH.c.made_at, EPOCH.c.digest, EPOCH.c.examples, EPOCH.c.report)
    asked = asked.order_by(EPOCH.c.number.desc()).limit(1) if number is None else asked.where(EPOCH.c.number == number)
    return session.execute(asked).one_or_none()


def epochs(session: Session, most: int = 30) -> list[Any]:
    """The epochs, the newest first, without their bodies and reports."""
    asked = select(EPOCH.c.number, EPOCH.c.made_at, EPOCH.c.digest, EPOCH.c.examples)
    return list(session.execute(asked.order_by(EPOCH.c.number.desc()).limit(most)))


@lru_cache(maxsize=64)
def shape_of(columns: tuple[str, ...]) -> str:
    """Names a vector's shape."""
    return hashlib.sha256(json.dumps(list(columns)).encode()).hexdigest()[:16]


def examples_of(session: Session, customer_ids: Collection[UUID]) -> dict[UUID, dict[UUID, Any]]:
    """The state of each example that is kept of these customers, by customer and offer."""
    found: dict[UUID, dict[UUID, Any]] = {}
    some = {"customers": sorted(customer_ids)}
    for row in db.connection(session).execute(_KEPT_OF, some) if customer_ids else ():
        found.setdefault(row.customer_id, {})[row.offer_id] = row
    return found


def keep(session: Session, examples: Sequence[Example], now: datetime) -> None:
    """Keeps each as it is now; one that was kept already is corrected."""
    shapes = {shape_of(one.columns): list(one.columns) for one in examples}
    db.upsert(
        session, SHAPE, [{"shape": key, "columns": names} for key, names in sorted(shapes.items())], key=("shape",)
    )
    rows = [_row(one, now) for one in sorted(examples, key=lambda one: (one.customer_id, one.offer_id))]
    changing = tuple(name for name in rows[0] if name not in ("customer_id", "offer_id")) if rows else ()
    db.upsert(session, EXAMPLE, rows, key=("customer_id", "offer_id"), update=changing)


def _row(one: Example, now: datetime) -> dict[str, Any]:
    return {
        "customer_id": one.customer_id, "offer_id": one.offer_id, "treatment": one.treatment, "day": one.day, "channel": one.channel,
        "columns": shape_of(one.columns), "x": np.array(one.x, dtype="<f8").tobytes(), "chance": one.chance, "epoch": one.epoch,
        "state": state_of(one.y), "due_at": one.due_at, "learned_at": now,
    }  # fmt: skip


def state_of(y: bool | None) -> str:
    return "waiting" if y is None else "taken" if y else "untaken"


def settle(session: Session, customer_id: UUID, offer_id: UUID, y: bool | None, now: datetime) -> None:
    """Writes what came of it, or what did after all."""
    mine = (EXAMPLE.c.customer_id == customer_id, EXAMPLE.c.offer_id == offer_id)
    session.execute(update(EXAMPLE).where(*mine).values(state=state_of(y), learned_at=now))


def forget_old(session: Session, before: date, most: int) -> int:
    """Deletes at most so many examples of presentations before this day; gives how many."""
    return tidying.delete_some(session, EXAMPLE, EXAMPLE.c.day < before, most)


def taken_since(session: Session, treatments: Collection[str], day: date) -> list[UUID]:
    """Customers who took one of these treatments that was presented on this day or later."""
    mine = (EXAMPLE.c.state == "taken", EXAMPLE.c.day >= day, EXAMPLE.c.treatment.in_(sorted(treatments)))
    return list(session.execute(select(EXAMPLE.c.customer_id).where(*mine).distinct()).scalars())


def forget(session: Session, customer_id: UUID, offer_ids: Collection[UUID]) -> None:
    """Takes examples away that count no more."""
    if offer_ids:
        mine = (EXAMPLE.c.customer_id == customer_id, EXAMPLE.c.offer_id.in_(sorted(offer_ids)))
        session.execute(delete(EXAMPLE).where(*mine))


def due(session: Session, now: datetime, most: int) -> list[UUID]:
    """Customers with a presentation whose time for an answer is over."""
    asked = select(EXAMPLE.c.customer_id).where(EXAMPLE.c.state == "waiting", EXAMPLE.c.due_at <= now)
    return list(session.execute(asked.distinct().limit(most)).scalars())


def learned_since(session: Session, since: datetime | None) -> tuple[int, datetime | None]:
    """How many examples were settled or corrected after this instant, and when the first was."""
    asked = select(func.count(), func.min(EXAMPLE.c.learned_at)).where(EXAMPLE.c.state != "waiting")
    if since is not None:
        asked = asked.where(EXAMPLE.c.learned_at > since)
    many, first = session.execute(asked).one()
    return int(many), first


def told(session: Session, columns: Sequence[str], since: date) -> Told:
    """Every settled example from this day on, as vectors of these columns: what a shape does not have is 0. In a fixed order."""
    asked = (
        select(
            EXAMPLE.c.treatment, EXAMPLE.c.channel, EXAMPLE.c.day, EXAMPLE.c.customer_id, EXAMPLE.c.columns, EXAMPLE.c.x,
            EXAMPLE.c.state, EXAMPLE.c.chance, EXAMPLE.c.epoch,
        )
        .where(EXAMPLE.c.state != "waiting", EXAMPLE.c.day >= since)
        .order_by(EXAMPLE.c.day, EXAMPLE.c.offer_id)
    )  # fmt: skip
    rows = session.execute(asked).all()
    shapes = {row.shape: row.columns for row in session.execute(select(SHAPE))}
    return Told(
        [row.treatment for row in rows], [row.channel for row in rows], [row.day for row in rows],
        [row.customer_id for row in rows], _vectors(rows, shapes, columns),
        np.array([row.state == "taken" for row in rows], dtype=float),
        np.array([np.nan if row.chance is None else row.chance for row in rows], dtype=float),
        np.array([row.epoch for row in rows], dtype=int),
    )  # fmt: skip


def _vectors(rows: Sequence[Any], shapes: Mapping[str, Sequence[str]], columns: Sequence[str]) -> Any:
    x = np.zeros((len(rows), len(columns)))
    by_shape: dict[str, list[int]] = {}
    for n, row in enumerate(rows):
        by_shape.setdefault(row.columns, []).append(n)
    place = {name: n for n, name in enumerate(columns)}
    for shape, those in by_shape.items():
        names = shapes[shape]
        values = np.frombuffer(b"".join(rows[n].x for n in those), dtype="<f8").reshape(len(those), len(names))
        pairs = [(source, place[name]) for source, name in enumerate(names) if name in place]
        sources, targets = [one for one, _ in pairs], [one for _, one in pairs]
        x[np.ix_(those, targets)] = values[:, sources]
    return x
