"""Outward webhooks: which endpoints want which events, what is on its way to them, and what was given up.

An event is written for each endpoint that wants it in the transaction in which it happened; `webhook_sending` delivers it
later. It arrives at least once, with the same `webhook-id` on every attempt, so that a receiver can drop what it has.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import bindparam, delete, func, insert, select, update
from sqlmodel import Session

from backend import db, jsons
from backend.record.tables import WebhookDeliveryRow, WebhookEndpointRow
from backend.record.types import Delivery, Endpoint
from backend.record.webhook_signing import secret_of
from shared.kernel import ids
from shared.kernel.errors import Conflict, Invalid, NotFound

EVENTS = (
    "offer.presented", "offer.accepted", "offer.declined", "offer.deferred", "offer.fulfilled", "offer.undone", "offer.expired",
    "offer.withdrawn", "message.due", "consent.changed", "profile.updated", "life_cycle.changed", "segment.entered",
    "segment.left", "case.opened", "case.answered", "case.written", "case.assigned", "case.changed", "case.pending", "case.snoozed",
    "case.woken", "case.resolved", "case.reopened", "case.cancelled", "case.closed", "case.merged", "case.unmerged", "case.split",
    "cancellation.asked", "cancellation.undone", "cancellation.done", "payment.made", "payment.failed", "payment.returned",
)  # fmt: skip
"""What an endpoint may ask for."""
LONGEST_URL = 500
SHOWN = 50
KEPT_DELIVERED, KEPT_DEAD = timedelta(days=7), timedelta(days=60)
_TOLD = (
    "offer_id", "treatment", "reference", "terms", "until", "deliver_from", "purpose", "for_channel", "state", "wording_version",
    "key", "label", "before", "version", "case_id", "type", "priority", "message_id",
    "cancellation_id", "service", "last_day", "payment_id", "bill", "amount_minor", "currency",
)  # fmt: skip
"""What a receiver learns of an event: nothing that names the customer, or that an agent wrote."""
_ENDPOINT = db.table_of(WebhookEndpointRow)
_DELIVERY = db.table_of(WebhookDeliveryRow)
_WANTED = select(_ENDPOINT.c.endpoint_id, _ENDPOINT.c.events).where(_ENDPOINT.c.active)
_SEND = insert(_DELIVERY)
_STATES = (
    select(_DELIVERY.c.endpoint_id, _DELIVERY.c.state, func.count().label("many"))
    .where(_DELIVERY.c.state != "delivered")
    .group_by(_DELIVERY.c.endpoint_id, _DELIVERY.c.state)
)
_IN_STATE = (
    select(_DELIVERY, _ENDPOINT.c.url)
    .join(_ENDPOINT, _ENDPOINT.c.endpoint_id == _DELIVERY.c.endpoint_id)
    .where(_DELIVERY.c.state.in_(bindparam("states", expanding=True)))
    .order_by(_DELIVERY.c.created_at.desc(), _DELIVERY.c.message_id.desc())
    .limit(bindparam("most"))
)


def announce(
    session: Session, event_id: UUID, customer_id: UUID, event: str, channel: str | None, data: dict[str, Any], now: datetime,
    run_at: datetime | None = None,
) -> None:  # fmt: skip
    """Leaves the event for every endpoint that wants it, in the caller's transaction; none hears of it before `run_at`."""
    if event not in EVENTS:
        return
    wanted = [row.endpoint_id for row in db.connection(session).execute(_WANTED) if event in row.events]
    if not wanted:
        return
    told = {"customer_id": str(customer_id), "channel": channel, **{k: data[k] for k in _TOLD if k in data}}
    body = jsons.write({"type": event, "timestamp": now.isoformat(), "data": told})
    rows = [
        {
            "customer_id": customer_id, "message_id": event_id, "endpoint_id": endpoint_id, "event": event, "body": body,
            "run_at": run_at or now, "created_at": now,
        }
        for endpoint_id in wanted
    ]  # fmt: skip
    session.execute(_SEND, rows)


def message_name(message_id: UUID) -> str:
    """The event's `webhook-id`."""
    return f"msg_{message_id.hex}"


def add_endpoint(
    session: Session, url: str, events: Collection[str], *, by: str, key: bytes, tls_only: bool, now: datetime
) -> tuple[Endpoint, str]:  # fmt: skip
    """A new endpoint and its secret, which is shown this once. No events given: all of them.

    Raises Invalid for an address that is none (with `tls_only`, for one without TLS), or an event that there is not.
    """
    url = url.strip()
    errors = {}
    if wrong := _wrong(url, tls_only):
        errors["url"] = wrong
    if unknown := sorted(set(events) - set(EVENTS)):
        errors["events"] = f"{', '.join(unknown)}: there is no such event. Events are {', '.join(EVENTS)}."
    if errors:
        raise Invalid(" ".join(errors.values()), errors)
    endpoint_id, salt = ids.uuid7(), secrets.token_hex(16)
    wanted = tuple(event for event in EVENTS if event in events or not events)
    session.execute(
        insert(_ENDPOINT).values(
            endpoint_id=endpoint_id, url=url, events=list(wanted), salt=salt, active=True, created_at=now, created_by=by
        )
    )
    return Endpoint(endpoint_id, url, wanted, True, now, by), secret_of(key, endpoint_id, salt)


