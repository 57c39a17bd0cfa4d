"""The rows of this room: what was published, decided, offered and answered. Private to the room."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, LargeBinary, text
from sqlmodel import Field, SQLModel

from backend.db import Json, UtcDateTime

_LIVE = text("state IN ('open', 'presented', 'deferred')")
_DUE = text("state = 'approved'")


class CatalogueVersionRow(SQLModel, table=True):
    """One immutable version of the catalogue: the pack's whole text, compressed, and the digest that names it."""

    __tablename__ = "catalogue_version"

    version: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    digest: str
    body: bytes = Field(sa_type=LargeBinary)
    published_at: datetime = Field(sa_type=UtcDateTime)
    published_by: str


class ConfigurationRow(SQLModel, table=True):
    """One immutable version of what is published: which catalogue is in force, with which levers and bid prices."""

    __tablename__ = "configuration_version"

    version: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    catalogue_version: int = Field(foreign_key="catalogue_version.version")
    levers: dict[str, float] = Field(sa_type=Json)
    prices: dict[str, float] = Field(sa_type=Json)
    """Bid price of one unit of each budget, in major units."""
    exhausted: list[str] = Field(sa_type=Json)
    """Budgets of which nothing was left."""
    published_at: datetime = Field(sa_type=UtcDateTime)
    published_by: str


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
    presented_first: bool = False
    answered_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    answered_on: date | None = None
    answered_channel: str | None = None
    answered_by: str | None = None
    reason: str | None = None
    until: date | None = None
    undo_until: date | None = None
    """The customer's local day until which what was accepted may be taken back; empty where it cannot be."""
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


class BudgetPeriodRow(SQLModel, table=True):
    """What is taken of a budget in one month or on one day. Only ever changed under a guard, so that it is never oversold."""

    __tablename__ = "budget_period"
    __table_args__ = (CheckConstraint("used > -0.005", name="used"),)

    budget: str = Field(primary_key=True)
    period: str = Field(primary_key=True)
    """As in 2026-11, or 2026-11-23."""
    used: float


class ReservationRow(SQLModel, table=True):
    """What one offer took of a budget; it goes when that is given back."""

    __tablename__ = "reservation"

    customer_id: UUID = Field(primary_key=True)
    offer_id: UUID = Field(primary_key=True)
    budget: str = Field(primary_key=True)
    period: str
    amount: float
    reserved_at: datetime = Field(sa_type=UtcDateTime)


class BidPriceRow(SQLModel, table=True):
    """What one unit of a budget is worth at the margin, in major units, as whoever plans the budgets wrote it."""

    __tablename__ = "bid_price"
    __table_args__ = (CheckConstraint("price >= 0", name="price"),)

    budget: str = Field(primary_key=True)
    price: float
    written_at: datetime = Field(sa_type=UtcDateTime)
    written_by: str


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


class CatalogueSourceRow(SQLModel, table=True):
    """The text files of a catalogue version as they were written, compressed: for reading, comparing and export."""

    __tablename__ = "catalogue_source"

    version: int = Field(
        primary_key=True, foreign_key="catalogue_version.version", sa_column_kwargs={"autoincrement": False}
    )
    files: bytes = Field(sa_type=LargeBinary)


class DraftRow(SQLModel, table=True):
    """A catalogue being written. What the constraints say holds whoever races: no problem, two people, the text approved."""

    __tablename__ = "catalogue_draft"
    __table_args__ = (
        CheckConstraint(
            "state IN ('draft','checked','simulated','asked','approved','published','withdrawn')", name="state"
        ),
        CheckConstraint("state IN ('draft','withdrawn') OR coalesce(problem_count, -1) = 0", name="in_order"),
        CheckConstraint("(approved_by_id IS NULL) = (approved_digest IS NULL)", name="approver"),
        CheckConstraint("approved_by_id IS NULL OR approved_by_id <> made_by_id", name="second_person"),
        CheckConstraint("(state IN ('approved','published')) = (approved_digest IS NOT NULL)", name="approved"),
        CheckConstraint("approved_digest IS NULL OR approved_digest = digest", name="as_approved"),
        CheckConstraint("effective_at IS NULL OR state IN ('approved','published')", name="effective"),
        CheckConstraint("(state = 'published') = (catalogue_version IS NOT NULL)", name="published"),
        Index("ix_catalogue_draft_due", "effective_at", sqlite_where=_DUE, postgresql_where=_DUE),
    )

    draft_id: UUID = Field(primary_key=True)
    name: str
    base_version: int = Field(foreign_key="catalogue_version.version")
    state: str
    revision: int
    """Moves with every act, so that nobody acts on what they have not seen."""
    files: dict[str, str] = Field(sa_type=Json)
    digest: str
    """Names the files' text: what was checked, simulated and approved is this and nothing else."""
    made_by: str
    made_by_id: str
    made_at: datetime = Field(sa_type=UtcDateTime)
    changed_by: str
    changed_at: datetime = Field(sa_type=UtcDateTime)
    problems: list[dict[str, Any]] | None = Field(default=None, sa_type=Json)
    problem_count: int | None = None
    checked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    asked_by: str | None = None
    asked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    returned_by: str | None = None
    returned_words: str | None = None
    approved_by: str | None = None
    approved_by_id: str | None = None
    approved_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    approved_digest: str | None = None
    effective_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    catalogue_version: int | None = Field(default=None, foreign_key="catalogue_version.version")


class DraftEditorRow(SQLModel, table=True):
    """Who had a hand in a draft: none of them may approve it."""

    __tablename__ = "catalogue_draft_editor"

    draft_id: UUID = Field(primary_key=True, foreign_key="catalogue_draft.draft_id")
    editor_id: str = Field(primary_key=True)


class SimulationRow(SQLModel, table=True):
    """A simulation of a draft's text that was asked for, taken by one worker at a time, with how far it is and what it found."""

    __tablename__ = "catalogue_simulation"
    __table_args__ = (CheckConstraint("state IN ('waiting','running','done','failed')", name="state"),)

    draft_id: UUID = Field(primary_key=True, foreign_key="catalogue_draft.draft_id")
    digest: str
    state: str
    asked_by: str
    asked_by_id: str
    asked_at: datetime = Field(sa_type=UtcDateTime)
    lease_until: datetime = Field(sa_type=UtcDateTime)
    done: int = 0
    total: int = 0
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    configuration_version: int | None = None
    report: dict[str, Any] | None = Field(default=None, sa_type=Json)
    error: str | None = None


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
