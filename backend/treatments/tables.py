"""The rows of this room: what was decided, offered and answered. Private to the room."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, LargeBinary, text
from sqlmodel import Field, SQLModel

from backend.db import Json, UtcDateTime

_LIVE = text("state IN ('open', 'presented', 'deferred')")

_TAKEN = text("taken_on IS NOT NULL")


class LedgerRow(SQLModel, table=True):
    """The version of a customer's ledger: answers, expiry and withdrawal move it, and its lock puts them in one line."""

    __tablename__ = "ledger"

    customer_id: UUID = Field(primary_key=True)
    version: int


class OfferRow(SQLModel, table=True):
    """One treatment put to one customer for one subject. Terms are frozen from the first presentation on."""

    __tablename__ = "offer"
    __table_args__ = (
        # One live offer per treatment and subject, whichever channel or process made it.
        Index(
            "uq_offer_live", "customer_id", "treatment", "subject", unique=True,
            sqlite_where=_LIVE, postgresql_where=_LIVE,
        ),
        Index("ix_offer_offer_id", "offer_id"),
        Index("ix_offer_reference", "reference"),
        Index("ix_offer_taken_on", "taken_on", sqlite_where=_TAKEN, postgresql_where=_TAKEN),
        Index("ix_offer_expires_at", "expires_at", sqlite_where=_LIVE, postgresql_where=_LIVE),
        CheckConstraint(
            "state IN ('open','presented','accepted','fulfilled','declined','deferred','expired','withdrawn','pending_approval','superseded','undone')",
            name="state",
        ),
        CheckConstraint("version >= 1", name="version"),
        CheckConstraint("(state = 'open') = (presented_at IS NULL)", name="presented"),
    )  # fmt: skip

    customer_id: UUID = Field(primary_key=True)
    offer_id: UUID = Field(primary_key=True)
    treatment: str
    subject: str = ""
    state: str
    version: int = 1
    catalogue_version: int
    terms: list[dict[str, Any]] = Field(sa_type=Json)
    concession: float = 0.0
    valid_until: date
    expires_at: datetime = Field(sa_type=UtcDateTime)
    reference: str
    moment_key: str = ""
    opened_at: datetime = Field(sa_type=UtcDateTime)
    presented_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    presented_on: date | None = None
    presented_channel: str | None = None
    presented_by: str | None = None
    presented_with: dict[str, str] | None = Field(default=None, sa_type=Json)
    """Who heard it in the customer's place: id, name, relation; empty where it was the customer. So too with an answer."""
    presented_first: bool = False
    answered_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    answered_on: date | None = None
    answered_channel: str | None = None
    answered_by: str | None = None
    answered_with: dict[str, str] | None = Field(default=None, sa_type=Json)
    word: str | None = None
    """What an agent wrote for the customer to read beside it, when it was put off in a talk."""
    disclosed: list[dict[str, Any]] | None = Field(default=None, sa_type=Json)
    """What the customer was told before they accepted, word for word, when, and by whom; empty where nothing had to be."""
    chosen: list[dict[str, Any]] | None = Field(default=None, sa_type=Json)
    """What the customer chose when they accepted: a time, an address and the like; empty where nothing was asked."""
    reason: str | None = None
    until: date | None = None
    undo_until: date | None = None
    """The customer's local day until which what was accepted may be taken back; empty where it cannot be."""
    taken_on: date | None = None
    """When it was accepted, though it was taken back since; and by whom of the staff, empty where the customer did it alone."""
    taken_by: str | None = None
    supersedes: UUID | None = None
    """The offer in whose place this one stands, on terms that an agent altered."""
    made_by: str | None = None
    """The agent who altered the terms or chose the treatment in place of the recommended; None: the decision made it."""
    made_by_id: str | None = None
    settled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When the answer became known to others: a request that came in earlier cannot have known of it, so it raced."""


class FulfilmentRow(SQLModel, table=True):
    """What was done for an accepted offer, once, and with what was found: so that it can be taken back exactly."""

    __tablename__ = "fulfilment"
    __table_args__ = ({"sqlite_with_rowid": False},)

    customer_id: UUID = Field(primary_key=True)
    offer_id: UUID = Field(primary_key=True)
    place: int
    """In which order the customer's were done: the second of two at one instant is the later."""
    kind: str
    done_at: datetime = Field(sa_type=UtcDateTime)
    changes: list[dict[str, Any]] = Field(sa_type=Json)
    undone_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    left_alone: list[str] | None = Field(default=None, sa_type=Json)
    """The attributes that were not put back, because somebody had changed them since."""


class DecisionRow(SQLModel, table=True):
    """A ranked result, with the versions of all that it was made from. Its inputs are kept once, in the snapshot."""

    __tablename__ = "decision"
    __table_args__ = (Index("ix_decision_decision_id", "decision_id"),)

    customer_id: UUID = Field(primary_key=True)
    decision_id: UUID = Field(primary_key=True)
    made_at: datetime = Field(sa_type=UtcDateTime)
    profile_version: int
    moment_key: str
    ledger_version: int
    configuration_version: int
    catalogue_version: int
    model_epoch: int
    engine_version: int
    stands_until: datetime = Field(sa_type=UtcDateTime)
    input_hash: str
    ranked: list[dict[str, Any]] = Field(sa_type=Json)
    digest: str
    features: list[float] | None = Field(default=None, sa_type=Json)
    """What chances were learned from, in the order of the pack's columns, without histories; empty before there was learning."""


class SnapshotRow(SQLModel, table=True):
    """The inputs of decisions, compressed, once per customer and hash. Erasure deletes them: replay then says so."""

    __tablename__ = "snapshot"

    customer_id: UUID = Field(primary_key=True)
    input_hash: str = Field(primary_key=True)
    body: bytes = Field(sa_type=LargeBinary)


class ParityCheckRow(SQLModel, table=True):
    """A comparison of all channels on live customers: how many, how many pairs, and what differed."""

    __tablename__ = "parity_check"

    check_id: UUID = Field(primary_key=True)
    at: datetime = Field(sa_type=UtcDateTime)
    customers: int
    compared: int
    differences: int
    details: list[str] = Field(sa_type=Json)


class RuleFailureRow(SQLModel, table=True):
    """How often a rule of a treatment could not be decided on one day, over all customers; nobody is named."""

    __tablename__ = "rule_failure"

    day: date = Field(primary_key=True)
    treatment: str = Field(primary_key=True)
    step: str = Field(primary_key=True)
    rule_hash: str = Field(primary_key=True)
    """Names the rule's text, which may be longer than a key."""
    rule: str
    why: str
    count: int
    last_at: datetime = Field(sa_type=UtcDateTime)
