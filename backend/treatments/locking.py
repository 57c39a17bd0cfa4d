"""The customer's ledger row is the one lock that puts answers, expiry and stored decisions of a customer in line."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import bindparam, select, update
from sqlmodel import Session

from backend import db
from backend.profiles import service as profiles
from backend.treatments.tables import LedgerRow

_LEDGER = db.table_of(LedgerRow)
_HELD = select(_LEDGER.c.version).where(_LEDGER.c.customer_id == bindparam("customer_id")).with_for_update()


def lock_ledger(session: Session, customer_id: UUID) -> int:
    """Holds the customer's ledger until the transaction ends, and gives its version. The first to ask makes the row.

    Raises Erased for a customer who was, Conflict for one who was merged with another meanwhile.
    """
    profiles.hold(session, customer_id)
    return ledger_held(session, customer_id)


def ledger_held(session: Session, customer_id: UUID) -> int:
    """The same for whoever holds the customer already, or has just made them a part of another."""
    version = session.execute(_HELD, {"customer_id": customer_id}).scalar()
    if version is None:
        db.upsert(session, LedgerRow, [{"customer_id": customer_id, "version": 0}], key=("customer_id",))
        version = session.execute(_HELD, {"customer_id": customer_id}).scalar_one()
    return int(version)


def move_ledger(session: Session, customer_id: UUID) -> None:
    """The ledger is another one now: no decision made before stands any more."""
    session.execute(update(_LEDGER).where(_LEDGER.c.customer_id == customer_id).values(version=_LEDGER.c.version + 1))
