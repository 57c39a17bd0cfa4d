"""What a leaver had in hand goes on with somebody else, or waits with its team: thing by thing, each in its own transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from backend import db
from backend.cases import service as cases
from backend.interactions import service as interactions
from backend.matrix.service import Pack
from backend.people import service as people
from backend.record import service as record
from shared.kernel.actors import Actor
from shared.kernel.errors import Conflict, Invalid

NOBODY = "team"
"""Cases and calls back wait with their team; contacts and promises stay where they are: they must be somebody's."""


@dataclass(frozen=True, slots=True)
class Handed:
    """How many things changed hands, and how many are with them still."""

    many: int
    left: int


def hand_on(staff_id: UUID, to: str, *, pack: Pack, by: Actor, now: datetime) -> Handed:
    """All that somebody has in hand is another's from now on; or, with NOBODY, its team's, as far as a team can have it.

    What somebody else did meanwhile stays as it is. Raises Invalid for nobody who works cases. Opens its own transactions, one
    for each thing: called again, it goes on with what is left.
    """
    with db.reading() as session:
        who = people.employee(session, staff_id)
        taker = _taker(session, to, staff_id)
        things = cases.in_hand(session, staff_id)
        contacts = [(one.customer_id, one.interaction_id) for one in interactions.open_interactions(session, staff_id)]
    many = 0
    if taker is not None:
        for customer_id, interaction_id in contacts:
            with db.transaction() as session:
                many += interactions.pass_on(session, customer_id, interaction_id, taker, by, now)
    for thing in things:
        many += _hand(thing, taker, pack, by, now)
    with db.transaction() as session:
        record.audit(
            session, actor=by, action="staff.work_handed_on", subject=f"staff:{staff_id}", customer_id=None,
            payload={"before": {"whose": who.name}, "after": {"whose": taker[1] if taker else "team"}, "many": many}, now=now,
        )  # fmt: skip
        left = len(cases.in_hand(session, staff_id)) + len(interactions.open_interactions(session, staff_id))
    return Handed(many, left)


def _hand(thing: cases.InHand, taker: tuple[UUID, str] | None, pack: Pack, by: Actor, now: datetime) -> int:
    try:
        with db.transaction() as session:
            if thing.what == "case":
                cases.give_case(session, thing.customer_id, thing.thing_id, taker, pack=pack, actor=by, now=now)
            elif thing.what == "callback":
                cases.give_call(session, thing.customer_id, thing.thing_id, taker, actor=by, now=now)
            elif taker is not None:
                cases.hand_on(session, thing.customer_id, thing.thing_id, taker[0], actor=by, now=now)
            else:
                return 0
    except Conflict:
        return 0  # done meanwhile, or somebody else's already
    return 1


def _taker(session: Session, to: str, staff_id: UUID) -> tuple[UUID, str] | None:
    if to == NOBODY:
        return None
    found = next((one for one in cases.workers(session) if str(one[0]) == to and one[0] != staff_id), None)
    if found is None:
        raise Invalid(errors={"to": "Choose who goes on with it."})
    return found
