"""What this room tells the others: e-mail that is sent, and e-mail that came in. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

SentState = Literal["queued", "sent", "refused"]
ReceivedState = Literal["filed", "unrecognised", "dropped", "automatic"]
SHORT_LIVED = frozenset({"code", "verification"})
"""The purposes of mail that is of no use after some minutes."""
CODES = SHORT_LIVED | {"invitation"}
"""The purposes of mail whose text is a secret: it stands nowhere but in the mail, and there only until it is sent."""


@dataclass(frozen=True, slots=True)
class Enclosure:
    """A file that goes along; `place` is where its content stands, under the folder of attachments."""

    name: str
    media_type: str
    place: str


@dataclass(frozen=True, slots=True)
class Sent:
    """One e-mail to a customer and what came of it; `why` says why it was refused, or is late."""

    customer_id: UUID
    mail_id: UUID
    purpose: str
    about_id: UUID | None
    part_id: UUID | None
    recipient: str
    subject: str
    reference: str
    files: tuple[Enclosure, ...]
    state: SentState
    why: str
    created_at: datetime
    settled_at: datetime | None


@dataclass(frozen=True, slots=True)
class Received:
    """One e-mail that came in; `why` says why it is no case's, or a case of its own."""

    mail_id: UUID
    message_name: str
    customer_id: UUID | None
    state: ReceivedState
    why: str
    sender: str
    name: str
    subject: str
    text: str
    quoted: str
    case_id: UUID | None
    part_id: UUID | None
    place: str
    at: datetime