def _wrong(url: str, tls_only: bool) -> str | None:
    schemes = ("https",) if tls_only else ("https", "http")
    try:
        parts = urlsplit(url)
        port = parts.port  # raises where it is none
    except ValueError:
        return "That is not an address."
    if parts.scheme not in schemes or not parts.hostname or port == 0:
        return f"Write the whole address, beginning with {' or '.join(f'{scheme}://' for scheme in schemes)}."
    if parts.username is not None or parts.password is not None or parts.fragment:
        return "The address must hold no sign-in and no part after #."
    if len(url) > LONGEST_URL or not url.isprintable() or not url.isascii() or " " in url:
        return f"An address has at most {LONGEST_URL} plain characters and no spaces."
    return None


def endpoints(session: Session) -> tuple[Endpoint, ...]:
    """Every endpoint, the oldest first, with how much is pending and dead."""
    counts = {(row.endpoint_id, row.state): row.many for row in session.execute(_STATES)}
    return tuple(
        Endpoint(
            row.endpoint_id, row.url, tuple(row.events), row.active, row.created_at, row.created_by,
            counts.get((row.endpoint_id, "pending"), 0), counts.get((row.endpoint_id, "dead"), 0),
        )
        for row in session.execute(select(_ENDPOINT).order_by(_ENDPOINT.c.endpoint_id))
    )  # fmt: skip


def remove_endpoint(session: Session, endpoint_id: UUID) -> Endpoint:
    """Takes the endpoint away with all that was on its way to it. Raises NotFound."""
    found = next((one for one in endpoints(session) if one.endpoint_id == endpoint_id), None)
    if found is None:
        raise NotFound("There is no such endpoint.")
    session.execute(delete(_DELIVERY).where(_DELIVERY.c.endpoint_id == endpoint_id))
    session.execute(delete(_ENDPOINT).where(_ENDPOINT.c.endpoint_id == endpoint_id))
    return found


def switch_endpoint(session: Session, endpoint_id: UUID, *, active: bool) -> None:
    """Stops or resumes sending: an endpoint that is off is left no events, and what is on its way waits. Raises NotFound."""
    switched = session.execute(update(_ENDPOINT).where(_ENDPOINT.c.endpoint_id == endpoint_id).values(active=active))
    if db.touched(switched) != 1:
        raise NotFound("There is no such endpoint.")


def deliveries(session: Session, *states: str, most: int = SHOWN) -> tuple[Delivery, ...]:
    """The latest deliveries in these states, newest first."""
    asked = {"states": states or ("pending", "delivered", "dead"), "most": most}
    return tuple(
        Delivery(
            message_name(row.message_id), row.endpoint_id, row.url, row.event, row.state, row.attempts, row.created_at,
            row.run_at, row.last_at, row.last_status, row.last_error,
        )
        for row in session.execute(_IN_STATE, asked)
    )  # fmt: skip


def resend(session: Session, message: str, endpoint_id: UUID | None, now: datetime) -> int:
    """Sends dead letters of this `webhook-id` again, to one endpoint or all that it was dead for; gives how many.

    Raises NotFound where there is no such message, and Conflict where none of it is dead.
    """
    try:
        message_id = UUID(hex=message.removeprefix("msg_"))
    except ValueError:
        raise NotFound("There is no such message.") from None
    mine = [_DELIVERY.c.message_id == message_id]
    if endpoint_id is not None:
        mine.append(_DELIVERY.c.endpoint_id == endpoint_id)
    if not (again := _again(session, mine, now)):
        if session.execute(select(_DELIVERY.c.message_id).where(*mine).limit(1)).first() is None:
            raise NotFound("There is no such message.")
        raise Conflict("This is no dead letter: it was delivered, or is on its way.")
    return again


def resend_all(session: Session, now: datetime, endpoint_id: UUID | None = None) -> int:
    """Sends every dead letter again, or every one to this endpoint; gives how many."""
    return _again(session, [] if endpoint_id is None else [_DELIVERY.c.endpoint_id == endpoint_id], now)


def _again(session: Session, which: list[Any], now: datetime) -> int:
    done = session.execute(
        update(_DELIVERY)
        .where(*which, _DELIVERY.c.state == "dead")
        .values(state="pending", attempts=0, run_at=now, settled_at=None)
    )
    return db.touched(done)


def purge_deliveries(now: datetime) -> int:
    """Forgets what was delivered a week ago, and dead letters that nobody wanted for two months."""
    old = [("delivered", now - KEPT_DELIVERED), ("dead", now - KEPT_DEAD)]
    gone = 0
    for state, before in old:
        which = (_DELIVERY.c.state == state, _DELIVERY.c.settled_at < before)
        with db.reading() as session:
            if session.execute(select(_DELIVERY.c.message_id).where(*which).limit(1)).first() is None:
                continue
        with db.transaction() as session:
            gone += db.touched(session.execute(delete(_DELIVERY).where(*which)))
    return gone


def export_customer(session: Session, customer_id: UUID) -> list[dict[str, Any]]:
    """What was sent, or is to be sent, of the customer."""
    found = session.execute(select(_DELIVERY).where(_DELIVERY.c.customer_id == customer_id))
    return [dict(row._mapping) for row in found]


def erase_customer(session: Session, customer_id: UUID) -> None:
    """Drops what was sent, or was still to be sent, of the customer."""
    session.execute(delete(_DELIVERY).where(_DELIVERY.c.customer_id == customer_id))
