"""Many customers at once, for loads: plain inserts, one batch a transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlmodel import Session

from backend import db
from backend.matrix.service import Pack
from backend.profiles import identity, queries
from backend.profiles.consenting import enter_first
from backend.profiles.keeping_out import group_of
from backend.profiles.snapshot import snapshot
from backend.profiles.states import states_after
from backend.profiles.survivorship import Claim
from backend.profiles.tables import PackLoadRow
from backend.profiles.types import Holding, Profile

_LOAD = db.table_of(PackLoadRow)
FILE_LOAD = "file:"
"""With this begins the source of a load of another system's file, which says nothing of whether the pack is there."""


@dataclass(frozen=True, slots=True)
class NewBill:
    bill_id: UUID
    reference: str
    issued_on: date
    due_on: date
    amount_minor: int
    currency: str
    status: str
    paid_on: date | None
    lines: list[dict[str, Any]]
    usage: dict[str, float] | None = None
    """What was used in its month, by the pack's kinds of usage."""


@dataclass(frozen=True, slots=True)
class NewConsent:
    purpose: str
    channel: str
    state: str
    source: str
    wording: str
    at: datetime


@dataclass(frozen=True, slots=True)
class NewCustomer:
    """A customer to be entered, with what a profile starts from. `identifiers` are (kind, value), number included."""

    customer_id: UUID
    number: str
    name: str
    phone: str | None
    email: str | None
    birth_date: date | None
    attributes: dict[str, Any]
    facts: dict[str, Any]
    identifiers: tuple[tuple[str, str], ...]
    bills: tuple[NewBill, ...]
    consents: tuple[NewConsent, ...]
    timezone: str
    language: str
    made_up: bool
    created_at: datetime
    holdings: tuple[Holding, ...] = ()
    is_anonymous: bool = False
    told_by: str = ""
    """The source that tells of the attributes; empty for one that is not to be weighed against others."""
    states: tuple[dict[str, Any], date] | None = None
    """Life cycle, segments and protective states where they are known already, and the day on which they were worked out."""


@dataclass(frozen=True, slots=True)
class Enrolled:
    """Who was entered, and who was known by their number already and left alone."""

    entered: frozenset[UUID]
    known: frozenset[UUID]


@dataclass(frozen=True, slots=True)
class LoadProgress:
    """How far the load of one file of customers got."""

    anchor: date
    done: int
    total: int
    finished: bool


def enrol(session: Session, customers: Sequence[NewCustomer], pack: Pack | None = None) -> Enrolled:
    """Enters customers whose number nobody holds yet, with their identifiers, bills and consents.

    Nobody comes back who was erased. An identifier that somebody else holds stays theirs. Numbers decide: entered twice is the same as entered once. With a
    `pack` their life cycle, segments and protective states are worked out at once, so that what changes later is told.
    """
    taken = _taken(session, customers)
    erased = _erased(session, customers)
    fresh = [c for c in customers if ("number", _number(c)) not in taken and c.customer_id not in erased]
    claims: dict[tuple[str, str], UUID] = {}
    for c in fresh:
        for kind, value in c.identifiers:
            spelled = identity.normalise(kind, value)
            if spelled is not None and (kind, spelled) not in taken:
                claims.setdefault((kind, spelled), c.customer_id)
    rows = [_customer(c, claims) for c in fresh]
    for c, row in zip(fresh, rows, strict=True):
        row |= _states(c, pack)
    db.insert_many(session, queries.CUSTOMER, rows)
    names = [{"customer_id": owner, "kind": kind, "value": value} for (kind, value), owner in claims.items()]
    db.insert_many(session, queries.CLAIM, names)
    db.insert_many(session, queries.IDENTIFIER, names)
    db.insert_many(session, queries.TOLD, [_told(c) for c in fresh if c.told_by])
    enter_first(session, _owned(fresh, "consents"))
    db.insert_many(session, queries.BILL, list(_owned(fresh, "bills")))
    entered = frozenset(c.customer_id for c in fresh)
    return Enrolled(entered, frozenset(c.customer_id for c in customers) - entered)


def _erased(session: Session, customers: Sequence[NewCustomer]) -> set[UUID]:
    gone = queries.ERASED_CUSTOMER.c.customer_id
    return set(session.execute(select(gone).where(gone.in_([c.customer_id for c in customers]))).scalars())


def _number(customer: NewCustomer) -> str:
    return identity.normalise("number", customer.number) or customer.number


