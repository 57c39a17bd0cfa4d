"""What this room tells the others: work that outlives the contact in which it began. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID

Kind = Literal["case", "callback", "appointment"]
State = Literal["open", "done", "cancelled"]

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

    @property
    def kind_label(self) -> str:
        return KIND_LABELS[self.kind]

    @property
    def state_label(self) -> str:
        return STATE_LABELS[self.kind, self.state]


@dataclass(frozen=True, slots=True)
class PastCase:
    """A case that was open before a load, with what the load knows of it."""

    case_id: UUID
    customer_id: UUID
    subject: str
    reference: str
    opened_at: datetime
    opened_by: str
