"""The rows of this room: contacts, what happened in them, the calls they came by, and who is at work. Private to the room."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from backend.db import Json, UtcDateTime

CLUSTERED = {"sqlite_with_rowid": False}
"""SQLite keeps such a table in the order of its primary key, so that one customer's rows lie side by side."""

_OPEN = text("wrapped_at IS NULL AND staff_id IS NOT NULL")
_WRAPPED = text("wrapped_at IS NOT NULL AND staff_id IS NOT NULL")
_ENDED = text("ended_at IS NOT NULL")
_LIVE = text("state <> 'ended'")
_UNREAD = text("dismissed_at IS NULL AND withdrawn_at IS NULL")
COUNTED = "event.kind IN ('case.written', 'offer.presented', 'offer.accepted', 'offer.declined', 'offer.deferred')"
"""The events that are counted over all customers. The statements that count say it in the same words, so that they use the index."""
_COUNTED = text(COUNTED.replace("event.", ""))


class InteractionRow(SQLModel, table=True):
    """One contact: a call, a visit to the portal, a message. Open at the desk until its agent has wrapped it up."""

    __tablename__ = "interaction"
    __table_args__ = (
        CheckConstraint("direction IN ('inbound', 'outbound')", name="direction"),
        Index("ix_interaction_open", "staff_id", sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_interaction_wrapped", "staff_id", "wrapped_at", sqlite_where=_WRAPPED, postgresql_where=_WRAPPED),
        Index("ix_interaction_ended", "ended_at", sqlite_where=_ENDED, postgresql_where=_ENDED),
        Index("ix_interaction_started", "started_at"),
        CLUSTERED,
    )

    customer_id: UUID = Field(primary_key=True)
    interaction_id: UUID = Field(primary_key=True)
    channel: str
    direction: str
    started_at: datetime = Field(sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    staff: str | None = None
    stage: str | None = None
    intent: str | None = None
    summary: str | None = None
    staff_id: UUID | None = None
    is_private: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    notes: str = Field(default="", sa_column_kwargs={"server_default": text("''")})
    notes_version: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    wrap_up_code: str | None = None
    wrapped_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    person_id: UUID | None = None
    """The representative with whom the agent speaks; empty for the customer themselves."""
    verified_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    verified_how: str | None = None
    """How whoever speaks proved who they are; it ends with the contact."""
    held_seconds: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    """For so long, and so often, the customer was on hold."""
    holds: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    verified_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When it ends by itself; empty where it holds until the contact is over."""
    verified_stays: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    """Whether a colleague to whom the call is put through has it too."""
    proof: dict[str, Any] | None = Field(default=None, sa_type=Json)
    """A code that was sent, as a hash."""
    wrong_answers: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    wrong_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class CallRow(SQLModel, table=True):
    """One telephone call, as the telephone system told of it. Nobody's until someone says whose it is."""

    __tablename__ = "call"
    __table_args__ = (
        CheckConstraint("state IN ('ringing', 'talking', 'ended')", name="state"),
        CheckConstraint("direction IN ('inbound', 'outbound')", name="direction"),
        Index("ix_call_live", "staff_id", sqlite_where=_LIVE, postgresql_where=_LIVE),
        Index("ix_call_rang_at", "rang_at"),
    )

    call_id: UUID = Field(primary_key=True)
    external_id: str = Field(unique=True)
    """The telephone system's own name for it."""
    direction: str
    number: str
    line: str
    state: str
    staff_id: UUID | None = Field(default=None, index=True)
    staff: str = ""
    customer_id: UUID | None = Field(default=None, index=True)
    interaction_id: UUID | None = None
    rang_at: datetime = Field(sa_type=UtcDateTime)
    answered_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    waited: int | None = None
    """Seconds until somebody took it, or until the caller gave up; empty while it rings."""
    cause: str | None = None
    offers: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    """The telephone system gave it to nobody: the desk offers it to one agent after another."""
    queue: str = Field(default="", sa_column_kwargs={"server_default": text("''")})
    skill: str = Field(default="", sa_column_kwargs={"server_default": text("''")})
    ring_seconds: int = Field(default=20, sa_column_kwargs={"server_default": text("20")})
    offered_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    asked: str = Field(default="", sa_column_kwargs={"server_default": text("''")})
    """The ids of the agents to whom it was offered in this round, with spaces between."""
    held_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class AgentRow(SQLModel, table=True):
    """What a member of staff is doing at the desk, and since when."""

    __tablename__ = "agent"
    __table_args__ = (CheckConstraint("state IN ('ready', 'on_call', 'wrap_up', 'away', 'offline')", name="state"),)

    staff_id: UUID = Field(primary_key=True)
    name: str
    state: str
    reason: str = Field(default="", sa_column_kwargs={"server_default": text("''")})
    """Why they are away, in the pack's words of that time; empty where they did not say."""
    since: datetime = Field(sa_type=UtcDateTime)
    seen_at: datetime = Field(sa_type=UtcDateTime)
    """When a page of theirs was last open, or the telephone spoke of them; to within a minute."""


class VisitRow(SQLModel, table=True):
    """Where a customer is at the portal: the last page and when, for as long as they may be there."""

    __tablename__ = "visit"
    __table_args__ = (Index("ix_visit_seen_at", "seen_at"), CLUSTERED)

    customer_id: UUID = Field(primary_key=True)
    interaction_id: UUID
    page: str | None = None
    """Empty where the customer does not want to be watched."""
    page_since: datetime = Field(sa_type=UtcDateTime)
    seen_at: datetime = Field(sa_type=UtcDateTime)
    steps: list[list[str]] | None = Field(default=None, sa_type=Json)
    """The pages of this visit, [title, instant], the last one last; none where the customer does not want to be watched."""


class ReceivedRow(SQLModel, table=True):
    """A message that came in from outside, so that the same one sent again is taken once; forgotten after some weeks."""

    __tablename__ = "received"
    __table_args__ = (CLUSTERED,)

    customer_id: UUID = Field(primary_key=True)
    message_id: str = Field(primary_key=True)
    at: datetime = Field(sa_type=UtcDateTime, index=True)
    """When it came in."""


class EventRow(SQLModel, table=True):
    """One thing that happened. Its id is made at the instant that it happened: the primary key is the order of time."""

    __tablename__ = "event"
    __table_args__ = (
        Index("ix_event_counted", "event_id", sqlite_where=_COUNTED, postgresql_where=_COUNTED),
        CLUSTERED,
    )

    customer_id: UUID = Field(primary_key=True)
    event_id: UUID = Field(primary_key=True)
    at: datetime = Field(sa_type=UtcDateTime)
    kind: str
    channel: str | None = None
    stage: str | None = None
    interaction_id: UUID | None = None
    actor_kind: str
    actor_name: str
    data: dict[str, Any] = Field(sa_type=Json)
    staff_id: UUID | None = None
    """Which member of staff did it, for counting; empty where nobody of the staff did, or a load told only their name."""


class CountDueRow(SQLModel, table=True):
    """Word, left by the act itself, that this customer's contacts and offers are to be counted anew; gone once they were."""

    __tablename__ = "count_due"
    __table_args__ = (Index("ix_count_due_due_id", "due_id"), CLUSTERED)

    customer_id: UUID = Field(primary_key=True)
    due_id: UUID = Field(primary_key=True)


class PlaceRow(SQLModel, table=True):
    """A customer, or a case of theirs, that a member of staff has open at the desk, or had; a tab until it is closed."""

    __tablename__ = "desk_place"
    __table_args__ = (Index("ix_desk_place_staff", "staff_id", "seen_at"), CLUSTERED)

    customer_id: UUID = Field(primary_key=True)
    staff_id: UUID = Field(primary_key=True)
    case_id: UUID = Field(primary_key=True)
    """The case; all zeros for the customer's own page."""
    staff: str
    is_tab: bool
    opened_at: datetime = Field(sa_type=UtcDateTime)
    seen_at: datetime = Field(sa_type=UtcDateTime)
    """When the page was last said to be open; of a case that is no tab, when its tab was closed."""
    gone: bool = False
    """It was left since."""
    looked_id: UUID
    """The smallest id of the instant at which they last looked: what happened since has a greater one."""


class RatingRow(SQLModel, table=True):
    """What the customer thought of a case or an offer once it was done: one answer for each, the last word."""

    __tablename__ = "rating"
    __table_args__ = (
        CheckConstraint("thing IN ('case', 'offer')", name="thing"),
        CheckConstraint("score BETWEEN 1 AND 5", name="score"),
        Index("ix_rating_changed_at", "changed_at"),
        CLUSTERED,
    )

    customer_id: UUID = Field(primary_key=True)
    thing_id: UUID = Field(primary_key=True)
    thing: str
    score: int
    words: str
    low_on: date | None = None
    """The customer's local day from which it counts as a moment of truth; empty where it is none."""
    rated_at: datetime = Field(sa_type=UtcDateTime)
    changed_at: datetime = Field(sa_type=UtcDateTime)


class WishRow(SQLModel, table=True):
    """Something that the customer asked for and that stands until its time: to go on by telephone, to have the account closed."""

    __tablename__ = "wish"
    __table_args__ = (
        CheckConstraint("kind IN ('by_phone', 'closing')", name="kind"),
        Index("ix_wish_due", "kind", "due_at"),
        Index("ix_wish_reference", "reference"),
        CLUSTERED,
    )

    customer_id: UUID = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    reference: str
    """What the customer says when they call; empty where nothing is to be said."""
    told: dict[str, Any] = Field(sa_type=Json)
    asked_at: datetime = Field(sa_type=UtcDateTime)
    due_at: datetime = Field(sa_type=UtcDateTime)
    """When it is done, or forgotten."""


class DeskDraftRow(SQLModel, table=True):
    """What a member of staff has typed somewhere at the desk and not sent. Of nobody known yet: all zeros for the customer."""

    __tablename__ = "desk_draft"
    __table_args__ = (CLUSTERED,)

    customer_id: UUID = Field(primary_key=True)
    staff_id: UUID = Field(primary_key=True)
    place: str = Field(primary_key=True)
    text: str
    version: int
    saved_at: datetime = Field(sa_type=UtcDateTime, index=True)


class FloorWordRow(SQLModel, table=True):
    """What supervision says to the agent of a contact: a whisper, or that the contact was taken, handed on or ended.

    It is no event of the customer's timeline and on none of their pages; like notes, it is held of them: a copy of all has it.
    """

    __tablename__ = "floor_word"
    __table_args__ = (
        CheckConstraint("kind IN ('whisper', 'taken', 'handed', 'given', 'ended')", name="kind"),
        Index("ix_floor_word_unread", "to_id", sqlite_where=_UNREAD, postgresql_where=_UNREAD),
        CLUSTERED,
    )

    customer_id: UUID = Field(primary_key=True)
    word_id: UUID = Field(primary_key=True)
    interaction_id: UUID
    kind: str
    text: str
    by_id: UUID
    by_name: str
    to_id: UUID
    to_name: str
    at: datetime = Field(sa_type=UtcDateTime)
    withdrawn_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    dismissed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When the agent put it away, having read it."""
