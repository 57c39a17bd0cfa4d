"""Jobs to be done later, the audit trail, and the answers kept for repeated requests."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Integer, text
from sqlmodel import Field, SQLModel

from backend.db import Json, UtcDateTime

_PENDING = text("state = 'pending'")


class OutboxJobRow(SQLModel, table=True):
    __tablename__ = "outbox_job"
    __table_args__ = (
        Index(
            "ix_outbox_job_due", "run_at",
            sqlite_where=text("failed_at IS NULL"), postgresql_where=text("failed_at IS NULL"),
        ),
    )  # fmt: skip

    customer_id: UUID = Field(primary_key=True)
    job_id: UUID = Field(primary_key=True)
    topic: str
    payload: dict[str, Any] = Field(sa_type=Json)
    run_at: datetime = Field(sa_type=UtcDateTime)  # while leased: when the lease ends
    attempts: int = 0
    last_error: str | None = None
    failed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)  # given up
    created_at: datetime = Field(sa_type=UtcDateTime)


class AuditEntryRow(SQLModel, table=True):
    """Who did what. `position`, `sealed_at` and `seal` are empty until the sealer comes by."""

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index("ix_audit_entry_actor", "actor_id", "entry_id"),
        Index("ix_audit_entry_action", "action", "entry_id"),
    )

    entry_id: UUID = Field(primary_key=True)
    at: datetime = Field(sa_type=UtcDateTime, index=True)
    actor_kind: str
    actor_id: str
    action: str
    subject: str
    customer_id: UUID | None = Field(default=None, index=True)
    payload: dict[str, Any] | None = Field(default=None, sa_type=Json)
    salt: str | None = None
    digest: str
    position: int | None = Field(default=None, unique=True)
    sealed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    seal: str | None = None


class AuditHeadRow(SQLModel, table=True):
    """The one row that says where the chain ends: sealers take turns on it, and a cut-off end shows."""

    __tablename__ = "audit_head"
    __table_args__ = (CheckConstraint("head_id = 1", name="one"),)

    head_id: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    position: int
    seal: str


class IdempotencyKeyRow(SQLModel, table=True):
    """A write that may be sent again: being worked on while `status` is empty, else with its answer."""

    __tablename__ = "idempotency_key"

    actor_id: str = Field(primary_key=True)
    method: str = Field(primary_key=True)
    path: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    request_digest: str
    started_at: datetime = Field(sa_type=UtcDateTime, index=True)
    status: int | None = None
    content_type: str | None = None
    body: str | None = None


class ChangeRow(SQLModel, table=True):
    """Word of what changed, for whoever watches. The numbers rise: by them one asks for what one has missed."""

    __tablename__ = "change"
    # Without it SQLite gives the number of a deleted last row to the next one.
    __table_args__ = ({"sqlite_autoincrement": True},)

    change_id: int | None = Field(
        default=None,
        # SQLite counts by itself only in a column of type INTEGER.
        sa_column=Column(BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=True),
    )
    at: datetime = Field(sa_type=UtcDateTime)
    topic: str
    customer_id: UUID | None = None
    subject: str | None = None
    private: bool = False


class WebhookEndpointRow(SQLModel, table=True):
    """Where events are sent. What signs them is worked out from `salt` and the installation's own secret."""

    __tablename__ = "webhook_endpoint"

    endpoint_id: UUID = Field(primary_key=True)
    url: str
    events: list[str] = Field(sa_type=Json)
    salt: str
    active: bool = True
    created_at: datetime = Field(sa_type=UtcDateTime)
    created_by: str


class WebhookDeliveryRow(SQLModel, table=True):
    """One event on its way to one endpoint, its text as it is signed. `message_id` is the event's, the same on every attempt."""

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        CheckConstraint("state IN ('pending', 'delivered', 'dead')", name="state"),
        Index("ix_webhook_delivery_due", "endpoint_id", "run_at", sqlite_where=_PENDING, postgresql_where=_PENDING),
        Index("ix_webhook_delivery_state", "state", "created_at"),
    )  # fmt: skip

    customer_id: UUID = Field(primary_key=True)
    message_id: UUID = Field(primary_key=True)
    endpoint_id: UUID = Field(primary_key=True)
    event: str
    body: str
    state: str = "pending"
    attempts: int = 0
    run_at: datetime = Field(sa_type=UtcDateTime)  # while it is being sent: when another may take it
    created_at: datetime = Field(sa_type=UtcDateTime)
    settled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    last_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    last_status: int | None = None
    last_error: str | None = None
