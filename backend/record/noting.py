"""What staff did, on the audit trail whether or not the room that did it says so itself: once, in the act's own transaction."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session

from backend import db, jsons
from backend.record import auditing
from shared.kernel.actors import Actor

_NOTED = "noted for the trail"
_PARTICULARS = ("case_id", "offer_id", "call_id", "interaction_id", "task_id")
"""By which of its particulars a line of the timeline names the thing that it is about."""


def note_told(
    session: Session, event_id: UUID, customer_id: UUID, kind: str, channel: str | None, actor: Actor, data: dict[str, Any], now: datetime,
) -> None:  # fmt: skip
    """A line of the timeline by staff becomes an entry of the trail at the transaction's end, unless its room wrote one by then."""
    if actor.kind == "staff":
        session.info.setdefault(_NOTED, []).append((event_id, customer_id, kind, channel, actor, data, now))


def forget_told(session: Session, customer_id: UUID) -> None:
    """Nothing of this customer is left to be written: they are being erased."""
    session.info[_NOTED] = [one for one in session.info.get(_NOTED, ()) if one[1] != customer_id]


def _write(session: Session) -> None:
    for event_id, customer_id, kind, channel, actor, data, now in session.info.pop(_NOTED, ()):
        if auditing.is_audited(session, kind, customer_id):
            continue
        subject = next((str(data[name]) for name in _PARTICULARS if data.get(name)), f"event:{event_id}")
        # As the timeline keeps it: what is a day or an id there is its text.
        payload = {"channel": channel, "event": str(event_id), "what": json.loads(jsons.write(data))}
        auditing.audit(
            session, actor=actor, action=kind, subject=subject, customer_id=customer_id, payload=payload, now=now
        )


db.before_commit(_write, last=True)
