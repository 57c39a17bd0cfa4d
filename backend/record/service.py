"""Record's door: word of what changed, the outbox, the audit trail, and idempotent answers."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session

from backend.record import auditing, changes, idempotency, outbox, webhooks
from backend.record.auditing import Checked, Verdict, audit, is_audited, no_act, seal, verify, verify_part
from backend.record.changes import CHANGED, changed, followed, newest, reached, read_back
from backend.record.changes import purge as purge_changes
from backend.record.forgetting import ERASED, forget_by, remember
from backend.record.hub import Hub, Watch, hub
from backend.record.idempotency import Answer, Request, begin, finish, give_up, purge, request_of
from backend.record.moving import jobs_about, move_customer, move_customer_back
from backend.record.noting import forget_told, note_told
from backend.record.outbox import put, register, run_due
from backend.record.recently import lately
from backend.record.searching import (
    Entry,
    Wanted,
    all_entries,
    before_it,
    count_before,
    empty_before,
    entries,
    entry,
    sealed_until,
)
from backend.record.types import RETURN, Change, Delivery, Endpoint
from backend.record.webhook_sending import Reach, Sender
from backend.record.webhook_signing import headers_of
from backend.record.webhooks import (
    EVENTS,
    add_endpoint,
    announce,
    deliveries,
    endpoints,
    purge_deliveries,
    remove_endpoint,
    resend,
    resend_all,
    switch_endpoint,
)
from shared.kernel.actors import Actor

__all__ = [
    "CHANGED", "ERASED", "EVENTS", "RETURN", "Answer", "Change", "Checked", "Delivery", "Endpoint", "Entry", "Hub", "Reach", "Request", "Sender", "Verdict", "Wanted", "Watch",
    "add_endpoint", "all_entries", "announce", "audit", "before_it", "begin", "changed", "count_before", "deliveries", "empty_before", "endpoints", "entries", "entry", "erase_customer", "export_customer", "finish", "followed", "forget_by",
    "give_up", "headers_of", "hub", "is_audited", "jobs_about", "lately", "move_customer", "move_customer_back", "newest", "no_act", "note_told", "purge", "purge_changes", "purge_deliveries", "put", "reached", "read_back",
    "register", "remember", "remove_endpoint", "request_of", "resend", "resend_all", "run_due", "seal", "sealed_until", "switch_endpoint", "verify", "verify_part",
]  # fmt: skip


def export_customer(session: Session, customer_id: UUID, words: Collection[str] = ()) -> dict[str, Any]:
    """Every row of this room about the customer, by table; answers kept for a day where one of the `words` stands in them."""
    return {
        "idempotency_key": idempotency.export_named(session, (str(customer_id), *words)),
        "outbox_job": outbox.export_customer(session, customer_id),
        "audit_entry": auditing.export_customer(session, customer_id, words),
        "change": changes.export_customer(session, customer_id),
        "webhook_delivery": webhooks.export_customer(session, customer_id),
    }


def erase_customer(
    session: Session, customer_id: UUID, *, actor: Actor, now: datetime, words: Collection[str] = ()
) -> None:  # fmt: skip
    """Drops the customer's pending work and what watchers were told, and empties their audit payloads; the chain stays whole."""
    idempotency.erase_named(session, (str(customer_id), *words))
    outbox.erase_customer(session, customer_id)
    changes.erase_customer(session, customer_id)
    webhooks.erase_customer(session, customer_id)
    forget_told(session, customer_id)
    auditing.erase_customer(session, customer_id, actor=actor, now=now, words=words)
