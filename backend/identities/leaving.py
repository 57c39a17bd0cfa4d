"""What this room holds of one customer: handed over whole, or taken away whole."""

from __future__ import annotations

import json
import zlib
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlmodel import Session

from backend import db
from backend.identities.tables import MatchKeyRow, MatchSeenRow, MergeRow, SuggestionRow

_SUGGESTION, _MERGE = db.table_of(SuggestionRow), db.table_of(MergeRow)
_KEY, _SEEN = db.table_of(MatchKeyRow), db.table_of(MatchSeenRow)


def export_customer(session: Session, customer_id: UUID) -> dict[str, list[dict[str, Any]]]:
    """Every row of this room about the customer, by table; what a merge kept, as the plain data that it is."""
    out = {}
    for table in (_MERGE, _SUGGESTION, _KEY, _SEEN):
        rows = [dict(row._mapping) for row in session.execute(select(table).where(_theirs(table, customer_id)))]
        for row in rows:
            if row.get("body") is not None:
                row["body"] = json.loads(zlib.decompress(row["body"]))
        out[table.name] = rows
    return out


def erase_customer(session: Session, customer_id: UUID) -> int:
    """Deletes every row of this room about the customer, from whichever side; gives how many there were."""
    tables = (_MERGE, _SUGGESTION, _KEY, _SEEN)
    return sum(db.touched(session.execute(delete(one).where(_theirs(one, customer_id)))) for one in tables)


def _theirs(table: Any, customer_id: UUID) -> Any:
    mine = table.c.customer_id == customer_id
    return mine | (table.c.other_id == customer_id) if "other_id" in table.c else mine
