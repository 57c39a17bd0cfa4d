"""What this room tells the others: frozen, complete, free of the database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol
from uuid import UUID

from shared.kernel.languages import noted
from shared.kernel.money import Money

State = Literal["started", "paid", "failed", "cancelled", "disputed"]
SETTLED = ("paid", "disputed")
"""What a payment stays, whatever is told later."""
METHODS = {"card": noted("by card"), "bank": noted("by bank transfer"), "wallet": noted("by a payment app")}
"""How it was paid, as providers tell it and as people read it; nothing more of it is kept."""
REASONS = {
    "declined": noted("the bank said no"),
    "expired": noted("the card has expired"),
    "insufficient": noted("there was not enough money in the account"),
}
"""Why it failed, the same way; a provider's own words are never kept: there may be a card's number in them."""


@dataclass(frozen=True, slots=True)
class Payment:
    """One attempt to pay one bill. `page` is the hosted page's address, empty until the provider has told it."""

    customer_id: UUID
    payment_id: UUID
    reference: str
    """Short, for people to read out."""
    bill_id: UUID
    bill: str
    amount: Money
    state: State
    page: str
    method: str
    why: str
    started_at: datetime
    settled_at: datetime | None
    came: Money | None
    """What came where it was not what was asked."""
    case_id: UUID | None
    """The case in which colleagues look at it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a provider is asked: so much for this, and where to send the customer and the news."""

    payment_id: UUID
    amount: Money
    what: str
    language: str
    return_to: str
    notify: str


@dataclass(frozen=True, slots=True)
class Hosted:
    """What it answers: its own id of the payment, and the page where the customer pays."""

    provider_id: str
    page: str


class Provider(Protocol):
    """A payment provider. Asked again for the same payment, it gives the same page."""

    def start(self, asked: Asked) -> Hosted:
        """Raises Unavailable where it does not answer, or not as agreed."""
        ...

    def look(self, payment_id: UUID, provider_id: str) -> Notice | None:
        """What became of a payment of which it has told nothing; None where nothing did yet. Raises Unavailable, Invalid."""
        ...


@dataclass(frozen=True, slots=True)
class Notice:
    """What a provider tells of a payment. `notice_id` is the same however often it is told."""

    notice_id: str
    payment_id: UUID
    kind: Literal["paid", "failed", "cancelled"]
    amount: Money
    provider_id: str = ""
    method: str = ""
    why: str = ""
