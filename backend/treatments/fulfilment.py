"""Fulfilment: what acceptance sets in motion, done by the outbox, at least once asked and exactly once done."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select, update
from sqlmodel import Session

from backend import db
from backend.budgets import service as budgets
from backend.cases import service as cases
from backend.engine.catalogue import Treatment
from backend.engine.facts import terms_from
from backend.engine.service import members_of, work_of
from backend.interactions import service as interactions
from backend.profiles import service as profiles
from backend.record import service as record
from backend.treatments import cards, chosen
from backend.treatments.inputs import Inputs, gather
from backend.treatments.locking import lock_ledger
from backend.treatments.plan_changes import Layer, changes_of, made
from backend.treatments.quiet import deliverable_from
from backend.treatments.tables import FulfilmentRow, OfferRow
from shared.kernel.actors import SYSTEM
from shared.kernel.money import Money

MESSAGE = "message.due"
"""What a messenger is told: a message that was promised, and from when on it may reach the customer."""
_OFFER = db.table_of(OfferRow)
_FULFILMENT = db.table_of(FulfilmentRow)


def fulfil(session: Session, customer_id: UUID, payload: dict[str, Any], now: datetime) -> None:
    """Does what the accepted offer promises and marks it fulfilled, in one transaction.

    Done already, or taken back before it was done, it does nothing.
    """
    offer_id = UUID(payload["offer_id"])
    lock_ledger(session, customer_id)
    where = (_OFFER.c.customer_id == customer_id, _OFFER.c.offer_id == offer_id)
    row = session.execute(select(_OFFER).where(*where)).one_or_none()
    if row is None or row.state != "accepted":
        return
    inputs = gather(session, customer_id, now)
    treatment = inputs.configuration.catalogue_of(row.catalogue_version).treatments[row.treatment]
    layer, undo_until = _do(session, treatment, row, inputs, now)
    place = session.execute(
        select(func.coalesce(func.max(_FULFILMENT.c.place), 0) + 1).where(_FULFILMENT.c.customer_id == customer_id)
    ).scalar_one()
    session.execute(
        insert(_FULFILMENT).values(
            customer_id=customer_id, offer_id=offer_id, place=place, kind=treatment.fulfilment.kind, done_at=now,
            changes=[change.to_json() for change in layer],
        )
    )  # fmt: skip
    session.execute(
        update(_OFFER).where(*where).values(state="fulfilled", version=row.version + 1, undo_until=undo_until)
    )
    fulfilled = session.execute(select(_OFFER).where(*where)).one()
    told = cards.event_data(fulfilled, inputs)
    interactions.record(session, customer_id, "offer.fulfilled", None, SYSTEM, told, now)
    if treatment.fulfilment.kind == "message":
        due = deliverable_from(inputs.pack.quiet_hours, inputs.profile.timezone, now)
        told = told | {"deliver_from": due.isoformat()}
        record.announce(session, interactions.ordered_id(now), customer_id, MESSAGE, None, told, now, due)


def _do(session: Session, treatment: Treatment, row: Any, inputs: Inputs, now: datetime) -> tuple[Layer, Any]:
    """Does it, and gives what it changed of the attributes, and until which day it can be taken back."""
    act, customer_id, undo_until = treatment.fulfilment, row.customer_id, row.undo_until
    subject = work_of(
        treatment, members_of(treatment, inputs.configuration.catalogue_of(row.catalogue_version).treatments)
    )
    given = chosen.chosen_from(row.chosen)
    slot, calendar = chosen.slot_of(given) or (None, "")
    particulars = [(one.label, one.text) for one in given if one.used_for == "note"]
    match act.kind:
        case "attributes":
            return _change_plan(session, treatment, row, inputs, now), undo_until
        case "credit":
            _credit(session, treatment, row, inputs, now)
        case "booking":
            day = chosen.day_of(given, inputs.profile.timezone)
            day = day or budgets.reserved_day(session, customer_id, row.offer_id)
            day = day or budgets.earliest_day(treatment, inputs.today)
            cases.plan_visit(
                session, customer_id, subject, day=day, slot=slot, calendar=calendar, zone=inputs.profile.timezone, actor=SYSTEM,
                now=now, reference=row.reference, offer_id=row.offer_id, particulars=particulars,
            )  # fmt: skip
            # Whoever is to come on that day cannot be called off on the day itself.
            return (), undo_until and min(undo_until, day - timedelta(days=1))
        case "callback":
            cases.ask_callback(
                session, customer_id, subject, zone=inputs.profile.timezone, actor=SYSTEM, now=now, channel=None, reference=row.reference,
                offer_id=row.offer_id, pack=inputs.pack, booked=slot, particulars=particulars,
            )  # fmt: skip
        case "case":
            cases.open_case(
                session, customer_id, "case", subject, actor=SYSTEM, now=now, reference=row.reference, offer_id=row.offer_id,
                pack=inputs.pack, particulars=particulars,
            )  # fmt: skip
        case "message":
            # The promise itself is the fulfilment: the customer reads it on the card and in the timeline.
            pass
    return (), undo_until


def _change_plan(session: Session, treatment: Treatment, row: Any, inputs: Inputs, now: datetime) -> Layer:
    layers: list[Layer] = []

    def change(attributes: dict[str, Any]) -> dict[str, Any]:
        layers.append(changes_of(treatment.fulfilment, terms_from(row.terms), attributes, inputs.pack.currency))
        return made(layers[0], attributes)

    profiles.revise(session, row.customer_id, change, now)
    changed = {inputs.pack.attributes[change.attribute].label: change.after for change in layers[0]}
    interactions.record(session, row.customer_id, "profile.changed", None, SYSTEM, {"changed": changed}, now)
    return layers[0]


def _credit(session: Session, treatment: Treatment, row: Any, inputs: Inputs, now: datetime) -> None:
    term = next(t for t in terms_from(row.terms) if t.key == treatment.fulfilment.term)
    amount = Money(int(term.value), inputs.pack.currency)
    if not amount:
        return
    text = treatment.fulfilment.what or treatment.name
    credit = profiles.book_credit(session, row.customer_id, row.offer_id, text, amount, now)
    data = {
        "offer_id": str(row.offer_id), "text": credit.text, "amount_minor": amount.minor, "currency": amount.currency,
        "bill": credit.bill,
    }  # fmt: skip
    interactions.record(session, row.customer_id, "credit.booked", None, SYSTEM, data, now)
