"""The small telephone company in a database: two customers, a catalogue, and short words for what is done with them."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from backend import db
from backend.catalogue import service as catalogues
from backend.interactions import service as interactions
from backend.profiles import service as profiles
from backend.profiles.service import NewConsent, NewCustomer
from backend.record import service as record
from backend.treatments import service as treatments
from backend.treatments.service import Decided, OfferLine
from backend.treatments.tables import OfferRow
from shared.kernel import clock
from shared.kernel.actors import SYSTEM, Actor
from tests.unit.reference import words

NOW = datetime(2026, 11, 22, 17, 0, tzinfo=UTC)
"""Noon in New York."""
TODAY = date(2026, 11, 22)
DAY = timedelta(days=1)
ADA = UUID("01900000-0000-7000-8000-00000000ada1")
GRACE = UUID("01900000-0000-7000-8000-00000000face")
KIM = Actor("staff", str(UUID(int=1)), "Kim")
BY_ADA = Actor("customer", str(ADA), "Ada Lovelace", customer_id=ADA)
BY_GRACE = Actor("customer", str(GRACE), "Grace Hopper", customer_id=GRACE)
_OFFER = OfferRow.__table__  # type: ignore[attr-defined]


def open_company(**changes: Any) -> None:
    """Publishes the catalogue and enters Ada and Grace, who consent to offers everywhere."""
    publish(**changes)
    with db.transaction() as session:
        profiles.enrol(session, [_customer(ADA, "C1", "Ada Lovelace"), _customer(GRACE, "C2", "Grace Hopper")])
    record.register(treatments.FULFIL, treatments.fulfil)


def enter(nth: int) -> tuple[UUID, Actor]:
    """One more customer like Ada, with nothing behind them; and they themselves, signed in."""
    customer_id = UUID(int=ADA.int + 0x10000 * (nth + 1))
    with db.transaction() as session:
        profiles.enrol(session, [_customer(customer_id, f"C{100 + nth}", "Ada Lovelace")])
    return customer_id, Actor("customer", str(customer_id), "Ada Lovelace", customer_id=customer_id)


def publish(now: datetime = NOW, **changes: Any) -> int:
    """The catalogue with these changes as a new version, as it would be read from its text files."""
    body = json.loads(json.dumps(words.body(**changes), default=str))
    with db.transaction() as session:
        return catalogues.publish(session, body, SYSTEM, now)


def _customer(customer_id: UUID, number: str, name: str) -> NewCustomer:
    return NewCustomer(
        customer_id=customer_id,
        number=number,
        name=name,
        phone=None,
        email=None,
        birth_date=None,
        attributes={"tenure": 24, "monthly": 70.0, "contract": "yearly", "fibre": True, "owed": 0.0},
        facts={"days": {}, "values": {}, "dates": {}},
        identifiers=(("number", number),),
        bills=(),
        consents=tuple(
            NewConsent("marketing", channel, "granted", "form", "Yes.", NOW - 90 * DAY)
            for channel in ("phone", "portal", "email", "sms")
        ),
        timezone="America/New_York",
        language="en",
        made_up=True,
        created_at=NOW - 90 * DAY,
    )


def decide(now: datetime = NOW, customer_id: UUID = ADA) -> Decided:
    return treatments.decide(customer_id, now)


def order(decided: Decided) -> list[str]:
    return [r.treatment for r in decided.ranked]


def left(decided: Decided) -> dict[str, tuple[str, str]]:
    return {w.treatment: (w.step, w.rule) for w in treatments.withheld_of(decided)}


def offer_of(decided: Decided, treatment: str) -> UUID:
    return next(UUID(r.offer_id) for r in decided.ranked if r.treatment == treatment)


def answer(
    offer_id: UUID, response: Any, now: datetime = NOW, channel: str = "phone", actor: Actor = KIM, **more: Any
) -> OfferLine:
    """Answers at this instant, in a transaction of its own."""
    with clock.frozen(now), db.transaction() as session:
        return treatments.answer(session, offer_id, response, channel=channel, actor=actor, now=now, **more)


def row_of(offer_id: UUID) -> Any:
    with db.reading() as session:
        return session.execute(select(_OFFER).where(_OFFER.c.offer_id == offer_id)).one()


def offers(customer_id: UUID = ADA) -> dict[str, str]:
    """treatment → state of each offer of the customer, the latest where there are several."""
    with db.reading() as session:
        rows = session.execute(select(_OFFER).where(_OFFER.c.customer_id == customer_id).order_by(_OFFER.c.offer_id))
        return {row.treatment: row.state for row in rows}


def learn(now: datetime = NOW, customer_id: UUID = ADA, **lesson: Any) -> None:
    with db.transaction() as session:
        profiles.learn(session, customer_id, now=now, **lesson)


def tell(stage: str, intent: str | None, now: datetime = NOW, channel: str = "phone", customer_id: UUID = ADA) -> None:
    """The customer says why they are here."""
    with db.transaction() as session:
        pack = catalogues.pack_in_force(session)
        profiles.set_moment(session, customer_id, stage, intent, "stated", channel, KIM, now, pack)


def events(customer_id: UUID = ADA) -> list[tuple[str, str | None]]:
    """Kind and channel of what happened to offers, oldest first."""
    with db.reading() as session:
        found = interactions.timeline(session, customer_id, limit=100).items
    return [(e.kind, e.channel) for e in reversed(found)]


def work(now: datetime = NOW) -> int:
    """Does what the outbox holds."""
    with clock.frozen(now):
        return record.run_due(now)
