"""What this room tells the others: work that outlives the contact in which it began. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID

Kind = Literal["case", "callback", "appointment"]
State = Literal["open", "done", "cancelled"]
Status = Literal["new", "open", "pending", "snoozed", "resolved", "closed", "reopened"]
MessageKind = Literal["customer", "agent", "note"]

KIND_LABELS: dict[str, str] = {"case": "Case", "callback": "Callback", "appointment": "Appointment"}
STATE_LABELS: dict[tuple[str, str], str] = {
    ("case", "open"): "Open",
    ("case", "done"): "Closed",
    ("case", "cancelled"): "Cancelled",
    ("callback", "open"): "To call",
    ("callback", "done"): "Called",
    ("callback", "cancelled"): "Cancelled",
    ("appointment", "open"): "Planned",
    ("appointment", "done"): "Done",
    ("appointment", "cancelled"): "Cancelled",
}
STATUS_LABELS: dict[str, str] = {
    "new": "New", "open": "Open", "pending": "Pending", "snoozed": "Snoozed", "resolved": "Resolved", "closed": "Closed",
    "reopened": "Reopened",
}  # fmt: skip
WAITS_FOR: dict[str, str] = {"customer": "the customer", "colleague": "a colleague", "third_party": "somebody outside"}
"""On whom a pending case may wait."""


@dataclass(frozen=True, slots=True)
class Case:
    """One piece of work for a customer: a case that someone looks into, a call that was promised, a visit on a day.

    `day` is the customer's local day of an appointment; `wish` says when a call suits. `offer_id` names the offer that it
    fulfils, if it came of one.
    """

    case_id: UUID
    kind: Kind
    state: State
    subject: str
    reference: str
    opened_at: datetime
    day: date | None = None
    wish: str = ""
    offer_id: UUID | None = None
    closed_at: datetime | None = None
    closed_by: str = ""
    outcome: str = ""
    opened_by: str = ""
    slot_at: datetime | None = None
    slot_until: datetime | None = None
    """Of a callback: between when it is made; of an appointment: between when somebody comes, where that was chosen."""
    particulars: tuple[tuple[str, str], ...] = ()
    """What the customer said about it when they accepted: label and text of each."""
    quiet: bool = False
    """It is no trouble of the customer's: something that they asked us to end."""

    @property
    def counts(self) -> bool:
        """Whether it counts among the customer's open cases; what an offer set in motion does not either."""
        return self.offer_id is None and not self.quiet

    @property
    def kind_label(self) -> str:
        return KIND_LABELS[self.kind]

    @property
    def state_label(self) -> str:
        return STATE_LABELS[self.kind, self.state]


@dataclass(frozen=True, slots=True)
class Work:
    """How a case stands. `first_due` and `solve_due` are instants by the pack's service level; None where none is promised.

    `paused_at`: since when the clock stands still. `version` rises with every act; an act upon an older one is refused.
    """

    customer_id: UUID
    case_id: UUID
    status: Status
    type: str
    priority: str
    staff_id: UUID | None
    staff: str
    team: str
    tags: tuple[str, ...]
    version: int
    began_at: datetime
    paused_seconds: int
    paused_at: datetime | None
    waits_for: str
    first_due: datetime | None
    solve_due: datetime | None
    answered_at: datetime | None
    wake_at: datetime | None
    resolved_at: datetime | None
    burns_at: datetime
    unanswered: bool
    merged_into: UUID | None
    changed_at: datetime
    changed_by: str

    @property
    def status_label(self) -> str:
        return STATUS_LABELS[self.status]

    @property
    def is_active(self) -> bool:
        """Whether there is something to be done about it."""
        return self.status not in ("resolved", "closed")


@dataclass(frozen=True, slots=True)
class Message:
    """What somebody wrote in a case; a note is for colleagues alone."""

    message_id: UUID
    case_id: UUID
    kind: MessageKind
    channel: str | None
    author: str
    text: str
    at: datetime
    copied_from: UUID | None = None


@dataclass(frozen=True, slots=True)
class File:
    """A file of a case; `place` is where its content stands, under the folder of attachments."""

    file_id: UUID
    case_id: UUID
    name: str
    media_type: str
    bytes: int
    place: str
    added_at: datetime
    added_by: str
    channel: str | None = None
    """By which the customer sent it; None for a file of ours."""
    message_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """What an agent has begun to write: an answer (`agent`) or a note. `version` rises with every change."""

    kind: str
    text: str
    saved_at: datetime
    version: int = 1


@dataclass(frozen=True, slots=True)
class Slot:
    """A time at which a call back can be made, and how many more it takes."""

    at: datetime
    until: datetime
    free: int


@dataclass(frozen=True, slots=True)
class Callback:
    """A callback with how it stands. `taken_at`: since when somebody calls."""

    customer_id: UUID
    case: Case
    team: str
    staff_id: UUID | None
    staff: str
    tries: int
    taken_at: datetime | None
    missed_at: datetime | None

    @property
    def due_at(self) -> datetime:
        """When it is to be made; where nobody booked a time, at once."""
        return self.case.slot_at or self.case.opened_at


@dataclass(frozen=True, slots=True)
class Listed:
    """A case in a list."""

    case: Case
    work: Work


@dataclass(frozen=True, slots=True)
class Counted:
    """How many cases are in each of an agent's lists."""

    mine: int
    team: int
    unassigned: int
    all: int


@dataclass(frozen=True, slots=True)
class PastCase:
    """A case that was open before a load, with what the load knows of it."""

    case_id: UUID
    customer_id: UUID
    subject: str
    reference: str
    opened_at: datetime
    opened_by: str


@dataclass(frozen=True, slots=True)
class Task:
    """Something that was promised to a customer: what, by when, and who sees to it."""

    customer_id: UUID
    task_id: UUID
    what: str
    state: Literal["open", "done"]
    staff_id: UUID
    staff: str
    due_at: datetime
    interaction_id: UUID | None
    made_at: datetime
    made_by: str
    done_at: datetime | None
    done_by: str


InboxKind = Literal["message", "case", "callback", "task", "approval"]


@dataclass(frozen=True, slots=True)
class Waiting:
    """One thing that waits for an agent. `state` is the case's status, the callback's wish, or how an approval came out.

    `due_at`: by when, None where nothing is promised; of a case, `answered` says which of its two times that is.
    """

    kind: InboxKind
    customer_id: UUID
    thing_id: UUID
    what: str
    state: str
    detail: str
    due_at: datetime | None
    since: datetime
    answered: bool
