"""Short words for webhooks: an endpoint, an event, a turn of the sender, and what became of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from backend import db, worker
from backend.record import service as record
from backend.record.tables import WebhookDeliveryRow, WebhookEndpointRow
from backend.record.webhook_sending import Sender
from shared.kernel import clock, ids
from tests.receiver import Receiver
from tests.small_company import ADA, NOW

KEY = b"an installation's own secret, 32+"
_DELIVERY = db.table_of(WebhookDeliveryRow)
_ENDPOINT = db.table_of(WebhookEndpointRow)
NOTHING_LISTENS = "http://127.0.0.1:9/hook"


def add(receiver: Receiver, *events: str) -> UUID:
    endpoint_id, receiver.secret = add_url(receiver.url, *events)
    return endpoint_id


def add_url(url: str, *events: str) -> tuple[UUID, str]:
    with db.transaction() as session:
        made, secret = record.add_endpoint(session, url, events, by="test", key=KEY, tls_only=False, now=NOW)
    return made.endpoint_id, secret


def later() -> datetime:
    """An instant at which all is due that happened so far, by the company's clock or by ours."""
    return max(clock.now(), NOW)


def happen(count: int = 1, customer_id: UUID = ADA) -> list[UUID]:
    """So many events of one customer, each in a transaction of its own."""
    made = []
    for nth in range(count):
        made.append(ids.uuid7())
        with db.transaction() as session:
            record.announce(
                session, made[-1], customer_id, "offer.accepted", "phone", {"treatment": f"t{nth}"}, clock.now()
            )
    return made


def send(now: datetime | None = None, sender: Sender | None = None) -> Sender:
    """One turn, waited for."""
    sender = sender or worker.sender(KEY)
    sender.turn(now or later())
    assert sender.settle(30)
    return sender


def rows() -> list[Any]:
    with db.reading() as session:
        return list(session.execute(select(_DELIVERY).order_by(_DELIVERY.c.message_id)))


def states() -> list[str]:
    return [row.state for row in rows()]
