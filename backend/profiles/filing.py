"""Many customers at once, as files tell of them: who holds these identifiers, what is known, and their details changed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlmodel import Session

from backend import db
from backend.profiles import identity, queries
from backend.profiles.holding import come_in, locked
from backend.profiles.types import Holding
from backend.record import service as record
from shared.kernel.errors import NotFound

_DETAILS = (
    "customer_id", "number", "name", "phone", "email", "birth_date", "timezone", "language", "attributes", "facts",
    "created_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Details:
    """What a file may change of a customer, as it stands. `identifiers` are (kind, value), `consents` (purpose, channel) → (state, source, instant)."""

    customer_id: UUID
    number: str
    name: str
    phone: str | None
    email: str | None
    birth_date: date | None
    timezone: str
    language: str
    attributes: dict[str, Any]
    facts: dict[str, Any]
    created_at: datetime
    holdings: tuple[Holding, ...] = ()
    identifiers: frozenset[tuple[str, str]] = frozenset()
    consents: Mapping[tuple[str, str], tuple[str, str, datetime]] = field(default_factory=dict)
    claims: Mapping[str, Mapping[str, list[Any]]] = field(default_factory=dict)
    """What sources told of the attributes, as `sourcing.Claims`."""


def details(session: Session, customer_ids: Collection[UUID]) -> dict[UUID, Details]:
    """What is known of these customers, with their identifiers and consents; held till the transaction ends where it may write."""
    wanted = sorted(customer_ids)
    if not wanted:
        return {}
    own, said = queries.IDENTIFIER.c, queries.CONSENT.c
    identifiers: dict[UUID, set[tuple[str, str]]] = {}
    for row in session.execute(select(own.customer_id, own.kind, own.value).where(own.customer_id.in_(wanted))):
        identifiers.setdefault(row.customer_id, set()).add((row.kind, row.value))
    consents: dict[UUID, dict[tuple[str, str], tuple[str, str, datetime]]] = {}
    allowed = select(said.customer_id, said.purpose, said.channel, said.state, said.source, said.at)
    for row in session.execute(allowed.where(said.customer_id.in_(wanted))):
        consents.setdefault(row.customer_id, {})[row.purpose, row.channel] = (row.state, row.source, row.at)
    told = {
        row.customer_id: row.claims
        for row in session.execute(select(queries.TOLD).where(queries.TOLD.c.customer_id.in_(wanted)))
    }
    columns = (*(queries.CUSTOMER.c[name] for name in _DETAILS), queries.CUSTOMER.c.holdings)
    rows = session.execute(
        select(*columns).where(queries.CUSTOMER.c.customer_id.in_(wanted)).order_by(queries.CUSTOMER.c.customer_id)
    )
    return {
        row.customer_id: Details(
            **{name: getattr(row, name) for name in _DETAILS},
            holdings=tuple(Holding(**holding) for holding in row.holdings),
            identifiers=frozenset(identifiers.get(row.customer_id, ())),
            consents=consents.get(row.customer_id, {}),
            claims=told.get(row.customer_id, {}),
        )
        for row in rows
    }


def amend(
    session: Session,
    customer_id: UUID,
    changed: Mapping[str, Any],
    identifiers: Collection[tuple[str, str]],
    now: datetime,
) -> int:
    """Writes other details (name, phone, email, birth_date, timezone, language) and further identifiers; gives the version.

    Each identifier is spelled as `normalise` spells it and nobody's yet: two who claim one at a moment raise Conflict.
    Raises NotFound.
    """
    customer = queries.CUSTOMER
    asked = select(customer.c.version, *(customer.c[name] for name in ("name", "number", "email", "phone")))
    come_in(session, customer_id)
    known = session.execute(asked.where(customer.c.customer_id == customer_id).with_for_update()).one_or_none()
    if known is None:
        raise NotFound("There is no such customer.")
    after = {"name": known.name, "email": known.email, "phone": known.phone, **changed}
    version: int = known.version + 1
    session.execute(
        update(customer)
        .where(customer.c.customer_id == customer_id)
        .values(
            **changed,
            search_text=identity.search_text(after["name"], known.number, after["email"], after["phone"]),
            version=version,
            updated_at=now,
        )
    )
    rows = [{"customer_id": customer_id, "kind": kind, "value": value} for kind, value in sorted(identifiers)]
    db.insert_many(session, queries.CLAIM, rows)
    db.insert_many(session, queries.IDENTIFIER, rows)
    record.changed(session, "profile", customer_id=customer_id, now=now)
    return version


def set_language(session: Session, customer_id: UUID, tag: str, now: datetime) -> None:
    """Writes which language the customer wants to be spoken to in, by its tag; nothing where it is so already. Raises NotFound."""
    asked = select(queries.CUSTOMER.c.language).where(queries.CUSTOMER.c.customer_id == customer_id)
    if session.execute(asked).scalar() != tag:
        amend(session, customer_id, {"language": tag}, (), now)


def count_past(
    session: Session,
    customer_id: UUID,
    counts: Mapping[str, Mapping[date, int]],
    latest: Mapping[str, date],
    now: datetime,
) -> int:
    """Adds what happened on past days to their day buckets, and moves dates forward, never back; gives the version.

    Raises NotFound.
    """
    known = locked(session, customer_id)
    facts = dict(known.facts)
    days = {key: dict(bucket) for key, bucket in facts.get("days", {}).items()}
    for key, by_day in counts.items():
        bucket = days.setdefault(key, {})
        for day, more in by_day.items():
            bucket[day.isoformat()] = bucket.get(day.isoformat(), 0) + more
        days[key] = dict(sorted(bucket.items()))
    dates = dict(facts.get("dates", {}))
    for key, day in latest.items():
        dates[key] = max(day.isoformat(), str(dates.get(key) or ""))
    facts = {**facts, **({"days": days} if days else {}), **({"dates": dates} if dates else {})}
    version: int = known.version + 1
    session.execute(
        update(queries.CUSTOMER)
        .where(queries.CUSTOMER.c.customer_id == customer_id)
        .values(facts=facts, version=version, updated_at=now)
    )
    record.changed(session, "profile", customer_id=customer_id, now=now)
    return version