def _taken(session: Session, customers: Sequence[NewCustomer]) -> set[tuple[str, str]]:
    wanted: dict[str, set[str]] = {}
    for c in customers:
        wanted.setdefault("number", set()).add(_number(c))
        for kind, value in c.identifiers:
            if spelled := identity.normalise(kind, value):
                wanted.setdefault(kind, set()).add(spelled)
    claim = queries.CLAIM.c
    taken: set[tuple[str, str]] = set()
    for kind, values in wanted.items():
        found = session.execute(select(claim.value).where(claim.kind == kind, claim.value.in_(sorted(values))))
        taken |= {(kind, value) for value in found.scalars()}
    return taken


def _customer(c: NewCustomer, claims: dict[tuple[str, str], UUID]) -> dict[str, Any]:
    """The row; a telephone number or e-mail address that is somebody else's stays off it."""
    phone, email = (
        value if value and claims.get((kind, identity.normalise(kind, value) or "")) == c.customer_id else None
        for kind, value in (("phone", c.phone), ("email", c.email))
    )
    return {
        "customer_id": c.customer_id,
        "number": c.number,
        "name": c.name,
        "search_text": identity.search_text(c.name, c.number, email, phone),
        "phone": phone,
        "email": email,
        "birth_date": c.birth_date,
        "attributes": c.attributes,
        "facts": c.facts,
        "holdings": [asdict(holding) for holding in c.holdings],
        "version": 1,
        "timezone": c.timezone,
        "language": c.language,
        "made_up": c.made_up,
        "is_anonymous": c.is_anonymous,
        "created_at": c.created_at,
        "updated_at": c.created_at,
    }


def _told(c: NewCustomer) -> dict[str, Any]:
    claims = {key: {c.told_by: Claim(c.told_by, value, c.created_at).to_json()} for key, value in c.attributes.items()}
    return {"customer_id": c.customer_id, "claims": claims}


def _states(c: NewCustomer, pack: Pack | None) -> dict[str, Any]:
    if c.states is not None:
        return {"states": c.states[0], "states_day": c.states[1], "restricted": ""}
    if pack is None:
        return {"states": None, "states_day": None, "restricted": ""}
    known = Profile(
        customer_id=c.customer_id, number=c.number, name=c.name, attributes=c.attributes, facts=c.facts, version=1,
        timezone=c.timezone, language=c.language, made_up=c.made_up, moment=None, holdings=c.holdings,
    )  # fmt: skip
    seen = snapshot(known, c.created_at, pack)
    return {
        "states": states_after(None, seen, pack, c.created_at)[0], "states_day": date.fromisoformat(seen.today),
        "restricted": group_of(known, seen, pack),
    }  # fmt: skip


def _owned(customers: Iterable[NewCustomer], what: str) -> Iterator[dict[str, Any]]:
    for c in customers:
        for thing in getattr(c, what):
            yield {"customer_id": c.customer_id, **{name: getattr(thing, name) for name in thing.__slots__}}


def load_progress(session: Session, pack: str, source: str) -> LoadProgress | None:
    """How far the load of this file got; None when it was never begun."""
    statement = select(_LOAD).where(_LOAD.c.pack == pack, _LOAD.c.source == source)
    row = session.execute(statement).one_or_none()
    return LoadProgress(row.anchor, row.done, row.total, row.finished_at is not None) if row else None


def loaded_packs(session: Session) -> dict[str, bool]:
    """The packs whose load was begun, and whether it was finished: all that was begun of it.

    Files of other systems, loaded through mappings, are left aside."""
    begun: dict[str, bool] = {}
    packs = select(_LOAD.c.pack, _LOAD.c.finished_at).where(_LOAD.c.source.not_like(f"{FILE_LOAD}%"))
    for row in session.execute(packs.order_by(_LOAD.c.pack)):
        begun[row.pack] = begun.get(row.pack, True) and row.finished_at is not None
    return begun


def note_progress(session: Session, pack: str, source: str, progress: LoadProgress, now: datetime) -> None:
    """Writes how far the load got, in the transaction of the batch that got it there."""
    values = {"anchor": progress.anchor, "done": progress.done, "total": progress.total}
    values["finished_at"] = now if progress.finished else None
    known = session.execute(update(_LOAD).where(_LOAD.c.pack == pack, _LOAD.c.source == source).values(**values))
    if not db.touched(known):
        session.execute(insert(_LOAD).values(pack=pack, source=source, **values))
