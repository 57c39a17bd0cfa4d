"""The rows of this room: e-mail that is sent, and e-mail that came in. Private to the room."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from backend.db import Json, UtcDateTime

_QUEUED = text("state = 'queued'")
_UNKNOWN = text("state = 'unrecognised'")


class MailSentRow(SQLModel, table=True):
    """One e-mail to a customer, written with the act that sends it. `about_id`: the case, or the offer; `part_id`: the message."""

    __tablename__ = "mail_sent"
    __table_args__ = (
        CheckConstraint("state IN ('queued', 'sent', 'refused')", name="state"),
        CheckConstraint("(state = 'queued') = (settled_at IS NULL)", name="settled"),
        Index("uq_mail_sent_once", "customer_id", "once", unique=True),
        Index("ix_mail_sent_due", "run_at", sqlite_where=_QUEUED, postgresql_where=_QUEUED),
        Index("ix_mail_sent_mail", "mail_id"),
        {"sqlite_with_rowid": False},
    )

    customer_id: UUID = Field(primary_key=True)
    mail_id: UUID = Field(primary_key=True)
    purpose: str
    about_id: UUID | None = None
    part_id: UUID | None = None
    once: str
    """What is sent once only has the same words here each time."""
    recipient: str
    subject: str
    text: str
    """Of a code, empty as soon as it was sent."""
    reference: str = ""
    thread: list[str] = Field(sa_type=Json)
    """The Message-IDs before it, the one that it answers last."""
    files: list[dict[str, Any]] = Field(sa_type=Json)
    """Name, media type and place of each, under the folder of attachments."""
    state: str = "queued"
    why: str = ""
    attempts: int = 0
    run_at: datetime = Field(sa_type=UtcDateTime)  # while it is being sent: when another may take it
    created_at: datetime = Field(sa_type=UtcDateTime)
    settled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class MailReceivedRow(SQLModel, table=True):
    """One e-mail that came in, known by its Message-ID. `place`: where it stands whole, while nobody knows whose it is."""

    __tablename__ = "mail_received"
    __table_args__ = (
        CheckConstraint("state IN ('filed', 'unrecognised', 'dropped', 'automatic')", name="state"),
        Index("uq_mail_received_key", "message_key", unique=True),
        Index("ix_mail_received_customer", "customer_id"),
        Index("ix_mail_received_case", "case_id"),
        Index("ix_mail_received_sender", "sender", "at"),
        Index("ix_mail_received_unknown", "at", sqlite_where=_UNKNOWN, postgresql_where=_UNKNOWN),
    )

    mail_id: UUID = Field(primary_key=True)
    message_key: str
    """SHA-256 of the Message-ID; of the whole mail where it has none."""
    message_name: str = ""
    """The Message-ID itself, which an answer names."""
    customer_id: UUID | None = None
    state: str
    why: str = ""
    sender: str
    name: str = ""
    subject: str
    text: str = ""
    quoted: str = ""
    """What it repeats of earlier mails."""
    case_id: UUID | None = None
    part_id: UUID | None = None
    place: str = ""
    at: datetime = Field(sa_type=UtcDateTime)
    settled_by: str = ""
