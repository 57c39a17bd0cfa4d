"""All that is held of one customer, composed of what each room holds: handed over whole, or taken away whole."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlmodel import Session

from backend.alerts import service as alerts
from backend.budgets import service as budgets
from backend.cancelling import service as cancelling
from backend.cases import service as cases
from backend.entering import service as entering
from backend.identities import service as identities
from backend.interactions import service as interactions
from backend.knowledge import service as knowledge
from backend.learning import service as learning
from backend.mail import service as mail
from backend.oversight.looking import LOOK, erase_looks, looked_at
from backend.paying import service as paying
from backend.people import service as people
from backend.profiles import service as profiles
from backend.proving import service as proving
from backend.quality import service as quality
from backend.record import service as record
from backend.reporting import service as reporting
from backend.treatments import service as treatments
from shared.kernel.actors import Actor

Tables = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True)
class Named:
    """By what a customer is named in rows that are not theirs by id: their identifiers, and the numbers they call from."""

    customer_id: UUID
    name: str
    number: str
    words: tuple[str, ...]
    """Number, e-mail addresses, telephone numbers and other identifiers; not the name, which others may have too."""
    numbers: tuple[str, ...]

    @property
    def own_name(self) -> tuple[str, ...]:
        """Their name, where it is one: whom nobody knows by name is called as all such are."""
        return () if self.name in (profiles.ANONYMOUS, profiles.NAMELESS) else (self.name,)


def named(session: Session, customer_id: UUID) -> Named:
    """By what the customer is named, whichever of their ids was asked for. Raises NotFound."""
    profile = profiles.profile(session, customer_id)
    held = profiles.export_customer(session, profile.customer_id)
    pairs = [(row["kind"], row["value"]) for row in held["identifier"]]
    phones = {value for kind, value in pairs if kind == "phone"} | {profile.phone or ""}
    words = {value for _, value in pairs} | {profile.number, profile.email or "", *phones}
    former = {str(row["alias_id"]) for row in held["customer_alias"]}
    return Named(
        profile.customer_id, profile.name, profile.number, tuple(sorted((words | former) - {""})), tuple(sorted(phones - {""}))
    )  # fmt: skip


def collect(session: Session, who: Named) -> Tables:
    """Every row that any table holds of the customer, or in which they are named, by table; empty ones left out."""
    customer_id = who.customer_id
    found: Tables = {}
    for room in (
        profiles.export_customer(session, customer_id),
        people.export_customer(session, customer_id, profiles.known_as(session, customer_id)),
        entering.export_customer(session, customer_id),
        interactions.export_customer(session, customer_id, who.numbers),
        cases.export_customer(session, customer_id),
        alerts.export_customer(session, customer_id),
        mail.export_customer(session, customer_id, who.words),
        knowledge.export_customer(session, customer_id),
        quality.export_customer(session, customer_id),
        paying.export_customer(session, customer_id),
        cancelling.export_customer(session, customer_id),
        treatments.export_customer(session, customer_id),
        proving.export_customer(session, customer_id),
        budgets.export_customer(session, customer_id),
        record.export_customer(session, customer_id, who.words),
        identities.export_customer(session, customer_id),
        reporting.export_customer(session, customer_id),
        learning.export_customer(session, customer_id),
        {LOOK.name: _looks(session, customer_id)},
    ):
        found |= {table: rows for table, rows in room.items() if rows}
    return found


def erase_rooms(session: Session, who: Named, actor: Actor, now: datetime) -> None:
    """Deletes what every room holds of the customer, in the order in which it may go; the audit chain stays whole."""
    customer_id = who.customer_id
    # First: what is not counted yet is counted from what the others still hold.
    reporting.erase_customer(session, customer_id, profiles.known_as(session, customer_id), now)
    treatments.erase_customer(session, customer_id)
    learning.erase_customer(session, customer_id)
    proving.erase_customer(session, customer_id)
    budgets.erase_customer(session, customer_id)
    cases.erase_customer(session, customer_id)
    alerts.erase_customer(session, customer_id)
    mail.erase_customer(session, customer_id, who.words)
    knowledge.erase_customer(session, customer_id)
    quality.erase_customer(session, customer_id)
    paying.erase_customer(session, customer_id)
    cancelling.erase_customer(session, customer_id)
    interactions.erase_customer(session, customer_id, who.numbers)
    entering.erase_customer(session, customer_id)
    people.erase_customer(session, customer_id, profiles.known_as(session, customer_id))
    erase_looks(session, customer_id)
    identities.erase_customer(session, customer_id)
    record.erase_customer(session, customer_id, actor=actor, now=now, words=who.words)
    profiles.note_erased(session, customer_id, now)
    profiles.erase_customer(session, customer_id, now)


def _looks(session: Session, customer_id: UUID) -> list[dict[str, Any]]:
    asked = select(LOOK).where(looked_at(session, customer_id)).order_by(LOOK.c.at, LOOK.c.page)
    return [dict(row._mapping) for row in session.execute(asked)]


def mentions(who: Named, cells: Collection[str]) -> bool:
    """Whether a row of text tells of the customer: one of its cells is an identifier of theirs, or holds it or their name."""
    sure = {word.casefold() for word in who.words}
    for cell in cells:
        text = cell.strip().casefold()
        if text in sure or profiles.normalise("phone", cell) in who.numbers:
            return True
        if any(
            word in text for word in (*(name.casefold() for name in who.own_name), *(w for w in sure if len(w) > 4))
        ):
            return True
    return False
