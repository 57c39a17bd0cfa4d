"""The rows of this room: who a customer is, what is known of them, why they are here now. Private to the room."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from backend.db import Json, UtcDateTime

CLUSTERED = {"sqlite_with_rowid": False}
"""SQLite keeps such a table in the order of its primary key, so that one customer's rows lie side by side."""


class CustomerRow(SQLModel, table=True):
    __tablename__ = "customer"
    __table_args__ = (
        CheckConstraint("version >= 1", name="version"),
        # Not unique here: the claim of the number is, and a table spread by customer can promise nothing across them.
        Index("ix_customer_number", "number"),
    )

    customer_id: UUID = Field(primary_key=True)
    number: str
    name: str
    search_text: str
    """Folded name, number, e-mail and telephone digits, in this order: what a search looks through."""
    phone: str | None = None
    email: str | None = None
    birth_date: date | None = None
    attributes: dict[str, Any] = Field(sa_type=Json)
    facts: dict[str, Any] = Field(sa_type=Json)
    holdings: list[dict[str, Any]] = Field(sa_type=Json)
    """The things of which they may have several, each with an id of its own."""
    version: int = 1
    timezone: str
    language: str
    made_up: bool = False
    is_anonymous: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    """Somebody of whom nothing is known but the device: listed nowhere, until they sign in."""
    states: dict[str, Any] | None = Field(default=None, sa_type=Json)
    """Life cycle, segments and protective states as they were last worked out, and since when: by these a transition is told."""
    restricted: str = Field(default="", sa_column_kwargs={"server_default": text("''")})
    """The pack's group of customers that only some teams may open, by its key; empty for everybody else."""
    states_day: date | None = Field(default=None, index=True)
    """The customer's local day on which they were; empty when never."""
    created_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)


class ToldRow(SQLModel, table=True):
    """What each source has told of a customer's attributes and when: out of it follows which value stands."""

    __tablename__ = "told"
    __table_args__ = (CLUSTERED,)

    customer_id: UUID = Field(primary_key=True, foreign_key="customer.customer_id")
    claims: dict[str, Any] = Field(sa_type=Json)


class CustomerAliasRow(SQLModel, table=True):
    """An id under which a customer was known before, so that links and integrations outlive a merge."""

    __tablename__ = "customer_alias"

    alias_id: UUID = Field(primary_key=True)
    customer_id: UUID = Field(foreign_key="customer.customer_id", index=True)


class IdentifierClaimRow(SQLModel, table=True):
    """Each identifier names one customer, whoever races to claim it."""

    __tablename__ = "identifier_claim"
    __table_args__ = (CLUSTERED,)

    kind: str = Field(primary_key=True)
    value: str = Field(primary_key=True)
    customer_id: UUID = Field(foreign_key="customer.customer_id", index=True)


class IdentifierRow(SQLModel, table=True):
    """The same claims by customer, for the customer's page and for export and erasure."""

    __tablename__ = "identifier"
    __table_args__ = (CLUSTERED,)

    customer_id: UUID = Field(primary_key=True, foreign_key="customer.customer_id")
    kind: str = Field(primary_key=True)
    value: str = Field(primary_key=True)


class MomentRow(SQLModel, table=True):
    """Why the customer is here now, whichever channel learned it; the timeline keeps what it was before."""

    __tablename__ = "moment"
    __table_args__ = (
        CheckConstraint("source IN ('stated', 'inferred')", name="source"),
        CheckConstraint("fades_at > set_at", name="fades_after_set"),
    )

    customer_id: UUID = Field(primary_key=True, foreign_key="customer.customer_id")
    version: int
    stage: str
    intent: str | None = None
    source: str
    channel: str
    set_by: str
    evidence: str | None = None
    strength: float = Field(default=1.0, sa_column_kwargs={"server_default": text("1.0")})
    """How sure it was when it was set, 0 to 1: what is stated is certain."""
    set_at: datetime = Field(sa_type=UtcDateTime)
    fades_at: datetime = Field(sa_type=UtcDateTime)


class ConsentRow(SQLModel, table=True):
    """What the customer allows: the present state per purpose and channel, with the words shown to them."""

    __tablename__ = "consent"
    __table_args__ = (CheckConstraint("state IN ('granted', 'denied', 'withdrawn')", name="state"), CLUSTERED)

    customer_id: UUID = Field(primary_key=True, foreign_key="customer.customer_id")
    purpose: str = Field(primary_key=True)
    channel: str = Field(primary_key=True)
    state: str
    source: str
    wording: str
    wording_version: int = Field(default=1, sa_column_kwargs={"server_default": text("1")})
    at: datetime = Field(sa_type=UtcDateTime)


class ConsentEntryRow(SQLModel, table=True):
    """One thing that the customer said of a purpose in a channel. Appended, never changed: the history of `consent`."""

    __tablename__ = "consent_entry"
    __table_args__ = (CheckConstraint("state IN ('granted', 'denied', 'withdrawn')", name="state"), CLUSTERED)

    customer_id: UUID = Field(primary_key=True, foreign_key="customer.customer_id")
    entry_id: UUID = Field(primary_key=True)
    purpose: str
    channel: str
    state: str
    source: str
    wording_version: int
    at: datetime = Field(sa_type=UtcDateTime)
    by_kind: str
    by_name: str


