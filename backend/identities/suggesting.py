"""Suggestions that two customers are one person: written when they are found, decided by a person, once, and kept as said."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, or_, select, update
from sqlmodel import Session

from backend import db, moving
from backend.identities.tables import MatchKeyRow, MatchSeenRow, SuggestionRow
from backend.identities.types import Agreement, Suggestion
from backend.moving import Kept, Moved
from backend.record import service as record
from shared.kernel.actors import Actor
from shared.kernel.errors import Conflict, Invalid, NotFound

LOOK = "identities.look"
"""The outbox topic: near matches of this customer are to be looked for."""
MOST = 100
SUGGESTION = db.table_of(SuggestionRow)
_KEY, _SEEN = db.table_of(MatchKeyRow), db.table_of(MatchSeenRow)
_OPEN = select(SUGGESTION).where(SUGGESTION.c.state == "open")
_WORDS = {"merged": "merged", "distinct": "said to be two people"}


def pair_of(first: UUID, second: UUID) -> tuple[UUID, UUID]:
    """The two in the order in which a suggestion keeps them."""
    return (first, second) if first.int < second.int else (second, first)


def suggest(session: Session, found: Sequence[tuple[UUID, UUID, float, Sequence[Agreement]]], now: datetime) -> int:
    """Writes pairs that may be one person, with their score and its parts; gives how many are new.

    What was decided stays decided; an open one is brought up to date.
    """
    new = 0
    for first, second, score, agreements in found:
        customer_id, other_id = pair_of(first, second)
        row = {
            "customer_id": customer_id, "other_id": other_id, "score": score, "weights": _weights(agreements), "state": "open",
            "found_at": now,
        }  # fmt: skip
        known = one(session, first, second)
        if known is None:
            new += db.upsert(session, SUGGESTION, [row], key=("customer_id", "other_id"))
        elif known.state == "open" and (known.score, known.weights) != (score, row["weights"]):
            mine = (*_is(customer_id, other_id), SUGGESTION.c.state == "open")
            session.execute(update(SUGGESTION).where(*mine).values(score=score, weights=row["weights"]))
    if new:
        record.changed(session, "duplicates", now=now)
    return new


def withdraw(session: Session, customer_id: UUID, still: set[tuple[UUID, UUID]], now: datetime) -> int:
    """Takes open suggestions about the customer away that no longer hold."""
    gone = [
        (row.customer_id, row.other_id)
        for row in session.execute(_OPEN.where(_about(customer_id)))
        if (row.customer_id, row.other_id) not in still
    ]
    for pair in gone:
        session.execute(delete(SUGGESTION).where(*_is(*pair), SUGGESTION.c.state == "open"))
    if gone:
        record.changed(session, "duplicates", now=now)
    return len(gone)


def open_pairs(session: Session, without: str) -> list[tuple[UUID, UUID]]:
    """The pairs of all open suggestions, but for those whose weights have the part `without`."""
    asked = select(SUGGESTION.c.customer_id, SUGGESTION.c.other_id, SUGGESTION.c.weights).where(
        SUGGESTION.c.state == "open"
    )
    return [(row.customer_id, row.other_id) for row in session.execute(asked) if without not in row.weights]


def claimed(session: Session, customer_id: UUID, part: str) -> set[tuple[UUID, UUID]]:
    """The open pairs about a customer whose weights have this part."""
    about = session.execute(_OPEN.where(_about(customer_id)))
    return {(row.customer_id, row.other_id) for row in about if part in row.weights}


def queue(session: Session, *, limit: int = 25, cursor: str | None = None) -> tuple[tuple[Suggestion, ...], str | None]:
    """Open suggestions, the likeliest first, and the cursor of what follows. Raises Invalid for a limit or cursor that is none."""
    if not 1 <= limit <= MOST:
        raise Invalid("A page holds 1 to 100 suggestions.", {"limit": "1 to 100"})
    asked = _OPEN.order_by(SUGGESTION.c.score.desc(), SUGGESTION.c.customer_id, SUGGESTION.c.other_id)
    if cursor is not None:
        first, second = _pair(cursor)
        last = one(session, first, second)
        if last is None:
            raise Invalid("That is not a cursor of this list.", {"cursor": "take it from next_cursor"})
        asked = asked.where(
            (SUGGESTION.c.score < last.score)
            | ((SUGGESTION.c.score == last.score) & (SUGGESTION.c.customer_id > last.customer_id))
            | (
                (SUGGESTION.c.score == last.score)
                & (SUGGESTION.c.customer_id == last.customer_id)
                & (SUGGESTION.c.other_id > last.other_id)
            )
        )
    rows = session.execute(asked.limit(limit + 1)).all()
    items = tuple(_suggestion(row) for row in rows[:limit])
    follows = f"{items[-1].customer_id}.{items[-1].other_id}" if len(rows) > limit else None
    return items, follows


def of_customer(session: Session, customer_id: UUID) -> tuple[Suggestion, ...]:
    """Open suggestions about one customer, the likeliest first."""
    asked = _OPEN.where(_about(customer_id)).order_by(SUGGESTION.c.score.desc(), SUGGESTION.c.other_id).limit(MOST)
    return tuple(_suggestion(row) for row in session.execute(asked))


def suggestion(session: Session, first: UUID, second: UUID) -> Suggestion | None:
    """What is on record about the pair; None where nothing is."""
    row = one(session, first, second)
    return None if row is None else _suggestion(row)


def keep_apart(session: Session, first: UUID, second: UUID, *, actor: Actor, now: datetime) -> Suggestion:
    """A person says that these are two people: it is not suggested again. Said twice it stands as it was said first.

    Raises NotFound without a suggestion, and Conflict where the two were merged.
    """
    customer_id, other_id = pair_of(first, second)
    done = session.execute(
        update(SUGGESTION)
        .where(*_is(customer_id, other_id), SUGGESTION.c.state == "open")
        .values(state="distinct", **_by(actor, now))
    )
    row = one(session, first, second)
    if row is None:
        raise NotFound("There is no such suggestion.")
    if db.touched(done) != 1 and not (row.state == "distinct" and row.decided_by_id == actor.id):
        raise Conflict(f"{row.decided_by} decided this already: {_WORDS[row.state]}.")
    if db.touched(done) == 1:
        for customer in (customer_id, other_id):
            record.audit(
                session, actor=actor, action="duplicate.distinct", subject=f"{customer_id}.{other_id}", customer_id=customer,
                payload={"customer_id": str(customer_id), "other_id": str(other_id)}, now=now,
            )  # fmt: skip
        record.changed(session, "duplicates", now=now)
    return _suggestion(row)


def look_again(session: Session, customer_id: UUID, now: datetime) -> None:
    """Has near matches of the customer looked for by the worker: for whoever enters one, or changes who they are."""
    record.put(session, customer_id=customer_id, topic=LOOK, payload={}, now=now)


def move_customer(session: Session, from_id: UUID, to_id: UUID, actor: Actor, now: datetime) -> Moved:
    """The pair is merged; of whom the merged one was said to be different, the survivor is. What is only suggested is found anew."""
    moved = Moved(SUGGESTION.name)
    pair = pair_of(from_id, to_id)
    session.execute(update(SUGGESTION).where(*_is(*pair)).values(state="merged", **_by(actor, now)))
    for row in session.execute(select(SUGGESTION).where(_about(from_id))).all():
        if (row.customer_id, row.other_id) == pair:
            continue
        moved.held.append(moving.plain(row._mapping))
        session.execute(delete(SUGGESTION).where(*_is(row.customer_id, row.other_id)))
        other = row.other_id if row.customer_id == from_id else row.customer_id
        if row.state == "distinct":
            first, second = pair_of(to_id, other)
            carried = dict(row._mapping) | {"customer_id": first, "other_id": second}
            if db.upsert(session, SUGGESTION, [carried], key=("customer_id", "other_id")):
                moved.made.append(moving.plain(carried))
    for table in (_KEY, _SEEN):
        session.execute(delete(table).where(table.c.customer_id == from_id))
    record.changed(session, "duplicates", now=now)
    return moved


def move_customer_back(session: Session, from_id: UUID, to_id: UUID, kept: Kept, actor: Actor, now: datetime) -> None:
    """What was said stands for each of the two again; that they are two people is said by this very act."""
    moved = kept[SUGGESTION.name]
    for carried in moved.made:
        row = moving.typed(SUGGESTION, carried)
        same = (SUGGESTION.c.state == "distinct", SUGGESTION.c.decided_at == row["decided_at"])
        session.execute(delete(SUGGESTION).where(*_is(row["customer_id"], row["other_id"]), *same))
    rows = [moving.typed(SUGGESTION, row) for row in moved.held]
    db.upsert(session, SUGGESTION, rows, key=("customer_id", "other_id"))
    customer_id, other_id = pair_of(from_id, to_id)
    said: dict[str, Any] = {"state": "distinct", **_by(actor, now)}
    if not db.touched(session.execute(update(SUGGESTION).where(*_is(customer_id, other_id)).values(**said))):
        new = {"customer_id": customer_id, "other_id": other_id, "score": 0.0, "weights": {}, "found_at": now}
        session.execute(insert(SUGGESTION).values(**new, **said))
    record.changed(session, "duplicates", now=now)


def one(session: Session, first: UUID, second: UUID) -> Any:
    return session.execute(select(SUGGESTION).where(*_is(*pair_of(first, second)))).one_or_none()


def _is(customer_id: UUID, other_id: UUID) -> tuple[Any, Any]:
    return (SUGGESTION.c.customer_id == customer_id, SUGGESTION.c.other_id == other_id)


def _about(customer_id: UUID) -> Any:
    return or_(SUGGESTION.c.customer_id == customer_id, SUGGESTION.c.other_id == customer_id)


def _by(actor: Actor, now: datetime) -> dict[str, Any]:
    return {"decided_at": now, "decided_by": actor.name, "decided_by_id": actor.id}


def _pair(cursor: str) -> tuple[UUID, UUID]:
    first, _, second = cursor.partition(".")
    try:
        return UUID(first), UUID(second)
    except ValueError:
        raise Invalid("That is not a cursor of this list.", {"cursor": "take it from next_cursor"}) from None


def _weights(agreements: Sequence[Agreement]) -> dict[str, Any]:
    return {one.field: {"level": one.level, "weight": one.weight} for one in agreements}


def _suggestion(row: Any) -> Suggestion:
    agreements = [Agreement(name, str(part["level"]), float(part["weight"])) for name, part in row.weights.items()]
    agreements.sort(key=lambda part: -abs(part.weight))
    return Suggestion(
        row.customer_id,
        row.other_id,
        row.score,
        tuple(agreements),
        row.state,
        row.found_at,
        row.decided_at,
        row.decided_by,
    )
