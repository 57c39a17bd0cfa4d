"""From the record that a pack's maker hands over to what the rooms take. Pure: the same record gives the same ids."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from backend.cases.service import PastCase
from backend.interactions.service import Event, NewContact, Past, past_ids
from backend.profiles.service import Holding, NewBill, NewConsent, NewCustomer
from shared.kernel import ids


@dataclass(frozen=True, slots=True)
class Life:
    """One customer, and all that happened to them."""

    customer: NewCustomer
    past: Past
    cases: tuple[PastCase, ...]
    """Those that are still open."""


def life(made: Any, place: int, anchor: datetime, seed: int) -> Life:
    """The customer at this place of the file. Ids follow from seed, number and instants, so that a load can be repeated."""
    rand = random.Random(f"{seed}/{made.number}/ids")
    # A millisecond apart, so that the ids sort in the order of the file and a load appends to its tables.
    customer_id = ids.uuid7(anchor + timedelta(milliseconds=place), rand)
    past = _past(made, customer_id, seed)
    return Life(_customer(made, customer_id, anchor, rand), past, _open_cases(past))


def _open_cases(past: Past) -> tuple[PastCase, ...]:
    """The cases that were opened, and of which nothing says that they were solved."""
    open_: dict[tuple[str, str], list[Event]] = {}
    for event in past.events:
        which = (str(event.data.get("case")), str(event.data.get("subject")))
        if event.kind == "case.opened":
            open_.setdefault(which, []).append(event)
        elif event.kind == "case.resolved" and open_.get(which):
            open_[which].pop()
    return tuple(
        PastCase(e.event_id, e.customer_id, str(e.data["subject"]), str(e.data["case"]), e.at, e.actor_name)
        for events in open_.values()
        for e in events
    )


def _customer(made: Any, customer_id: UUID, anchor: datetime, rand: random.Random) -> NewCustomer:
    zone = ZoneInfo(made.timezone)
    born = made.attributes.get("birth_date")
    identifiers = [("number", made.number), ("email", made.email), ("phone", made.phone)]
    return NewCustomer(
        customer_id=customer_id,
        number=made.number,
        name=made.name,
        phone=made.phone,
        email=made.email,
        birth_date=date.fromisoformat(born) if born else None,
        attributes={key: value for key, value in made.attributes.items() if value is not None},
        facts=made.facts,
        identifiers=tuple((kind, value) for kind, value in identifiers if value),
        bills=tuple(_bill(bill, zone, rand) for bill in made.bills),
        consents=tuple(NewConsent(c.purpose, c.channel, c.state, c.source, c.wording, c.at) for c in made.consents),
        timezone=made.timezone,
        language=made.language,
        made_up=made.made_up,
        created_at=anchor,
        holdings=tuple(
            Holding(f"{made.number}-{nth}", one.kind, one.label, dict(one.attributes))
            for nth, one in enumerate(made.holdings, 1)
        ),
    )


def _bill(bill: Any, zone: ZoneInfo, rand: random.Random) -> NewBill:
    issued = datetime.combine(bill.issued_on, time(6), zone).astimezone(UTC)
    return NewBill(
        bill_id=ids.uuid7(issued, rand),
        reference=bill.reference,
        issued_on=bill.issued_on,
        due_on=bill.due_on,
        amount_minor=bill.amount_minor,
        currency=bill.currency,
        status=bill.status,
        paid_on=bill.paid_on,
        lines=[{"text": line.text, "amount_minor": line.amount_minor} for line in bill.lines],
        usage=bill.usage,
    )


def _past(made: Any, customer_id: UUID, seed: int) -> Past:
    in_turn = past_ids(f"{seed}/{made.number}/past")
    contacts: dict[int, NewContact] = {}
    events = []
    for happened in made.events:
        if happened.contact is not None and happened.contact not in contacts:
            contacts[happened.contact] = NewContact(
                interaction_id=in_turn.id_at(happened.at),
                channel=happened.channel,
                started_at=happened.at,
                ended_at=happened.ended_at,
                staff=happened.actor_name if happened.actor_kind == "staff" else None,
                summary=happened.data.get("summary"),
                stage=happened.stage,
            )
        events.append(
            Event(
                event_id=in_turn.id_at(happened.at),
                customer_id=customer_id,
                at=happened.at,
                kind=happened.kind,
                channel=happened.channel,
                stage=happened.stage,
                interaction_id=contacts[happened.contact].interaction_id if happened.contact is not None else None,
                actor_kind=happened.actor_kind,
                # The maker leaves the customer's own name out: it is the customer's.
                actor_name=happened.actor_name or (made.name if happened.actor_kind == "customer" else ""),
                data=happened.data,
            )
        )
    return Past(customer_id, tuple(contacts.values()), tuple(events))
