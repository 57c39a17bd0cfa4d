"""The rows of this room: cases, callbacks and appointments, and all that belongs to a case. Private to the room."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from backend.db import Json, UtcDateTime

_OPEN = text("state = 'open'")
_CALLS = text("state = 'open' AND kind = 'callback'")
_ACTIVE = text("active")
_UNSEEN = text("seen_at IS NULL")
_ONE = text("1")
_TO_CALL = text("state = 'open' AND kind = 'callback'")
STATES = "'new', 'open', 'pending', 'snoozed', 'resolved', 'closed', 'reopened'"


class CaseRow(SQLModel, table=True):
    """One piece of work; the offer that it fulfils opens it once, whoever fulfils it again."""

    __tablename__ = "customer_case"
    __table_args__ = (
        CheckConstraint("kind IN ('case', 'callback', 'appointment')", name="kind"),
        CheckConstraint("state IN ('open', 'done', 'cancelled')", name="state"),
        CheckConstraint("(kind = 'appointment') = (day IS NOT NULL)", name="day"),
        CheckConstraint("(state = 'open') = (closed_at IS NULL)", name="closed"),
        Index("uq_customer_case_offer", "customer_id", "offer_id", unique=True),
        Index("ix_customer_case_reference", "reference"),
        Index("ix_customer_case_slot", "slot_at", sqlite_where=_CALLS, postgresql_where=_CALLS),
        Index("ix_customer_case_day", "day", sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_customer_case_to_call", "opened_at", sqlite_where=_TO_CALL, postgresql_where=_TO_CALL),
        {"sqlite_with_rowid": False},
    )

    customer_id: UUID = Field(primary_key=True)
    case_id: UUID = Field(primary_key=True)
    kind: str
    state: str
    subject: str
    reference: str
    wish: str = ""
    day: date | None = None
    slot_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """Of a callback: when it is to be made, and until when; of an appointment: between when they come, where that was chosen."""
    slot_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    particulars: list[dict[str, str]] | None = Field(default=None, sa_type=Json)
    """What the customer said about it when they accepted the offer: label and text of each."""
    offer_id: UUID | None = None
    quiet: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    """Not counted among the customer's open cases: no trouble of theirs."""
    opened_at: datetime = Field(sa_type=UtcDateTime)
    opened_by: str
    closed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    closed_by: str = ""
    outcome: str = ""


class CaseWorkRow(SQLModel, table=True):
    """How a case stands: who has it, how urgent it is, by when what is due. One beside each `customer_case` of kind case.

    `active`: still to be done. `burns_at`: when it is due next, far off where nothing is; lists are sorted by it.
    """

    __tablename__ = "case_work"
    __table_args__ = (
        CheckConstraint(f"status IN ({STATES})", name="status"),
        CheckConstraint("active = (status NOT IN ('resolved', 'closed'))", name="active"),
        CheckConstraint("(status = 'snoozed') <= (wake_at IS NOT NULL)", name="wake"),
        CheckConstraint("version > 0", name="version"),
        Index("ix_case_work_burns", "burns_at", "case_id", sqlite_where=_ACTIVE, postgresql_where=_ACTIVE),
        Index("ix_case_work_staff", "staff_id", "burns_at", sqlite_where=_ACTIVE, postgresql_where=_ACTIVE),
        Index("ix_case_work_team", "team", "burns_at", sqlite_where=_ACTIVE, postgresql_where=_ACTIVE),
        Index("ix_case_work_wake", "wake_at", sqlite_where=_ACTIVE, postgresql_where=_ACTIVE),
        Index("ix_case_work_resolved", "resolved_at"),
        {"sqlite_with_rowid": False},
    )

    customer_id: UUID = Field(primary_key=True)
    case_id: UUID = Field(primary_key=True)
    status: str
    active: bool
    type: str
    priority: str
    staff_id: UUID | None = None
    staff: str = ""
    team: str = ""
    tags: list[str] = Field(sa_type=Json)
    version: int
    began_at: datetime = Field(sa_type=UtcDateTime)
    """Since when its service level is counted."""
    paused_seconds: int = 0
    """So much work time its clock stood still."""
    paused_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    waits_for: str = ""
    first_due: datetime | None = Field(default=None, sa_type=UtcDateTime)
    solve_due: datetime | None = Field(default=None, sa_type=UtcDateTime)
    answered_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    wake_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    resolved_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    burns_at: datetime = Field(sa_type=UtcDateTime)
    unanswered: bool = False
    """The customer wrote last."""
    merged_into: UUID | None = None
    changed_at: datetime = Field(sa_type=UtcDateTime)
    changed_by: str


class CaseMessageRow(SQLModel, table=True):
    """What was written in a case: to the customer, by them, or as a note for colleagues. Appended, never changed."""

    __tablename__ = "case_message"
    __table_args__ = (
        CheckConstraint("kind IN ('customer', 'agent', 'note')", name="kind"),
        {"sqlite_with_rowid": False},
    )

    customer_id: UUID = Field(primary_key=True)
    case_id: UUID = Field(primary_key=True)
    message_id: UUID = Field(primary_key=True)
    kind: str
    channel: str | None = None
    author: str
    text: str
    at: datetime = Field(sa_type=UtcDateTime)
    copied_from: UUID | None = None
    """Of a message that came along when a case was split: the one that it repeats."""


