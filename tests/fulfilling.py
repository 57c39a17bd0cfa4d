"""Short words for what acceptance sets in motion at the small company, and for taking it back."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from backend import db
from backend.cases import service as cases
from backend.profiles import service as profiles
from backend.treatments import service as treatments
from backend.treatments.service import OfferLine, Undone
from shared.kernel import clock
from tests.small_company import ADA, KIM, NOW, answer, decide, learn, offer_of, open_company, tell

PROMISE = {"promise": "It is done."}
PLAN = {"kind": "attributes", "set": {"contract": "yearly"}, "undo_days": 14, **PROMISE}
MORE = {"kind": "attributes", "more": {"monthly": "price"}, "set": {}, "undo_days": 14, **PROMISE}
VISIT = {"kind": "booking", "what": "Technician visit", "lead_days": 2, "undo_days": 60, **PROMISE}
CALL = {"kind": "callback", "what": "A call about it", "undo_days": 30, **PROMISE}
CASE = {"kind": "case", "what": "Set it up", "undo_days": 30, **PROMISE}
ACTS = {
    "loyalty": {"fulfilment": PLAN}, "faster": {"fulfilment": MORE}, "films": {"fulfilment": MORE}, "autumn": {"fulfilment": CASE},
}  # fmt: skip


def open_shop() -> None:
    """The small company with acts behind its offers; Ada may have a contract."""
    open_company(**ACTS)
    learn(attributes={"contract": "monthly"})


def undo(offer_id: UUID, now: Any = NOW, channel: str = "phone", actor: Any = KIM, **more: Any) -> Undone:
    with clock.frozen(now), db.transaction() as session:
        return treatments.undo(session, offer_id, channel=channel, actor=actor, now=now, **more)


def attributes() -> dict[str, Any]:
    with db.reading() as session:
        return profiles.profile(session, ADA).attributes


def facts() -> dict[str, Any]:
    with db.reading() as session:
        return profiles.profile(session, ADA).facts["values"]


def taken(treatment: str, now: Any = NOW) -> UUID:
    offer = offer_of(decide(now), treatment)
    answer(offer, "accepted", now=now)
    return offer


def leaving() -> UUID:
    """A contract that was accepted and not yet fulfilled."""
    tell("leave", "leaving")
    return taken("loyalty")


def open_work() -> tuple[cases.Case, ...]:
    with db.reading() as session:
        return cases.of_customer(session, ADA)


def lines() -> tuple[OfferLine, ...]:
    """Ada's offers as an agent reads them."""
    with db.reading() as session:
        return treatments.offers_of(session, ADA, KIM, NOW)
