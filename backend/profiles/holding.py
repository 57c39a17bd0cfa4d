"""Who may be at work with one customer at once: many who write of them, or one who makes them another's or takes them away.

On PostgreSQL by advisory locks beside the row's own: a share of a row's key that is asked for while others change the row, and
made stronger before they are done, was seen to be lost. SQLite has one writer anyway.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, func, select
from sqlmodel import Session

from backend import db
from backend.profiles import queries
from shared.kernel.errors import Conflict, Erased, NotFound

_AMONG_OTHERS = select(func.pg_advisory_xact_lock_shared(bindparam("key")))
_ALONE = select(func.pg_advisory_xact_lock(bindparam("key")))
_WITH = "customers at work with"


def hold(session: Session, customer_id: UUID) -> None:
    """Keeps the customer from being merged or erased until the transaction ends; others go on working with them.

    For what is written under an id that was looked up before. Raises Conflict where they were merged meanwhile, Erased where
    they were erased, NotFound where there is no such customer.
    """
    come_in(session, customer_id)
    if session.execute(queries.HERE, {"customer_id": customer_id}).scalar() is not None:
        return
    if session.execute(queries.ERASED, {"customer_id": customer_id}).scalar() is not None:
        raise Erased("This customer was erased.")
    if session.execute(queries.CANONICAL, {"customer_id": customer_id}).scalar() is not None:
        raise Conflict("This customer was merged with another one just now. Please look again.")
    raise NotFound("There is no such customer.")


def locked(session: Session, customer_id: UUID) -> Any:
    """The customer's version, attributes, facts and zone, which nobody else changes until the transaction ends. Raises NotFound."""
    come_in(session, customer_id)
    row = session.execute(queries.LOCKED, {"customer_id": customer_id}).one_or_none()
    if row is None:
        raise NotFound("There is no such customer.")
    return row


def come_in(session: Session, customer_id: UUID) -> None:
    """Waits while the customer is being merged or erased. To be asked before any of their rows is locked."""
    if db.dialect() == "sqlite":
        return
    at_work = session.info.setdefault(_WITH, set())
    if customer_id not in at_work:
        db.connection(session).execute(_AMONG_OTHERS, {"key": _key(customer_id)})
        at_work.add(customer_id)


def keep_out(session: Session, *customer_ids: UUID) -> None:
    """Waits for everybody who is at work with these customers, and lets nobody begin until the transaction ends.

    To be asked before anything else: who waited with something in hand could wait for ever.
    """
    if db.dialect() == "sqlite":
        return
    for customer_id in sorted(customer_ids):
        db.connection(session).execute(_ALONE, {"key": _key(customer_id)})


def lock_out(session: Session, customer_id: UUID) -> None:
    """The same for one customer, who must be there. Raises NotFound."""
    keep_out(session, customer_id)
    if session.execute(queries.EXISTS.with_for_update(), {"customer_id": customer_id}).scalar() is None:
        raise NotFound("There is no such customer.")


def _key(customer_id: UUID) -> int:
    """The half of the id that chance made; who shares it waits for nothing worse than another's act."""
    return int.from_bytes(customer_id.bytes[8:], "big", signed=True)