class ConsentWordingRow(SQLModel, table=True):
    """The words of a purpose as they were shown or read out, each text under its own version; kept as long as the ledger."""

    __tablename__ = "consent_wording"
    __table_args__ = (UniqueConstraint("purpose", "digest"),)

    purpose: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    digest: str
    """Of the text, which may be longer than a key."""
    text: str
    at: datetime = Field(sa_type=UtcDateTime)


class ErasedRow(SQLModel, table=True):
    """That there was a customer of this id, and that they were erased: nothing of them, and nothing may come back under it."""

    __tablename__ = "erased_customer"

    customer_id: UUID = Field(primary_key=True)
    at: datetime = Field(sa_type=UtcDateTime)
    swept_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When files and free pages of the database were cleared of them too."""


class BillRow(SQLModel, table=True):
    __tablename__ = "bill"
    __table_args__ = (
        CheckConstraint("status IN ('open', 'paid', 'overdue')", name="status"),
        CheckConstraint("(status = 'paid') = (paid_on IS NOT NULL)", name="paid_has_date"),
        CLUSTERED,
    )

    customer_id: UUID = Field(primary_key=True, foreign_key="customer.customer_id")
    bill_id: UUID = Field(primary_key=True)
    """Made at the instant of issue, so that the primary key is also the order of time."""
    reference: str
    issued_on: date
    due_on: date
    amount_minor: int
    currency: str
    status: str
    paid_on: date | None = None
    lines: list[dict[str, Any]] = Field(sa_type=Json)
    usage: dict[str, float] | None = Field(default=None, sa_type=Json)
    """What was used in its month, by the pack's kinds of usage; not kept when the law makes us keep the bill."""


class CreditRow(SQLModel, table=True):
    """Money given to a customer: a line on the bill that it is booked on, or waiting for the next one."""

    __tablename__ = "credit"
    __table_args__ = (CheckConstraint("amount_minor > 0", name="amount"), CLUSTERED)

    customer_id: UUID = Field(primary_key=True, foreign_key="customer.customer_id")
    credit_id: UUID = Field(primary_key=True)
    """The id of the promise that it keeps, so that one promise is booked once, whoever books it again."""
    text: str
    amount_minor: int
    currency: str
    booked_at: datetime = Field(sa_type=UtcDateTime)
    bill_id: UUID | None = None
    """Empty while it waits for the next bill."""


class RepresentativeRow(SQLModel, table=True):
    """A person who may act, or be told, in a customer's place, and by what authority; kept after it has ended."""

    __tablename__ = "representative"
    __table_args__ = (
        CheckConstraint("relation IN ('representative', 'carer', 'executor')", name="relation"),
        CheckConstraint("until IS NULL OR until >= from_day", name="until_after_from"),
        CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", name="ended"),
        CLUSTERED,
    )

    customer_id: UUID = Field(primary_key=True, foreign_key="customer.customer_id")
    representative_id: UUID = Field(primary_key=True)
    name: str
    relation: str
    authority: str
    """What was seen, in words."""
    may_act: bool
    """Else they may be told, and answer nothing in the customer's place."""
    from_day: date
    until: date | None = None
    """The last day, by the customer's own clock."""
    recorded_by: str
    recorded_at: datetime = Field(sa_type=UtcDateTime)
    ended_by: str | None = None
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class GroupRow(SQLModel, table=True):
    """A household or an account, to which several customers may belong. `key` is what other systems call it."""

    __tablename__ = "customer_group"
    __table_args__ = (
        CheckConstraint("kind IN ('household', 'billing', 'business')", name="kind"),
        UniqueConstraint("key"),
    )

    group_id: UUID = Field(primary_key=True)
    kind: str
    key: str
    name: str
    traits: dict[str, Any] = Field(sa_type=Json)
    created_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)


class MembershipRow(SQLModel, table=True):
    """That a customer belongs to a household or account, or did: kept after they left."""

    __tablename__ = "membership"
    __table_args__ = (
        CheckConstraint("until IS NULL OR until >= since", name="until_after_since"),
        Index("ix_membership_group_id", "group_id"),
        CLUSTERED,
    )

    customer_id: UUID = Field(primary_key=True, foreign_key="customer.customer_id")
    membership_id: UUID = Field(primary_key=True)
    group_id: UUID = Field(foreign_key="customer_group.group_id")
    since: datetime = Field(sa_type=UtcDateTime)
    until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """Empty while they belong to it."""
    source: str


class RfmCutRow(SQLModel, table=True):
    """The cut-offs by which customers are scored, as they were worked out over all of them on a day."""

    __tablename__ = "rfm_cut"

    day: date = Field(primary_key=True)
    version: int
    customers: int
    of: dict[str, Any] = Field(sa_type=Json)
    """The facts that they were worked out of."""
    cuts: dict[str, Any] = Field(sa_type=Json)
    made_at: datetime = Field(sa_type=UtcDateTime)


class PackLoadRow(SQLModel, table=True):
    """How far a load got, written in the transaction of each batch: an interrupted load goes on from there."""

    __tablename__ = "pack_load"

    pack: str = Field(primary_key=True)
    source: str = Field(primary_key=True)
    """Digest of the file of customers: another file is another load."""
    anchor: date
    """The day to which the made-up history leads; kept, so that a load resumed tomorrow makes the same rows."""
    done: int = 0
    total: int
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
