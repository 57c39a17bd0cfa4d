"""Near matches are looked for among all customers, or of one who was entered or changed; what is found is only suggested."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy import delete, select
from sqlmodel import Session

from backend import db
from backend.identities import blocking, comparing, pairing, people, suggesting
from backend.identities.comparing import Model, People
from backend.identities.tables import MatchKeyRow, MatchSeenRow
from backend.identities.types import Agreement
from backend.profiles import service as profiles
from shared.kernel.errors import NotFound

CLAIMED = "claimed"
"""In a suggestion's weights: an identifier of the one came with the other. Such a pair is suggested whatever else speaks against it."""
WRITTEN = 2_000
"""So many customers' keys, or pairs, are written in one transaction: others get their turn between them."""
PATROL = 500
LOOKED = 20
"""Of so many customers a turn of the round takes in, so many are looked at: it goes on beside all other work."""
_KEY, _SEEN = db.table_of(MatchKeyRow), db.table_of(MatchSeenRow)
_SHARED = select(_KEY.c.customer_id).limit(blocking.LARGEST + 1)
_Pair = tuple[UUID, UUID, float, Sequence[Agreement]]


@dataclass(frozen=True, slots=True)
class Found:
    """What a search among everyone came to: customers, pairs compared, pairs found, how many of them are new, keys too common to use."""

    customers: int
    compared: int
    pairs: int
    new: int
    withdrawn: int
    skipped: int


def find_all(now: datetime, tell: Callable[[str], None] = lambda _: None) -> Found:
    """Looks for near matches among all customers, and writes the suggestions. Opens its own transactions.

    Open suggestions that no longer hold go; what a person decided stays.
    """
    by = comparing.model()
    ids: list[UUID] = []
    seen: list[dict[str, Any]] = []
    columns: dict[str, list[str]] = {name: [] for name in People.COLUMNS}
    with db.reading() as session:
        for one, values in people.everyone(session, by.attributes):
            ids.append(one.customer_id)
            seen.append({"customer_id": one.customer_id, "version": one.version, "digest": people.digest(values)})
            for name, kept in columns.items():
                kept.append(values[name])
    tell(f"{len(ids):,} customers read.")
    result = pairing.all_pairs(columns, by)
    tell(f"{result.compared:,} pairs compared, {len(result.found):,} found.")
    pairs = [(ids[one.left], ids[one.right], one.score, one.agreements) for one in result.found]
    new = 0
    for start in range(0, len(pairs), WRITTEN):
        with db.transaction() as session:
            new += suggesting.suggest(session, _still_there(session, pairs[start : start + WRITTEN]), now)
    withdrawn = _withdraw({suggesting.pair_of(one[0], one[1]) for one in pairs}, now)
    _write_keys(columns, seen)
    return Found(len(ids), result.compared, len(pairs), new, withdrawn, result.skipped)


def look(session: Session, customer_id: UUID, _payload: Mapping[str, Any], now: datetime) -> None:
    """Looks for near matches of one customer by the keys that all others left, and brings the suggestions about them up to date.

    As the worker does a job: one who is gone, or is somebody else since, needs nothing.
    """
    by = comparing.model()
    found = profiles.identified(session, [customer_id])
    if not found:
        return
    mine = people.columns(found[0], by.attributes)
    keys = blocking.keys(mine)
    others: set[UUID] = set()
    for key in keys:
        sharing = session.execute(_SHARED.where(_KEY.c.key == key, _KEY.c.customer_id != customer_id)).scalars().all()
        if len(sharing) < blocking.LARGEST:
            others |= set(sharing)
    pairs = _pairs_with(session, customer_id, mine, sorted(others), by)
    suggesting.suggest(session, pairs, now)
    said = suggesting.claimed(session, customer_id, CLAIMED)
    suggesting.withdraw(session, customer_id, {suggesting.pair_of(one[0], one[1]) for one in pairs} | said, now)
    session.execute(delete(_KEY).where(_KEY.c.customer_id == customer_id))
    db.insert_many(session, _KEY, [{"customer_id": customer_id, "key": key} for key in keys])
    row = {"customer_id": customer_id, "version": found[0].version, "digest": people.digest(mine)}
    db.upsert(session, _SEEN, [row], key=("customer_id",), update=("version", "digest"))


def shared(session: Session, customer_id: UUID, kind: str, value: str, now: datetime) -> bool:
    """An identifier came with this customer that is somebody else's: suggests the two, and says whether there is somebody else.

    For whoever enters customers: such an identifier links nobody by itself. Raises NotFound for an unknown customer.
    """
    owner = profiles.owner(session, kind, value)
    customer_id = profiles.resolve(session, customer_id)
    if owner is None or owner == customer_id:
        return False
    by = comparing.model()
    both = people.read(session, [customer_id, owner], by.attributes)
    if len(both) < 2:
        raise NotFound("There is no such customer.")
    spelled = profiles.normalise(kind, value) or value
    if kind in ("phone", "email"):
        told = "".join(c for c in spelled if c.isdigit()) if kind == "phone" else spelled
        both = {one: columns | {kind: told} for one, columns in both.items()}
    levels = People(pairing.columns_of([both[customer_id], both[owner]])).compare(np.array([0]), np.array([1]))
    parts = (*pairing.agreements(levels, 0, by), Agreement(CLAIMED, kind, 0.0))
    score = round(float(comparing.scores(levels, by)[0]), 3)
    suggesting.suggest(session, [(customer_id, owner, score, parts)], now)
    return True


