"""A visit that an offer brought, at another time: of those at which somebody could come if it were booked only now."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import update
from sqlmodel import Session

from backend import db
from backend.cases import service as cases
from backend.matrix.service import Pack
from backend.treatments import choosing
from backend.treatments.choosing import GONE
from backend.treatments.inputs import Inputs, gather
from backend.treatments.ledger import reserve
from backend.treatments.locking import lock_ledger
from backend.treatments.tables import OfferRow
from shared.kernel import clock
from shared.kernel.actors import Actor
from shared.kernel.errors import Invalid, NoLongerOffered
from shared.kernel.languages import gettext

_OFFER = db.table_of(OfferRow)


def visit_times(
    session: Session, customer_id: UUID, case_id: UUID, pack: Pack, now: datetime
) -> tuple[cases.Slot, ...]:
    """The times to which this visit can be moved, soonest first: as ahead as a first booking of today is, on days with a place.

    Raises NotFound, and Conflict for one that cannot be moved.
    """
    free = cases.visit_times(session, customer_id, case_id, pack, now)
    inputs, row = _of_offer(session, customer_id, cases.case_of(session, customer_id, case_id), now)
    return (
        free if row is None else choosing.plannable(session, free, choosing.treatment_of(row, inputs), row, inputs, now)
    )


def move_visit(
    session: Session, customer_id: UUID, case_id: UUID, at: datetime, *, zone: str, pack: Pack, actor: Actor, now: datetime,
    channel: str,
) -> cases.Case:  # fmt: skip
    """The visit at another time; its place of the day moves along, and the offer that it came of may be taken back until the day
    before it, as it may from the first.

    Raises NotFound, Invalid, and Conflict as the move itself does.
    """
    lock_ledger(session, customer_id)
    before = cases.case_of(session, customer_id, case_id)
    if before.slot_at != at and at not in {one.at for one in visit_times(session, customer_id, case_id, pack, now)}:
        raise Invalid(gettext(GONE), {"when": gettext(GONE)})
    case = cases.move_visit(
        session, customer_id, case_id, at, zone=zone, pack=pack, actor=actor, now=now, channel=channel
    )
    inputs, row = _of_offer(session, customer_id, case, now)
    if row is None or case.day is None or case.slot_at == before.slot_at:
        return case
    try:
        reserve(session, row, "accepted", inputs, now, clock.local_day(at, zone))
    except NoLongerOffered as gone:
        raise Invalid(gettext(GONE), {"when": gettext(GONE)}) from gone
    if row.undo_until is not None and row.taken_on is not None:
        days = choosing.treatment_of(row, inputs).fulfilment.undo_days
        until = min(row.taken_on + timedelta(days=days), case.day - timedelta(days=1))
        mine = (_OFFER.c.customer_id == customer_id, _OFFER.c.offer_id == case.offer_id)
        session.execute(update(_OFFER).where(*mine).values(undo_until=until))
    return case


def _of_offer(session: Session, customer_id: UUID, case: cases.Case, now: datetime) -> tuple[Inputs, Any]:
    """What is known, and the offer of which the visit came; None where it came of none, or of one long gone."""
    inputs = gather(session, customer_id, now)
    found = None if case.offer_id is None else next((o for o in inputs.offers if o.offer_id == case.offer_id), None)
    return inputs, found
