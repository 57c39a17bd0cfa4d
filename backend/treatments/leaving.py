"""What this room holds about a customer, for export, and its erasure."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlmodel import Session

from backend import db
from backend.cases import service as cases
from backend.catalogue import service as catalogues
from backend.treatments.chosen import chosen_from
from backend.treatments.inputs import unpack_text
from backend.treatments.tables import DecisionRow, FulfilmentRow, LedgerRow, OfferRow, ParityCheckRow, SnapshotRow

_ROWS: tuple[Any, ...] = (OfferRow, FulfilmentRow, DecisionRow, SnapshotRow, LedgerRow)
_OFFER = db.table_of(OfferRow)
_DECISION = db.table_of(DecisionRow)
_CHECK = db.table_of(ParityCheckRow)
_TABLES = [db.table_of(row) for row in _ROWS]


def export_customer(session: Session, customer_id: UUID) -> dict[str, list[dict[str, Any]]]:
    """Every row of this room about the customer, by table; snapshots as the plain data that they are."""
    out: dict[str, list[dict[str, Any]]] = {}
    for table in _TABLES:
        rows = [dict(r._mapping) for r in session.execute(select(table).where(table.c.customer_id == customer_id))]
        for row in rows:
            if isinstance(row.get("body"), bytes):
                row["body"] = json.loads(unpack_text(row["body"]))
        out[table.name] = rows
    out[_CHECK.name] = [dict(r._mapping) for r in _checks_of(session, customer_id)]
    return out


def erase_customer(session: Session, customer_id: UUID) -> int:
    """Deletes the customer's offers and what decisions were made from; gives how many rows there were.

    The decisions' own rows stay, without a name in them and without what the customer was like: a replay then answers that its inputs were erased.
    """
    erased = 0
    _free_times(session, customer_id)
    for table in _TABLES:
        if table.name == "decision":
            continue
        erased += db.touched(session.execute(delete(table).where(table.c.customer_id == customer_id)))
    session.execute(update(_DECISION).where(_DECISION.c.customer_id == customer_id).values(features=None))
    for row in _checks_of(session, customer_id):
        others = [line for line in row.details if not line.startswith(f"{customer_id}:")]
        session.execute(update(_CHECK).where(_CHECK.c.check_id == row.check_id).values(details=others))
        erased += 1
    return erased


def _free_times(session: Session, customer_id: UUID) -> None:
    """What was chosen with an acceptance and not booked yet, nobody comes for."""
    waiting = (_OFFER.c.customer_id == customer_id, _OFFER.c.state == "accepted", _OFFER.c.chosen.is_not(None))
    for row in session.execute(select(_OFFER).where(*waiting)).all():
        for one in chosen_from(row.chosen):
            if one.kind == "slot":
                pack, at = catalogues.pack_in_force(session), datetime.fromisoformat(one.value)
                cases.give_time_back(session, pack, one.calendar, at)


def _checks_of(session: Session, customer_id: UUID) -> list[Any]:
    """Comparisons of channels that name the customer among what differed; they are few, and kept for thirty days."""
    found = session.execute(select(_CHECK).where(_CHECK.c.differences > 0).order_by(_CHECK.c.check_id))
    return [row for row in found if any(line.startswith(f"{customer_id}:") for line in row.details)]
