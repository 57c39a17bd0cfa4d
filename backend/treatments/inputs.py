"""All that one decision reads, gathered in one consistent view of the database."""

from __future__ import annotations

import hashlib
import json
import re
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, literal, select, true
from sqlmodel import Session

from backend import db
from backend.catalogue import service as catalogues
from backend.engine import service as engine
from backend.engine.facts import Configuration, Ledger, OfferFact, terms_from
from backend.learning import service as learning
from backend.matrix.service import Pack
from backend.profiles import service as profiles
from backend.profiles.service import OPEN, Mask, Profile, Snapshot
from backend.proving import service as proving
from backend.treatments.tables import DecisionRow, LedgerRow, OfferRow
from shared.kernel import clock

_OFFER = db.table_of(OfferRow)
_LEDGER = db.table_of(LedgerRow)
_NEWEST_FIRST = (_OFFER.c.opened_at.desc(), _OFFER.c.offer_id.desc())
_OFFERS = select(_OFFER).where(_OFFER.c.customer_id == bindparam("customer_id")).order_by(*_NEWEST_FIRST)
_ONE = select(literal(1).label("one")).subquery()
_DECISION = db.table_of(DecisionRow)
_LAST = (
    select(_DECISION.c.moment_key, _DECISION.c.made_at, _DECISION.c.model_epoch)
    .where(_DECISION.c.customer_id == bindparam("customer_id"))
    .order_by(_DECISION.c.decision_id.desc())
    .limit(1)
    .subquery("last_decision")
)
_PINNED = learning.EPOCH.alias("epoch_pinned")
# The versions that a decision names, beside each offer, and beside nothing where there is none: asked by every page.
_VERSIONS_AND_OFFERS = (
    select(
        catalogues.VERSION_IN_FORCE.label("configuration"),
        select(_LEDGER.c.version)
        .where(_LEDGER.c.customer_id == bindparam("customer_id"))
        .scalar_subquery()
        .label("ledger"),
        learning.LATEST.c.number.label("epoch"),
        learning.LATEST.c.digest.label("epoch_digest"),
        _LAST.c.moment_key.label("last_moment"),
        _LAST.c.made_at.label("last_made_at"),
        _LAST.c.model_epoch.label("last_epoch"),
        _PINNED.c.digest.label("last_epoch_digest"),
        proving.ASSIGNED.label("assigned"),
        _OFFER,
    )
    .select_from(
        _ONE.outerjoin(learning.LATEST, true())
        .outerjoin(_LAST, true())
        .outerjoin(_PINNED, _PINNED.c.number == _LAST.c.model_epoch)
        .outerjoin(_OFFER, _OFFER.c.customer_id == bindparam("customer_id"))
    )
    .order_by(*_NEWEST_FIRST)
)


_CODE = re.compile(r"[a-z][a-z0-9_]*")
"""A reason that the pack may know; what a customer wrote in their own words is no input of a decision."""


@dataclass(frozen=True)
class Inputs:
    """The arguments of one decision, and the profile that they came from."""

    profile: Profile
    snapshot: Snapshot
    ledger: Ledger
    configuration: Configuration
    offers: tuple[Any, ...] = field(default=(), compare=False, repr=False)
    """The offers' rows as they were read, newest first, the open ones with them: for showing, no decision reads them."""
    stored: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)
    """Of the groups that the ledger names, those that are written down already."""
    mask: Mask = field(default=OPEN, compare=False, repr=False)
    """What of the customer whoever is shown it must not read: for showing, no decision reads it."""

    @property
    def pack(self) -> Pack:
        return self.configuration.catalogue.pack

    @property
    def today(self) -> date:
        return date.fromisoformat(self.snapshot.today)

    @cached_property
    def document(self) -> dict[str, Any]:
        """All that the decision reads, as plain data: what a replay starts from."""
        return document_of(self.snapshot, self.ledger, self.configuration)

    @cached_property
    def text(self) -> str:
        return canonical(self.document)

    @cached_property
    def hash(self) -> str:
        return hash_of(self.text)


def gather(session: Session, customer_id: UUID, now: datetime, known: Profile | None = None) -> Inputs:
    """The inputs of a decision for this customer at this instant; `known` is their profile where it was just read. Raises NotFound."""
    profile = known or profiles.profile(session, customer_id)
    rows = session.execute(_VERSIONS_AND_OFFERS, {"customer_id": profile.customer_id}).all()
    offers = tuple(row for row in rows if row.offer_id is not None)
    stored = proving.assigned_from(rows[0].assigned)
    published = catalogues.as_of(session, rows[0].configuration, {row.catalogue_version for row in offers})
    snapshot, groups, configuration = faced_by(profile, published, stored, now)
    configuration = replace(configuration, epoch=_epoch(session, rows[0], snapshot))
    return Inputs(profile, snapshot, ledger_of(rows[0].ledger or 0, offers, groups), configuration, offers, stored)


