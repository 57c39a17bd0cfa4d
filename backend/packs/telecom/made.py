"""What the maker hands over: one frozen record per customer, everything a loader needs and nothing of any table.

There are hundreds of thousands of the small ones, and a named tuple is made three times as fast as a frozen dataclass.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple


class MadeLine(NamedTuple):
    """One line of a bill."""

    text: str
    amount_minor: int


class MadeBill(NamedTuple):
    """One monthly bill; `status` is paid, open (not yet due) or overdue. `reference` is unique per customer."""

    reference: str
    issued_on: date
    due_on: date
    amount_minor: int
    currency: str
    status: str
    paid_on: date | None
    lines: tuple[MadeLine, ...]
    usage: dict[str, int] | None = None


class MadeEvent(NamedTuple):
    """One happening, in UTC. Events that share a `contact` belong to one interaction, which the event with `ended_at` opens.

    `kind` is one of call, visit, bill.issued, payment.made, payment.failed, complaint.opened, complaint.resolved,
    case.opened, case.resolved.
    """

    at: datetime
    kind: str
    channel: str
    actor_kind: str
    actor_name: str
    data: dict[str, Any]
    contact: int | None = None
    ended_at: datetime | None = None
    stage: str | None = None


class MadeHolding(NamedTuple):
    """One of the things of which the customer may have several."""

    kind: str
    label: str
    attributes: dict[str, bool | int | float | str]


class MadeConsent(NamedTuple):
    """What the customer said about one purpose on one channel."""

    purpose: str
    channel: str
    state: str
    source: str
    wording: str
    at: datetime


@dataclass(frozen=True, slots=True)
class MadeCustomer:
    """One customer: real attributes from the file, everything else made up and consistent with them.

    `attributes` holds real and made-up ones by key (`made_attributes` names the made-up ones); `facts` has the profile's
    shape: days, values, dates, bad_experience. Events are in order of time.
    """

    number: str
    name: str
    email: str
    phone: str | None
    timezone: str
    language: str
    since: date
    attributes: dict[str, bool | int | float | str | None]
    made_attributes: tuple[str, ...]
    facts: dict[str, Any]
    bills: tuple[MadeBill, ...]
    events: tuple[MadeEvent, ...]
    consents: tuple[MadeConsent, ...]
    holdings: tuple[MadeHolding, ...] = ()
    made_up: bool = True
