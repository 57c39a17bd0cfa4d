"""Of whom anything changed lately: what those watch who look at many customers at once."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlmodel import Session, col, select

from backend.record.tables import ChangeRow

LOOKED_THROUGH = 500


def lately(session: Session, topics: Collection[str], most: int) -> tuple[UUID, ...]:
    """The customers of the last changes of these topics, latest first, each once; of the last hour at most."""
    rows = session.exec(
        select(ChangeRow.customer_id)
        .where(col(ChangeRow.topic).in_(topics), col(ChangeRow.customer_id).is_not(None))
        .order_by(col(ChangeRow.change_id).desc())
        .limit(LOOKED_THROUGH)
    )
    return tuple(dict.fromkeys(customer_id for customer_id in rows if customer_id is not None))[:most]
