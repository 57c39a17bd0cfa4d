"""The rows of this room: what each contact and each answer counts for, and the counts by local day. Private to the room.

The first two say of each thing what it counts for, and lead from a number to what stands behind it. The counts are their sums;
`gone` are those of what is no longer held, because its customer was erased or its time was over: of these only the sum is left.
"""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from backend.db import UtcDateTime

_JOINT = text("split = ''")
CLUSTERED = {"sqlite_with_rowid": False}


def _sum() -> int:
    many: int = Field(default=0, sa_type=BigInteger, sa_column_kwargs={"server_default": text("0")})
    return many


class ReportContactRow(SQLModel, table=True):
    """What one contact with staff, one visit to the portal or one rating counts for."""

    __tablename__ = "report_contact"
    __table_args__ = (
        CheckConstraint("kind IN ('contact', 'visit', 'rating')", name="kind"),
        Index("ix_report_contact_at", "kind", "at"),
        CLUSTERED,
    )

    customer_id: UUID = Field(primary_key=True)
    fact_id: UUID = Field(primary_key=True)
    """The contact's own id; of a rating, that of the case or offer."""
    kind: str
    at: datetime = Field(sa_type=UtcDateTime)
    day: date
    """The organisation's local day of it."""
    channel: str
    staff: str
    """The id of the member of staff; their name where a load told no more; empty where nobody of the staff did it."""
    reason: str
    handled: int
    handle_seconds: int
    wrapped: int
    after_seconds: int
    transferred: int
    asked: int
    repeated: int
    followed: int
    contained: int
    score: int
    content: int


class ReportContactDayRow(SQLModel, table=True):
    """The sums of a local day."""

    __tablename__ = "report_contact_day"
    __table_args__ = (CLUSTERED,)

    day: date = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    channel: str = Field(primary_key=True)
    staff: str = Field(primary_key=True)
    gone: bool = Field(primary_key=True)
    n: int = _sum()
    handled: int = _sum()
    handle_seconds: int = _sum()
    wrapped: int = _sum()
    after_seconds: int = _sum()
    transferred: int = _sum()
    asked: int = _sum()
    repeated: int = _sum()
    followed: int = _sum()
    contained: int = _sum()
    score: int = _sum()
    content: int = _sum()


class ReportOfferRow(SQLModel, table=True):
    """What one act upon an offer counts for, with what was known of the customer when it was counted first."""

    __tablename__ = "report_offer"
    __table_args__ = (Index("ix_report_offer_at", "act", "at"), CLUSTERED)

    customer_id: UUID = Field(primary_key=True)
    fact_id: UUID = Field(primary_key=True)
    """The event's own id."""
    act: str = Field(primary_key=True)
    at: datetime = Field(sa_type=UtcDateTime)
    day: date
    treatment: str
    channel: str
    staff: str
    stage: str
    reason: str
    """Why it was declined, by the pack's key; of what an agent chose, the treatment that was recommended in its place."""
    segments: str
    """With spaces between."""
    age: str
    gender: str
    loyalty: str
    taken: int
    undone: int
    fulfilled: int
    conceded: int
    value_minor: int = Field(sa_type=BigInteger)
    cost_minor: int = Field(sa_type=BigInteger)


class ReportOfferDayRow(SQLModel, table=True):
    """The sums of a local day: by treatment, channel and staff where `split` is empty, else by what it names."""

    __tablename__ = "report_offer_day"
    __table_args__ = (
        Index("ix_report_offer_day_staff", "staff", "day", sqlite_where=_JOINT, postgresql_where=_JOINT),
        CLUSTERED,
    )

    day: date = Field(primary_key=True)
    split: str = Field(primary_key=True)
    act: str = Field(primary_key=True)
    treatment: str = Field(primary_key=True)
    value: str = Field(primary_key=True)
    channel: str = Field(primary_key=True)
    staff: str = Field(primary_key=True)
    gone: bool = Field(primary_key=True)
    n: int = _sum()
    taken: int = _sum()
    undone: int = _sum()
    fulfilled: int = _sum()
    conceded: int = _sum()
    value_minor: int = _sum()
    cost_minor: int = _sum()


class ReportStateRow(SQLModel, table=True):
    """How far counting has come. Whoever changes facts or counts holds this one row: there is one who counts at a time."""

    __tablename__ = "report_state"

    name: str = Field(primary_key=True)
    zone: str
    """The zone by whose days is counted; another one in the pack has everybody counted anew."""
    is_counting_anew: bool
    reached: UUID | None = None
    """The customer up to whom everybody was counted anew."""
    counted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
