"""Taking back what was accepted, while there is time: exactly what was done is reversed, once, whoever races."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlmodel import Session

from backend import db
from backend.budgets import service as budgets
from backend.cases import service as cases
from backend.interactions import service as interactions
from backend.matrix.service import day_text
from backend.profiles import service as profiles
from backend.record import service as record
from backend.treatments import cards, choosing
from backend.treatments.answers import checked_reason
from backend.treatments.cards import Undone
from backend.treatments.inputs import Inputs, gather
from backend.treatments.ledger import owner_of, row_of, told, write
from backend.treatments.locking import lock_ledger, move_ledger
from backend.treatments.masked import seen_by
from backend.treatments.plan_changes import Change, Layer, taken_back
from backend.treatments.tables import FulfilmentRow, OfferRow
from shared.kernel import clock
from shared.kernel.actors import SYSTEM, Actor
from shared.kernel.errors import AlreadyAnswered, Conflict, Invalid, NoLongerOffered, NotUndoable, TooLate
from shared.kernel.languages import gettext, noted

_OFFER = db.table_of(OfferRow)
_FULFILMENT = db.table_of(FulfilmentRow)
_DONE_ALREADY = noted("It has been done already, so it can't be taken back here. Please talk to us.")


def undo(
    session: Session,
    offer_id: UUID,
    *,
    channel: str,
    actor: Actor,
    now: datetime,
    reason: str | None = None,
    seen: int | None = None,
    customer_id: UUID | None = None,
) -> Undone:
    """Takes back an acceptance within its window, once, with its event, and gives the offer as it is then.

    What fulfilment did is reversed exactly; what it has not done yet it never does. An attribute that somebody changed since
    is left alone, and named. From this day on the offer counts as declined: its concession is free again. A customer reaches
    only their own offers. Raises NotFound, Invalid, AlreadyAnswered (taken back before), NoLongerOffered (never accepted),
    NotUndoable, TooLate, Conflict (`seen` is not the version that stands).
    """
    owner = owner_of(session, offer_id, actor.customer_id or customer_id)
    lock_ledger(session, owner)
    interactions.require_authority(session, owner, actor, now)
    inputs = seen_by(session, gather(session, owner, now), actor)
    row = row_of(session, owner, offer_id)
    if channel not in {c.key for c in inputs.pack.channels}:
        known = ", ".join(c.key for c in inputs.pack.channels)
        raise Invalid(f"There is no channel {channel}.", {"channel": f"one of {known}"})
    reason = checked_reason(reason)
    try:
        _permit(row, inputs.today, seen)
        left = _reverse(session, row, inputs, channel, actor, now)
    except Conflict as refused:
        raise told(refused, row, inputs, actor) from None
    named = interactions.named(session, owner, actor)
    values = {
        "state": "undone", "version": row.version + 1, "answered_at": now, "answered_on": inputs.today,
        "answered_channel": channel, "answered_by": actor.name, "answered_with": named.get("person"),
        "reason": reason, "settled_at": clock.now(),
    }  # fmt: skip
    write(session, row, values)
    budgets.give_back(session, owner, [offer_id])
    after = row_of(session, owner, offer_id)
    labels = tuple(inputs.pack.attributes[key].label for key in left)
    data = cards.event_data(after, inputs) | ({"left": list(labels)} if labels else {})
    interactions.record(session, owner, "offer.undone", channel, actor, data, now, stage=inputs.snapshot.stage)
    record.audit(
        session, actor=actor, action="offer.undone", subject=str(offer_id), customer_id=owner,
        payload={"treatment": row.treatment, "channel": channel, "version": after.version, "left": list(left)}
        | named, now=now,
    )  # fmt: skip
    move_ledger(session, owner)
    return Undone(cards.offer_line(after, inputs, actor), labels)


def close_case(
    session: Session, customer_id: UUID, case_id: UUID, *, actor: Actor, now: datetime, channel: str, outcome: str = ""
) -> cases.Case:
    """Closes a piece of work as done; the offer that it fulfils can no longer be taken back.

    Raises NotFound, Invalid, and Conflict where it is closed already.
    """
    lock_ledger(session, customer_id)
    case = cases.done(session, customer_id, case_id, actor=actor, now=now, channel=channel, outcome=outcome)
    if case.offer_id is not None:
        mine = (_OFFER.c.customer_id == customer_id, _OFFER.c.offer_id == case.offer_id)
        session.execute(update(_OFFER).where(*mine).values(undo_until=None))
    return case


def _permit(row: Any, today: date, seen: int | None) -> None:
    if row.state == "undone":
        raise AlreadyAnswered(gettext("This was taken back already."))
    if row.state not in ("accepted", "fulfilled"):
        raise NoLongerOffered(gettext("There is nothing to take back: this was not accepted."))
    if row.undo_until is None:
        raise NotUndoable(gettext(_DONE_ALREADY) if row.state == "fulfilled" else gettext("This can't be taken back."))
    if today > row.undo_until:
        raise TooLate(
            gettext("This could be taken back until %(day)s. Please talk to us.", day=day_text(row.undo_until))
        )
    # Fulfilment comes by itself soon after acceptance: who saw it accepted knows all there is to know.
    if seen is not None and seen != row.version and not (row.state == "fulfilled" and seen == row.version - 1):
        raise Conflict(gettext("This offer changed since this page was opened. Please look at it again."))


def _reverse(session: Session, row: Any, inputs: Inputs, channel: str, actor: Actor, now: datetime) -> tuple[str, ...]:
    """Reverses what fulfilment did, and gives the attributes that were left alone; nothing where it did not run yet."""
    if row.state == "accepted":
        choosing.give_back(session, row, inputs, now)
        return ()
    mine = (_FULFILMENT.c.customer_id == row.customer_id, _FULFILMENT.c.offer_id == row.offer_id)
    done = session.execute(select(_FULFILMENT).where(*mine)).one_or_none()
    if done is None:
        # Fulfilled by a release that kept no record of what it found.
        raise NotUndoable(gettext(_DONE_ALREADY))
    left: tuple[str, ...] = ()
    if done.kind == "attributes":
        left = _put_back(session, done, inputs, now)
    else:
        _call_off(session, row, channel, actor, now)
    session.execute(update(_FULFILMENT).where(*mine).values(undone_at=now, left_alone=list(left)))
    return left


def _call_off(session: Session, row: Any, channel: str, actor: Actor, now: datetime) -> None:
    case = cases.opened_by_offer(session, row.customer_id, row.offer_id)
    if case is not None and case.state == "done":
        raise TooLate(gettext(_DONE_ALREADY))
    if case is not None and case.state == "open":
        cases.cancel(session, row.customer_id, case.case_id, actor=actor, now=now, channel=channel)


def _put_back(session: Session, done: Any, inputs: Inputs, now: datetime) -> tuple[str, ...]:
    later = session.execute(
        select(_FULFILMENT.c.offer_id, _FULFILMENT.c.changes)
        .where(_FULFILMENT.c.customer_id == done.customer_id, _FULFILMENT.c.undone_at.is_(None))
        .where(_FULFILMENT.c.place > done.place)
        .order_by(_FULFILMENT.c.place)
    ).all()
    layers = [_layer(row.changes) for row in later]
    mine = _layer(done.changes)
    results = []

    def change(attributes: dict[str, Any]) -> dict[str, Any]:
        results.append(taken_back(mine, layers, attributes, inputs.pack.currency))
        return results[-1].attributes

    profiles.revise(session, done.customer_id, change, now)
    result = results[-1]
    for row, before, after in zip(later, layers, result.later, strict=True):
        if before != after:
            session.execute(
                update(_FULFILMENT)
                .where(_FULFILMENT.c.customer_id == done.customer_id, _FULFILMENT.c.offer_id == row.offer_id)
                .values(changes=[one.to_json() for one in after])
            )
    changed = {
        inputs.pack.attributes[one.attribute].label: result.attributes.get(one.attribute)
        for one in mine
        if one.attribute not in result.left
    }
    if changed:
        interactions.record(session, done.customer_id, "profile.changed", None, SYSTEM, {"changed": changed}, now)
    return result.left


def _layer(changes: list[dict[str, Any]]) -> Layer:
    return tuple(Change.from_json(one) for one in changes)
