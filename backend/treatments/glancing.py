"""Customers at one glance, for whoever watches many at once. It decides nothing and writes nothing."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlmodel import Session

from backend import db
from backend.catalogue import service as catalogues
from backend.engine.service import Words
from backend.profiles.service import Brief, Mask
from backend.record import service as record
from backend.treatments import asking, cards, recommending
from backend.treatments.cards import AgentRecommendation
from backend.treatments.masked import seen_by_anybody
from backend.treatments.tables import LedgerRow
from shared.kernel.actors import Actor
from shared.kernel.errors import NotFound

LATELY = timedelta(hours=1)
"""An answer older than this is no news of the contact that goes on now."""
MOST_KNOWN = 2_000
_LEDGER = db.table_of(LedgerRow)


@dataclass(frozen=True, slots=True)
class Glance:
    """Who it is, why they are here, what stands recommended, and what they answered lately; empty where there is nothing."""

    name: str
    why: str
    recommended: str
    answered: str


@dataclass(frozen=True, slots=True)
class _Kept:
    """A glance, by what one tells that it holds still, and until when at most."""

    stamp: tuple[Any, ...]
    until: datetime
    seen: Glance


class _Known:
    """The last glances of this process, so that only customers of whom something changed are looked at anew."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, UUID], _Kept] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, customer_id: UUID, stamp: tuple[Any, ...], now: datetime) -> Glance | None:
        kept = self._kept.get((db.url_of(), customer_id))
        return kept.seen if kept is not None and kept.stamp == stamp and now < kept.until else None

    def put(self, customer_id: UUID, kept: _Kept) -> None:
        with self._lock:
            self._kept[db.url_of(), customer_id] = kept
            self._kept.move_to_end((db.url_of(), customer_id))
            while len(self._kept) > MOST_KNOWN:
                self._kept.popitem(last=False)
        record.remember()

    def clear(self) -> None:
        with self._lock:
            self._kept.clear()


_known = _Known()
record.forget_by(_known.clear)


def glance(customer_id: UUID, now: datetime) -> Glance:
    """The decision that stands, or the one that would be made. Raises NotFound. Opens its own transaction."""
    return _look(customer_id, now)[0]


def glances(some: Mapping[UUID, Brief], now: datetime) -> dict[UUID, Glance]:
    """The same of many customers; who was erased since has none. Opens its own transactions.

    Only who changed since the last time is looked at: by profile, moment, ledger and what is in force one tells.
    """
    with db.reading() as session:
        stamps = _stamps(session, some)
    found: dict[UUID, Glance] = {}
    for customer_id, stamp in stamps.items():
        seen = _known.get(customer_id, stamp, now)
        if seen is None:
            try:
                seen, until = _look(customer_id, now)
            except NotFound:
                continue
            _known.put(customer_id, _Kept(stamp, until, seen))
        found[customer_id] = seen
    return found


def seen_by_agent(
    customer_id: UUID, channel: str, agent: Actor, now: datetime, mask: Mask
) -> tuple[AgentRecommendation | None, str]:
    """What the agent of a contact has before them, to be read by whoever looks in; and, where nothing has been asked for yet, the
    headline of what would be recommended. Writes nothing. Raises NotFound. Opens its own transactions."""
    decided = asking.standing(customer_id, now)
    if decided is None:
        return None, glance(customer_id, now).recommended
    return recommending.for_agent(customer_id, channel, agent, now, decided=decided, mask=mask, explained=False), ""


def _stamps(session: Session, some: Mapping[UUID, Brief]) -> dict[UUID, tuple[Any, ...]]:
    if not some:
        return {}
    asked = select(_LEDGER.c.customer_id, _LEDGER.c.version).where(_LEDGER.c.customer_id.in_(sorted(some)))
    ledgers = {row.customer_id: row.version for row in session.execute(asked)}
    in_force = session.execute(select(catalogues.VERSION_IN_FORCE)).scalar()
    return {
        customer_id: (in_force, one.version, one.moment.version if one.moment else 0, ledgers.get(customer_id, 0))
        for customer_id, one in some.items()
    }


def _look(customer_id: UUID, now: datetime) -> tuple[Glance, datetime]:
    """What is seen, and until when it may be so: time alone changes it then at the earliest."""
    decided = asking.standing(customer_id, now)
    if decided is None:
        decided = asking.preview(customer_id, now)
    inputs = seen_by_anybody(decided.inputs)
    moment = inputs.profile.moment
    why, until = "", decided.stands_until
    if moment is not None and moment.live(now):
        why = inputs.pack.intent_label(moment.intent) or inputs.pack.label_of(inputs.pack.stages, moment.stage)
    recommended = ""
    if decided.ranked:
        first = decided.ranked[0]
        catalogue = inputs.configuration.catalogue_of(first.catalogue_version)
        words = Words(inputs.snapshot, inputs.pack, inputs.profile.first_name, first.terms, inputs.mask)
        recommended = cards.headline(catalogue.treatments[first.treatment], words, catalogue.pack)
    latest = max((row for row in decided.offers if row.answered_at), key=lambda row: row.answered_at, default=None)
    answered = ""
    if latest is not None and now - latest.answered_at < LATELY:
        answered, until = latest.state, min(until, latest.answered_at + LATELY)
    return Glance(inputs.profile.name, why, recommended, answered), until