class Patrol:
    """Goes round all customers, a few at a time, and looks again where a profile changed since: whatever else changed it.

    Each worker has its own round; two that meet do the same twice, which changes nothing.
    """

    def __init__(self, many: int = PATROL, looked: int = LOOKED) -> None:
        self._many, self._looked = many, looked
        self._after: UUID | None = None

    def step(self, now: datetime) -> int:
        """The next few customers; gives how many had to be looked at. Opens its own transactions."""
        names = comparing.model().attributes
        with db.reading() as session:
            versions = profiles.versions_after(session, self._after, self._many)
            ids = [customer_id for customer_id, _ in versions]
            known = {row.customer_id: row for row in _seen(session, ids)}
            moved = [one for one, version in versions if one not in known or known[one].version != version]
            later, moved = moved[self._looked :], moved[: self._looked]
            now_are = people.read(session, moved, names)
        self._after = moved[-1] if later else ids[-1] if len(ids) == self._many else None
        for customer_id in moved:
            # Each by itself: whoever else wants to write waits for one comparison, not for all.
            with db.transaction() as session:
                if customer_id not in now_are:
                    continue
                if customer_id in known and known[customer_id].digest == people.digest(now_are[customer_id]):
                    row = {"version": dict(versions)[customer_id]}
                    session.execute(_SEEN.update().where(_SEEN.c.customer_id == customer_id).values(**row))
                else:
                    look(session, customer_id, {}, now)
        return len(moved)


def _seen(session: Session, ids: Sequence[UUID]) -> list[Any]:
    return list(session.execute(select(_SEEN).where(_SEEN.c.customer_id.in_(ids)))) if ids else []


def _pairs_with(
    session: Session, customer_id: UUID, mine: Mapping[str, str], others: Sequence[UUID], by: Model
) -> list[_Pair]:
    known = people.read(session, others, by.attributes)
    if not known:
        return []
    ids = list(known)
    compared = People(pairing.columns_of([mine, *known.values()]))
    right = np.arange(1, len(ids) + 1)
    found = pairing.weighed(compared, np.zeros(len(ids), np.int64), right, by)
    return [(customer_id, ids[one.right - 1], one.score, one.agreements) for one in found]


def _still_there(session: Session, pairs: Sequence[_Pair]) -> list[_Pair]:
    """Without those of whom one was merged or erased since they were read."""
    there = set(profiles.existing(session, sorted({one for pair in pairs for one in pair[:2]})))
    return [pair for pair in pairs if pair[0] in there and pair[1] in there]


def _withdraw(found: set[tuple[UUID, UUID]], now: datetime) -> int:
    """Open suggestions that a search among everyone did not find, where comparing the two alone does not uphold them."""
    with db.reading() as session:
        doubtful = [pair for pair in suggesting.open_pairs(session, without=CLAIMED) if pair not in found]
    withdrawn = 0
    for customer_id, _ in doubtful:
        with db.transaction() as session:
            look(session, customer_id, {}, now)
            withdrawn += 1
    return withdrawn


def _write_keys(columns: Mapping[str, Sequence[str]], seen: Sequence[dict[str, Any]]) -> None:
    """The keys by which one customer is looked for later; only where somebody's identity changed since they were written."""
    with db.reading() as session:
        known = {row.customer_id: row.digest for row in session.execute(select(_SEEN.c.customer_id, _SEEN.c.digest))}
    changed = [place for place, row in enumerate(seen) if known.get(row["customer_id"]) != row["digest"]]
    names = tuple(columns)
    for start in range(0, len(changed), WRITTEN):
        some = changed[start : start + WRITTEN]
        ids = [seen[place]["customer_id"] for place in some]
        with db.transaction() as session:
            there = set(profiles.existing(session, ids))
            rows = [
                {"customer_id": seen[place]["customer_id"], "key": key}
                for place in some
                if seen[place]["customer_id"] in there
                for key in blocking.keys({name: columns[name][place] for name in names})
            ]
            for first in range(0, len(ids), 500):
                session.execute(delete(_KEY).where(_KEY.c.customer_id.in_(ids[first : first + 500])))
            db.insert_many(session, _KEY, rows)
            fresh = [seen[place] for place in some if seen[place]["customer_id"] in there]
            db.upsert(session, _SEEN, fresh, key=("customer_id",), update=("version", "digest"))
