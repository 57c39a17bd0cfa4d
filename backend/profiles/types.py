"""What this room tells the others: frozen, complete, free of the database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Generic, Literal, TypeVar
from uuid import UUID

from shared.kernel.money import Money

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A part of a list; `next_cursor` fetches what follows and is None at the end."""

    items: tuple[T, ...]
    next_cursor: str | None = None


@dataclass(frozen=True, slots=True)
class Moment:
    """Why the customer is here now: it belongs to the customer, not to the channel that learned it."""

    version: int
    stage: str
    intent: str | None
    source: Literal["stated", "inferred"]
    channel: str
    set_at: datetime
    fades_at: datetime
    evidence: str | None = None
    set_by: str = ""
    strength: float = 1.0

    def live(self, now: datetime) -> bool:
        """True until the moment has faded."""
        return now < self.fades_at

    def strength_at(self, now: datetime) -> float:
        """How sure it still is, 0 to 1: what is stated stays certain while it lives, what is inferred fades evenly."""
        if not self.live(now):
            return 0.0
        if self.source == "stated":
            return self.strength
        whole, left = self.fades_at - self.set_at, self.fades_at - max(now, self.set_at)
        return self.strength * (left / whole)


ConsentState = Literal["granted", "denied", "withdrawn"]
REFUSED = ("denied", "withdrawn")
"""The states in which the customer does not want it; what nobody asked them is neither."""


@dataclass(frozen=True, slots=True)
class Consent:
    """What stands for one purpose in one channel, with the words that the customer was shown."""

    purpose: str
    channel: str
    state: ConsentState
    source: str
    wording: str
    at: datetime
    wording_version: int = 1


@dataclass(frozen=True, slots=True)
class ConsentEntry:
    """One thing that the customer said: to whom, where, and of which words."""

    entry_id: UUID
    purpose: str
    channel: str
    state: ConsentState
    source: str
    wording_version: int
    at: datetime
    by_kind: str
    by_name: str
    wording: str


@dataclass(frozen=True, slots=True)
class Holding:
    """One of the things of which a customer may have several: its kind, what it is called, and what is known of it."""

    holding_id: str
    kind: str
    label: str
    attributes: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Profile:
    """All that is known of one customer at one version; windows of facts are still day buckets."""

    customer_id: UUID
    number: str
    name: str
    attributes: dict[str, Any]
    facts: dict[str, Any]
    version: int
    timezone: str
    language: str
    made_up: bool
    moment: Moment | None
    consents: tuple[Consent, ...] = ()
    phone: str | None = None
    email: str | None = None
    birth_date: date | None = None
    created_at: datetime | None = field(default=None, compare=False)
    holdings: tuple[Holding, ...] = ()
    is_anonymous: bool = False
    states: dict[str, Any] | None = None
    """As they were last worked out and told: `life_cycle`, `segments`, `protective`, each with since when."""
    states_day: date | None = None
    restricted: str = ""
    """The pack's group of customers that only some teams may open."""

    @property
    def first_name(self) -> str:
        return self.name.split(" ", 1)[0]


Matched = Literal["phone", "email", "number", "external", "cookie", "name", "text", "listed"]


@dataclass(frozen=True, slots=True)
class Match:
    """A customer found: how sure we are (0 to 1) and by what."""

    id: UUID
    number: str
    name: str
    confidence: float
    matched: Matched


@dataclass(frozen=True, slots=True)
class Hit:
    """Something else that a search finds, of this kind ("case"): the faces know where each kind is opened. It may be nobody's.

    `label` and `detail` are in words, and tell nothing that a verification would have to unmask; the higher the `rank`
    (0 to 1), the earlier it stands.
    """

    kind: str
    label: str
    detail: str
    customer_id: UUID | None
    thing_id: UUID
    rank: float


@dataclass(frozen=True, slots=True)
class Bill:
    bill_id: UUID
    reference: str
    issued_on: date
    due_on: date
    amount: Money
    status: Literal["open", "paid", "overdue"]
    paid_on: date | None
    lines: tuple[tuple[str, Money], ...] = ()
    """What the bill is made of: words and amounts."""
    usage: Mapping[str, float] = field(default_factory=dict)
    """What was used in its month, by the pack's kinds of usage."""


@dataclass(frozen=True, slots=True)
class Credit:
    """Money that a customer was given: `bill` is the reference of the bill that it lowers, None while it waits for one."""

    credit_id: UUID
    text: str
    amount: Money
    bill: str | None


Relation = Literal["representative", "carer", "executor"]
RELATIONS: tuple[Relation, ...] = ("representative", "carer", "executor")


@dataclass(frozen=True, slots=True)
class Representative:
    """A person who may be told, and where `may_act` answer, in a customer's place, and by what authority.

    `from_day` and `until` are the first and the last day by the customer's own clock.
    """

    representative_id: UUID
    name: str
    relation: Relation
    authority: str
    may_act: bool
    from_day: date
    until: date | None
    recorded_by: str
    recorded_at: datetime
    ended_by: str | None
    ended_at: datetime | None

    def holds(self, today: date) -> bool:
        """Whether their authority holds on this day of the customer's."""
        return self.ended_at is None and self.from_day <= today and (self.until is None or today <= self.until)
