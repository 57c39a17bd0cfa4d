"""What this room holds of a customer: handed over, and erased. Nothing moves in a merge: it hangs on who signs in."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlmodel import Session

from backend import db
from backend.entering import addresses, codes, devices, sessions, throttling
from backend.entering.addresses import CHANGE
from backend.entering.authenticators import AUTHENTICATOR, RECOVERY
from backend.entering.codes import CODE
from backend.entering.devices import DEVICE
from backend.entering.passkeys import PASSKEY
from backend.entering.sessions import SESSION, subjects_of_customer
from backend.entering.sign_on import SIGN_ON

OURS = (SESSION, DEVICE, CODE, PASSKEY, AUTHENTICATOR, RECOVERY, CHANGE, SIGN_ON)
SECRETS = ("salt", "code_hash", "token_hash", "secret")
"""What proves that somebody is the customer is not handed over."""


def export_customer(session: Session, customer_id: UUID) -> dict[str, list[dict[str, Any]]]:
    """Every row of this room about the customer, by table, under whichever of their ids they signed in."""
    subjects = sorted(subjects_of_customer(session, customer_id))
    return {
        table.name: [
            {name: value for name, value in row._mapping.items() if name not in SECRETS}
            for row in session.execute(select(table).where(table.c.subject_id.in_(subjects)))
        ]
        for table in OURS
    }


def erase_customer(session: Session, customer_id: UUID) -> None:
    """Ends what goes on, and forgets all of it."""
    subjects = sorted(subjects_of_customer(session, customer_id))
    for table in OURS:
        session.execute(delete(table).where(table.c.subject_id.in_(subjects)))


def forget_old(now: datetime) -> int:
    """Forgets sessions long over, devices that nobody uses, and old counts. Opens its own transaction."""
    with db.transaction() as session:
        return (
            sessions.forget_old(session, now)
            + codes.forget_old(session, now)
            + addresses.forget_old(session, now)
            + devices.forget_old(session, now)
            + throttling.forget(session, now)
        )
