"""Who carries a one-time code to a customer: whatever room can send registers itself here; with none, no code is offered."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol
from uuid import UUID

from sqlmodel import Session


class Sender(Protocol):
    """Puts a message on its way within the transaction of the session; it goes out after."""

    def __call__(
        self, session: Session, *, customer_id: UUID, to: str, subject: str, text: str, purpose: str, at: datetime
    ) -> object: ...


_senders: list[Sender] = []


def send_codes_by(sender: Sender) -> None:
    """From now on codes go out by this one. Called once, as a room is imported."""
    _senders[:] = [sender]


def sender() -> Sender | None:
    return _senders[0] if _senders else None


def stop_sending() -> None:
    """No code is offered any more."""
    _senders.clear()
