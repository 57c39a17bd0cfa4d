"""An epoch is published when enough was learned: read, worked out beside everything else, and written in one short transaction."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlmodel import Session

from backend import db
from backend.catalogue import service as catalogues
from backend.learning import service as learning
from backend.matrix.service import Learning
from backend.teaching.weighing import Made, kept_days, made
from shared.kernel import clock
from shared.kernel.errors import NotFound

PIECE = 1_000
"""Examples deleted in one transaction."""


def publish_due(now: datetime) -> int:
    """Publishes the next epoch where it is time; gives how many (0 or 1). Opens its own transactions.

    Reading and fitting hold no lock, so that no page waits; of two processes that make the same epoch one publishes it.
    """
    with db.reading() as session:
        try:
            wanted = catalogues.pack_in_force(session).learning
        except NotFound:
            return 0
        if not wanted.feature or not _is_time(session, wanted, now):
            return 0
    return int(publish_now(now))


def publish_now(now: datetime) -> bool:
    """Publishes an epoch of all examples; False where another process published one meanwhile. Raises NotFound without a catalogue."""
    with db.reading() as session:
        found = make(session, now)
    with db.transaction() as session:
        return learning.publish(session, found.epoch, found.examples, found.report, now)


def make(session: Session, now: datetime) -> Made:
    """The next epoch of the examples as they are kept; writes nothing. Raises NotFound without a catalogue."""
    catalogue = catalogues.in_force(session).catalogue
    wanted, today = catalogue.pack.learning, clock.local_day(now, catalogue.pack.timezone)
    last = learning.report_of(session)
    told = learning.told(session, wanted.columns, today - timedelta(days=kept_days(wanted)))
    return made(last.number + 1 if last else 1, told, catalogue, today)


def let_go_of_old(now: datetime) -> int:
    """Deletes examples that weigh nothing to speak of any more; gives how many. Opens its own transactions, each a short one.

    No epoch reads them: what is made afterwards is the same. What becomes of such an offer later is learned from no more.
    """
    with db.reading() as session:
        try:
            pack = catalogues.pack_in_force(session)
        except NotFound:
            return 0
    if not pack.learning.feature:
        return 0
    oldest, gone = clock.local_day(now, pack.timezone) - timedelta(days=kept_days(pack.learning)), 0
    while True:
        with db.transaction() as session:
            some = learning.forget_old(session, oldest, PIECE)
        gone += some
        if some < PIECE:
            return gone


def _is_time(session: Session, wanted: Learning, now: datetime) -> bool:
    last = learning.report_of(session)
    many, first = learning.learned_since(session, last.made_at if last else None)
    if many >= wanted.every_answers:
        return True
    begun = last.made_at if last else first
    return many >= wanted.least_new and begun is not None and now - begun >= timedelta(minutes=wanted.every_minutes)
