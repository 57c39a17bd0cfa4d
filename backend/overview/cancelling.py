"""What leaving would mean for a customer: said before anything is cancelled. It reads; it cancels nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from backend import db
from backend.overview import lines
from backend.overview.types import ServiceLine
from backend.profiles import service as profiles
from backend.treatments import service as treatments
from shared.kernel.actors import Actor
from shared.kernel.errors import Forbidden
from shared.kernel.languages import gettext
from shared.kernel.money import Money

CHANNEL = "portal"
CONTRACT = "contract"
READ_BILLS = 24


@dataclass(frozen=True, slots=True)
class LeavingPage:
    """What the customer would leave: what ends, under which contract, what is still to pay, and whom to call."""

    ends: tuple[ServiceLine, ...]
    contract: str
    contract_since: date | None
    owed: Money
    phone: str
    reference: str | None
    can_be_called: bool


def leaving_page(actor: Actor, now: datetime) -> LeavingPage:
    """Plain words about leaving, for the signed-in customer; nothing on it counts as presented.

    Raises Forbidden for anyone but customers. Opens its own transactions.
    """
    if actor.customer_id is None:
        raise Forbidden(gettext("This page is for customers."))
    decided = treatments.decide(actor.customer_id, now)
    profile, snapshot, pack = decided.inputs.profile, decided.inputs.snapshot, decided.inputs.pack
    found = treatments.recommend_for_customer(
        actor.customer_id, CHANNEL, actor, now, present=False, decided=decided
    )  # fmt: skip
    with db.reading() as session:
        unpaid = profiles.bill_heads(session, profile.customer_id, READ_BILLS, unpaid=True)
    label = pack.attributes[CONTRACT].label if CONTRACT in pack.attributes else ""
    began = profile.facts.get("dates", {}).get("contract_started")
    first = found.elsewhere.reference if found.elsewhere else None
    return LeavingPage(
        ends=tuple(line for line in lines.services(snapshot, pack, "customer") if line.has),
        contract=dict(lines.details(snapshot, pack, "customer")).get(label, ""),
        contract_since=date.fromisoformat(began) if began else None,
        owed=lines.balance(unpaid, pack.currency),
        phone=pack.phone,
        reference=first or (found.cards[0].reference if found.cards else None),
        can_be_called=profile.phone is not None,
    )
