"""What others count: contacts, visits, ratings and answers, as they stand; and word of whose are to be counted anew.

The word is a row of its own, written with the act: nobody waits for a number that others write too, and whatever commits late
is still told. Whoever counts takes the rows away in the transaction that counts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlmodel import Session

from backend import db
from backend.interactions.tables import CountDueRow, EventRow, InteractionRow, RatingRow
from shared.kernel import ids

ANSWERS = (
    "offer.presented", "offer.accepted", "offer.declined", "offer.deferred", "offer.undone", "offer.fulfilled",
    "offer.altered", "offer.asked", "offer.approved", "offer.overridden",
)  # fmt: skip
TALKS = ("call", "call.private", "contact", "contact.private")
TRANSFERRED, MOMENT = "call.transferred", "moment.set"
COUNTED = frozenset((*ANSWERS, *TALKS, TRANSFERRED, MOMENT, "rating.given", "rating.low"))
_TO_COUNT = "to count"
_DUE, _EVENT = db.table_of(CountDueRow), db.table_of(EventRow)
_INTERACTION, _RATING = db.table_of(InteractionRow), db.table_of(RatingRow)
_CONTACTS = tuple(
    _INTERACTION.c[name]
    for name in (
        "customer_id", "interaction_id", "channel", "direction", "started_at", "ended_at", "staff_id", "staff", "intent", "wrapped_at",
    )
)  # fmt: skip
_HAPPENED = tuple(
    _EVENT.c[name]
    for name in ("customer_id", "event_id", "at", "kind", "channel", "stage", "interaction_id", "actor_kind", "actor_name", "staff_id", "data")
)  # fmt: skip
_RATED = tuple(_RATING.c[name] for name in ("customer_id", "thing_id", "thing", "score", "rated_at"))


@dataclass(frozen=True, slots=True)
class Counted:
    """All of some customers that is counted: rows of contacts, events and ratings, each with `customer_id` first."""

    contacts: tuple[Any, ...]
    events: tuple[Any, ...]
    ratings: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Due:
    """Words that were left: `ids` are taken away once the customers were counted."""

    ids: tuple[UUID, ...]
    customers: tuple[UUID, ...]


def to_count(session: Session, *customer_ids: UUID) -> None:
    """Leaves word with this transaction that these customers are to be counted anew; once for each, however much changes."""
    session.info.setdefault(_TO_COUNT, set()).update(customer_ids)


def _leave_word(session: Session) -> None:
    customers: set[UUID] = session.info.pop(_TO_COUNT, set())
    if customers:
        rows = [{"customer_id": one, "due_id": ids.uuid7()} for one in sorted(customers)]
        db.insert_many(session, _DUE, rows) if len(rows) > 1 else db.connection(session).execute(_DUE.insert(), rows[0])


db.before_commit(_leave_word, last=True)


def counted_of(session: Session, customer_ids: Collection[UUID]) -> Counted:
    """All of these customers that is counted, each kind in the order of its instant."""
    some = sorted(customer_ids)
    contacts = select(*_CONTACTS).where(_INTERACTION.c.customer_id.in_(some))
    events = select(*_HAPPENED).where(_EVENT.c.customer_id.in_(some), _EVENT.c.kind.in_(sorted(COUNTED)))
    ratings = select(*_RATED).where(_RATING.c.customer_id.in_(some))
    return Counted(
        tuple(session.execute(contacts.order_by(_INTERACTION.c.started_at, _INTERACTION.c.interaction_id))),
        tuple(session.execute(events.order_by(_EVENT.c.at, _EVENT.c.event_id))),
        tuple(session.execute(ratings.order_by(_RATING.c.rated_at, _RATING.c.thing_id))),
    )


def counts_due(session: Session, most: int) -> Due:
    """The next so many words, of which nobody else takes one until this transaction ends."""
    asked = select(_DUE.c.due_id, _DUE.c.customer_id).order_by(_DUE.c.due_id).limit(most)
    rows = session.execute(asked.with_for_update(skip_locked=True)).all()
    return Due(tuple(row.due_id for row in rows), tuple(dict.fromkeys(row.customer_id for row in rows)))


def counts_waiting(session: Session) -> tuple[int, datetime | None]:
    """How many words are left, and since when the oldest waits."""
    many = int(session.execute(select(func.count()).select_from(_DUE)).scalar_one())
    first = session.execute(select(_DUE.c.due_id).order_by(_DUE.c.due_id).limit(1)).scalar()
    return many, ids.made_at(first) if first is not None else None


def customers_waiting(session: Session) -> frozenset[UUID]:
    """Who is to be counted anew."""
    return frozenset(session.execute(select(_DUE.c.customer_id).distinct()).scalars())


def was_counted(session: Session, customer_ids: Iterable[UUID], due_ids: Collection[UUID]) -> None:
    """Takes these words away: what they told of is counted in this very transaction."""
    by = sorted(set(customer_ids))
    if by:
        mine = delete(_DUE).where(_DUE.c.customer_id.in_(by), _DUE.c.due_id.in_(sorted(due_ids)))
        db.connection(session).execute(mine)


def no_words_left(session: Session) -> None:
    """Takes all words away, before everybody is counted anew."""
    db.connection(session).execute(delete(_DUE))


def forget_words(session: Session, customer_id: UUID) -> None:
    """Whoever is erased is not counted anew: no word is left of them, nor by this transaction."""
    session.info.get(_TO_COUNT, set()).discard(customer_id)