def faced_by(
    profile: Profile, published: Configuration, stored: Mapping[str, str], now: datetime
) -> tuple[Snapshot, Mapping[str, str], Configuration]:
    """The customer as decisions see them, the groups that they are in, and what is published as they get it."""
    pack = published.catalogue.pack
    snapshot = profiles.snapshot(profile, now, pack)
    groups = engine.groups_of(published, snapshot.customer_id, stored, snapshot.segments)
    configuration = engine.faced(published, groups)
    if configuration.catalogue.pack is not pack:
        snapshot = profiles.snapshot(profile, now, configuration.catalogue.pack)
    return snapshot, groups, configuration


def _epoch(session: Session, row: Any, snapshot: Snapshot) -> learning.Epoch:
    """The epoch that the customer's moment began with, until it changes or their day is over; else the one in force."""
    if row.last_epoch is not None and row.last_moment == snapshot.moment_key:
        made_on = clock.local_day(row.last_made_at, snapshot.timezone).isoformat()
        if made_on == snapshot.today:
            return learning.epoch(session, row.last_epoch, row.last_epoch_digest)
    return learning.epoch(session, row.epoch or 0, row.epoch_digest)


def ledgers(session: Session, first: UUID, before: UUID | None) -> tuple[Callable[[UUID], Ledger], set[int]]:
    """Of the customers from `first` up to `before` (None: to the end), whose ledger is whose, and the catalogue versions that they name.

    Offers not yet presented are no part of it.
    """

    def within(table: Any) -> Any:
        from_here = table.c.customer_id >= first
        return from_here if before is None else from_here & (table.c.customer_id < before)

    asked = select(_LEDGER.c.customer_id, _LEDGER.c.version).where(within(_LEDGER))
    versions: dict[UUID, int] = {row.customer_id: row.version for row in session.execute(asked)}
    offers: dict[UUID, list[Any]] = {}
    for row in session.execute(select(_OFFER).where(within(_OFFER), _OFFER.c.state != "open")):
        offers.setdefault(row.customer_id, []).append(row)
    named = {row.catalogue_version for rows in offers.values() for row in rows}
    assigned = proving.assigned_between(session, first, before)
    return lambda one: ledger_of(versions.get(one, 0), offers.get(one, ()), assigned.get(one, {})), named


def offer_rows(session: Session, customer_id: UUID) -> tuple[Any, ...]:
    """Every offer of the customer, newest first."""
    return tuple(session.execute(_OFFERS, {"customer_id": customer_id}))


def ledger_of(version: int, offers: Iterable[Any], assigned: Mapping[str, str] | None = None) -> Ledger:
    """The ledger that these rows make, in the order in which they were presented; the open ones are no part of it."""
    known = [row for row in offers if row.state != "open"]
    facts = tuple(fact_of(row) for row in sorted(known, key=lambda row: (row.presented_at, row.offer_id)))
    return Ledger(version, facts, assigned or {})


def fact_of(row: Any) -> OfferFact:
    """An offer's row as decisions read it."""
    return OfferFact(
        offer_id=str(row.offer_id),
        treatment=row.treatment,
        subject=row.subject,
        state=row.state,
        catalogue_version=row.catalogue_version,
        terms=terms_from(row.terms),
        valid_until=row.valid_until,
        presented_at=row.presented_at.isoformat() if row.presented_at else None,
        presented_on=row.presented_on,
        presented_first=row.presented_first,
        moment_key=row.moment_key,
        answered_on=row.answered_on,
        until=row.until,
        concession=row.concession,
        reason=row.reason if _CODE.fullmatch(row.reason or "") else None,
    )


def document_of(snapshot: Snapshot, ledger: Ledger, configuration: Configuration) -> dict[str, Any]:
    named = {o.catalogue_version for o in ledger.offers}
    return {
        "snapshot": snapshot.to_json(),
        "ledger": ledger.to_json(),
        "configuration": {
            "version": configuration.version,
            "catalogue": [configuration.catalogue.version, configuration.catalogue.digest],
            "older": sorted([c.version, c.digest] for c in configuration.older.values() if c.version in named),
            "levers": dict(configuration.levers),
            "prices": dict(configuration.prices),
            "exhausted": sorted(configuration.exhausted),
            "model_epoch": configuration.model_epoch,
            **({"model": configuration.epoch.digest} if configuration.model_epoch else {}),
            **_trials(configuration),
        },
    }


def _trials(configuration: Configuration) -> dict[str, Any]:
    """The experiments in which the customer takes part, their arms, and the catalogues of these by their digests."""
    if not configuration.arms:
        return {}
    own = [one for one in configuration.experiments if one.key in configuration.arms]
    versions = {
        arm.version for one in own for arm in one.arms if arm.key == configuration.arms[one.key] and arm.version
    }
    return {
        "experiments": [one.to_json() for one in own],
        "arms": dict(configuration.arms),
        "arm_catalogues": sorted([v, configuration.catalogue_of(v).digest] for v in versions),
    }


def canonical(document: Mapping[str, Any]) -> str:
    """Equal documents give equal text: keys sorted, floats with all their digits."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def hash_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def pack_text(text: str) -> bytes:
    return zlib.compress(text.encode(), 1)


def unpack_text(body: bytes) -> str:
    return zlib.decompress(body).decode()
