"""What follows from a change, in the transaction that made it: life cycle, segments, protective states and experience."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from backend import db
from backend.catalogue import service as catalogues
from backend.interactions import service as interactions
from backend.interactions.service import Event
from backend.profiles import service as profiles
from backend.record import service as record
from shared.kernel import ids
from shared.kernel.errors import NotFound

BATCH = 100
"""So many customers in one turn of the worker, each in a transaction of its own."""


def follow(session: Session) -> None:
    """Brings those up to date whose profile changed in this transaction, or to whom a moment of truth happened in it.

    Whoever wants to hear of changed profiles from outside is told.

    Does nothing before the first catalogue is published, and for those who are gone at its end.
    """
    changed: dict[UUID, datetime] = session.info.pop(record.CHANGED, {})
    recorded: list[Event] = session.info.pop(interactions.HAPPENED, [])
    if not changed and not recorded:
        return
    try:
        pack = catalogues.pack_in_force(session)
    except NotFound:
        return
    happened: dict[UUID, list[Event]] = {}
    for event in recorded:
        if event.kind in interactions.STIRRING:
            profiles.stir_home(session, event.customer_id, event.at)
        if event.kind in pack.experience.by_kind:
            happened.setdefault(event.customer_id, []).append(event)
    times = {customer_id: events[-1].at for customer_id, events in happened.items()} | changed
    for customer_id in sorted(times):
        try:
            with profiles.as_house():
                interactions.renew(session, customer_id, pack, times[customer_id], happened.get(customer_id, ()))
        except NotFound:
            continue  # erased or merged into another in this very transaction
        if customer_id in changed:
            record.announce(session, ids.uuid7(), customer_id, "profile.updated", None, {}, changed[customer_id])
    session.info.pop(record.CHANGED, None)


# Whichever process writes has these rooms: what follows from a change is never left to chance, or to the next day.
db.before_commit(follow)


def renew_due(now: datetime) -> int:
    """Works out anew for whom a day has begun; returns how many. Opens its own transactions."""
    with db.reading() as session:
        try:
            pack = catalogues.pack_in_force(session)
        except NotFound:
            return 0
        due = interactions.due(session, now, BATCH)
        cuts = profiles.cuts_now(session, pack) if due else None
    for customer_id in due:
        with db.transaction() as session:
            try:
                profiles.renew_kept(session, customer_id, cuts, pack, now)
                interactions.renew(session, customer_id, pack, now)
            except NotFound:
                continue
    return len(due)
