"""Who leaves: what is counted of one customer handed over, and taken away so that the counts stay and nobody is named by them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlmodel import Session

from backend import db
from backend.catalogue import service as catalogues
from backend.matrix.service import Pack
from backend.reporting.rolling import BATCH, hold_state, horizon_of, roll
from backend.reporting.stored import SHEETS, Sheet, facts_of, let_go
from shared.kernel.errors import NotFound


def export_customer(session: Session, customer_id: UUID) -> dict[str, list[dict[str, Any]]]:
    """Every row of this room about the customer, by table: for what each of their contacts and answers counts."""
    return {
        sheet.facts.name: [
            dict(row._mapping)
            for row in session.execute(select(sheet.facts).where(sheet.facts.c.customer_id == customer_id))
        ]
        for sheet in SHEETS
    }


def erase_customer(session: Session, customer_id: UUID, also: Collection[UUID], now: datetime) -> int:
    """Takes the customer out of what is counted one by one, and leaves the counts; gives how many rows there were.

    `also`: the ids under which they were known before. To be called while the rest of them is still there: what was not
    counted yet is counted first.
    """
    try:
        pack = catalogues.pack_in_force(session)
    except NotFound:
        return 0
    hold_state(session, pack)
    ids = (customer_id, *also)
    roll(session, ids, pack, now)
    erased = 0
    for sheet in SHEETS:
        facts = [(one, fact) for one, theirs in facts_of(session, sheet, ids).items() for fact in theirs]
        let_go(session, sheet, facts)
        erased += len(facts)
    return erased


def let_go_of_old(now: datetime, most: int = BATCH) -> int:
    """Lets go of facts whose time is nearly over, at most so many; gives how many. Opens its own transactions."""
    with db.reading() as session:
        try:
            pack = catalogues.pack_in_force(session)
        except NotFound:
            return 0
        if not any(_old(session, sheet, pack, now, 1) for sheet in SHEETS):
            return 0
    done = 0
    with db.transaction() as session:
        hold_state(session, pack)
        for sheet in SHEETS:
            old = _old(session, sheet, pack, now, most)
            let_go(session, sheet, old)
            done += len(old)
    return done


def _old(session: Session, sheet: Sheet, pack: Pack, now: datetime, most: int) -> list[tuple[UUID, Any]]:
    horizon = horizon_of(pack, now)
    if horizon is None:
        return []
    asked = select(sheet.facts.c.customer_id, *(sheet.facts.c[name] for name in sheet.columns))
    rows = session.execute(asked.where(sheet.facts.c.at < horizon).limit(most))
    return [(customer_id, sheet.made(*rest)) for customer_id, *rest in rows]