class CaseDraftRow(SQLModel, table=True):
    """What a member of staff has begun to write in a case and not sent."""

    __tablename__ = "case_draft"
    __table_args__ = ({"sqlite_with_rowid": False},)

    customer_id: UUID = Field(primary_key=True)
    case_id: UUID = Field(primary_key=True)
    staff_id: UUID = Field(primary_key=True)
    kind: str
    text: str
    saved_at: datetime = Field(sa_type=UtcDateTime)
    version: int = Field(default=1, sa_column_kwargs={"server_default": _ONE})


class CaseFileRow(SQLModel, table=True):
    """A file that was attached to a case; what is in it stands outside the database, at `place` under the folder of attachments."""

    __tablename__ = "case_file"
    __table_args__ = (CheckConstraint("bytes > 0", name="bytes"), {"sqlite_with_rowid": False})

    customer_id: UUID = Field(primary_key=True)
    case_id: UUID = Field(primary_key=True)
    file_id: UUID = Field(primary_key=True)
    name: str
    media_type: str
    bytes: int
    digest: str
    """SHA-256 of the content, in hexadecimal digits."""
    place: str
    added_at: datetime = Field(sa_type=UtcDateTime)
    added_by: str
    channel: str | None = None
    """By which the customer sent it; None for a file of ours."""
    message_id: UUID | None = None
    """The message with which it came."""


class CaseLinkRow(SQLModel, table=True):
    """Two cases of a customer that have to do with each other; one row from each side."""

    __tablename__ = "case_link"
    __table_args__ = ({"sqlite_with_rowid": False},)

    customer_id: UUID = Field(primary_key=True)
    case_id: UUID = Field(primary_key=True)
    other_id: UUID = Field(primary_key=True)
    linked_at: datetime = Field(sa_type=UtcDateTime)
    linked_by: str


class CallbackRow(SQLModel, table=True):
    """How a callback stands: who makes it, how often they tried. One beside each `customer_case` of kind callback that was booked.

    One beside each appointment that has a slot, too: `team` is then the calendar whose place it has.
    """

    __tablename__ = "callback"
    __table_args__ = (CheckConstraint("tries >= 0", name="tries"), {"sqlite_with_rowid": False})

    customer_id: UUID = Field(primary_key=True)
    case_id: UUID = Field(primary_key=True)
    team: str
    staff_id: UUID | None = None
    staff: str = ""
    tries: int = 0
    tried_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    taken_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """Since when somebody calls."""
    missed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class CallbackSlotRow(SQLModel, table=True):
    """How many places of a slot are taken, for each team; what nobody has taken has no row."""

    __tablename__ = "callback_slot"
    __table_args__ = (CheckConstraint("taken >= 0", name="taken"), {"sqlite_with_rowid": False})

    team: str = Field(primary_key=True)
    slot_at: datetime = Field(primary_key=True, sa_type=UtcDateTime)
    taken: int


class TeamMemberRow(SQLModel, table=True):
    """Whose cases a member of staff sees under "My team"."""

    __tablename__ = "team_member"
    __table_args__ = ({"sqlite_with_rowid": False},)

    staff_id: UUID = Field(primary_key=True)
    team: str = Field(primary_key=True)


class TaskRow(SQLModel, table=True):
    """Something that was promised to a customer: what, by when, and who sees to it."""

    __tablename__ = "task"
    __table_args__ = (
        CheckConstraint("state IN ('open', 'done')", name="state"),
        CheckConstraint("(state = 'open') = (done_at IS NULL)", name="done"),
        Index("ix_task_open", "staff_id", "due_at", sqlite_where=_OPEN, postgresql_where=_OPEN),
        {"sqlite_with_rowid": False},
    )

    customer_id: UUID = Field(primary_key=True)
    task_id: UUID = Field(primary_key=True)
    what: str
    state: str = "open"
    staff_id: UUID
    staff: str
    due_at: datetime = Field(sa_type=UtcDateTime)
    interaction_id: UUID | None = None
    """The contact in which it was promised."""
    made_at: datetime = Field(sa_type=UtcDateTime)
    made_by: str
    done_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    done_by: str = ""


class NoticeRow(SQLModel, table=True):
    """Something that one member of staff waits to hear of a customer, until they have seen it."""

    __tablename__ = "staff_notice"
    __table_args__ = (
        CheckConstraint("kind IN ('approved', 'refused')", name="kind"),
        Index("ix_staff_notice_unseen", "staff_id", "at", sqlite_where=_UNSEEN, postgresql_where=_UNSEEN),
        {"sqlite_with_rowid": False},
    )

    customer_id: UUID = Field(primary_key=True)
    notice_id: UUID = Field(primary_key=True)
    staff_id: UUID
    kind: str
    what: str
    detail: str = ""
    at: datetime = Field(sa_type=UtcDateTime)
    seen_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class CaseWritingRow(SQLModel, table=True):
    """Who is writing in a case just now: the first one, until they are silent, leave, or somebody goes on knowingly."""

    __tablename__ = "case_writing"
    __table_args__ = ({"sqlite_with_rowid": False},)

    customer_id: UUID = Field(primary_key=True)
    case_id: UUID = Field(primary_key=True)
    staff_id: UUID
    staff: str
    since: datetime = Field(sa_type=UtcDateTime)
    seen_at: datetime = Field(sa_type=UtcDateTime)
    """When they last typed."""
