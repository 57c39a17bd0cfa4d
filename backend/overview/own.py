"""The customer's own account in one place: who they are to us, where we reach them, what they allow, what happened lately."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from backend import db
from backend.catalogue import service as catalogues
from backend.interactions import service as interactions
from backend.overview import lines
from backend.overview.types import ConsentLine, ServiceLine, TimelineLine
from backend.profiles import service as profiles
from shared.kernel.actors import Actor
from shared.kernel.errors import Forbidden
from shared.kernel.languages import gettext

LATELY = 3
CONTRACT = "contract"
CONTACTS = frozenset({"call", "contact", "callback.made", "case.answered", "mail.sent"})
"""What counts as a contact with us, of what a customer may read."""


@dataclass(frozen=True, slots=True)
class MePage:
    """All on one page; what is changed has a page of its own."""

    name: str
    number: str
    since: date | None
    birth_date: date | None
    email: str | None
    phone: str | None
    details: tuple[tuple[str, str], ...]
    consents: tuple[ConsentLine, ...]
    lately: tuple[TimelineLine, ...]
    closes_on: date | None
    timezone: str
    service_phone: str


@dataclass(frozen=True, slots=True)
class WhatRuns:
    """What goes on while an account is open: services, and under which contract."""

    services: tuple[ServiceLine, ...]
    contract: str


def me_page(actor: Actor, now: datetime) -> MePage:
    """The signed-in customer's own. Raises Forbidden for anyone else."""
    if actor.customer_id is None:
        raise Forbidden(gettext("This page is for customers."))
    with db.reading() as session:
        profile = profiles.profile(session, actor.customer_id)
        pack = catalogues.pack_in_force(session)
        snapshot = profiles.snapshot(profile, now, pack)
        events = interactions.timeline(session, profile.customer_id, kinds=CONTACTS, limit=LATELY).items
    joined = profile.facts.get("dates", {}).get("joined")
    return MePage(
        name=profile.name, number=profile.number, since=date.fromisoformat(joined) if joined else None, birth_date=profile.birth_date,
        email=profile.email, phone=profile.phone, details=lines.details(snapshot, pack, "customer"),
        consents=lines.consents(profile, pack), closes_on=profiles.closes_on(profile), timezone=profile.timezone,
        lately=tuple(lines.own_line(event, pack, profile.language) for event in events),
        service_phone=pack.phone,
    )  # fmt: skip


def what_runs(actor: Actor, now: datetime) -> WhatRuns:
    """What the signed-in customer has with us now. Raises Forbidden for anyone else."""
    if actor.customer_id is None:
        raise Forbidden(gettext("This page is for customers."))
    with db.reading() as session:
        profile = profiles.profile(session, actor.customer_id)
        pack = catalogues.pack_in_force(session)
        snapshot = profiles.snapshot(profile, now, pack)
    label = pack.said(pack.attributes[CONTRACT].label) if CONTRACT in pack.attributes else ""
    held = tuple(line for line in lines.services(snapshot, pack, "customer") if line.has)
    return WhatRuns(held, dict(lines.details(snapshot, pack, "customer")).get(label, ""))
