"""Rows of one customer become another's and go back again: what moved, what could not, and what was changed on the way.

A merge of two customers moves the rows of every room by these functions and keeps what they give, so that taking the merge
back finds each row again. All of it is plain JSON.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Date, LargeBinary, Uuid, and_, bindparam, delete, exists, insert, select, update
from sqlmodel import Session

from backend import db

Row = dict[str, Any]
CHUNK = 500
"""Of so many keys at a time a row is asked for: SQLite takes no more than a few thousand values in one statement."""


@dataclass
class Moved:
    """What happened to one table's rows in a merge.

    `keys`: the rows that moved, each the rest of its primary key. `held`: rows that could not move, whole. `before` and `made`:
    rows that the merge changed, as they were and as it left them, under the customer whose they were then.
    """

    table: str
    keys: list[list[Any]] = field(default_factory=list)
    held: list[Row] = field(default_factory=list)
    before: list[Row] = field(default_factory=list)
    made: list[Row] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> Moved:
        return cls(**plain)


Kept = Mapping[str, Moved]
"""What a merge kept, by table."""
Since = Mapping[str, Sequence[Sequence[Any]]]
"""By table, the keys of rows that came after the merge and belong to the one who is taken out again."""


def move(session: Session, table: Any, from_id: UUID, to_id: UUID) -> Moved:
    """All rows of the one become the other's; those whose key the other holds already are taken out and kept."""
    rest = own_key(table)
    moved = Moved(table.name)
    theirs = table.c.customer_id == from_id
    for row in session.execute(select(table).where(theirs, _taken(table, rest, to_id))):
        moved.held.append(plain(row._mapping))
    _delete(session, table, from_id, moved.held)
    if rest:
        keys = session.execute(select(*rest).where(theirs).order_by(*rest))
        moved.keys = [[_plain(value) for value in key] for key in keys]
    elif session.execute(select(exists().where(theirs))).scalar():
        moved.keys = [[]]
    if moved.keys:
        session.execute(update(table).where(theirs).values(customer_id=to_id))
    return moved


def choose(session: Session, table: Any, from_id: UUID, to_id: UUID, better: Callable[[Any, Any], Row | None]) -> Moved:
    """The same, where two rows with one key must become one: `better(theirs, ours)` gives what changes in ours, if anything."""
    moved = move(session, table, from_id, to_id)
    for held in moved.held:
        ours = one(session, table, to_id, key_of(table, held))
        changes = better(_typed_row(table, held), ours)
        if changes:
            moved.before.append(plain(ours._mapping))
            session.execute(update(table).where(*_is(table, to_id, key_of(table, held))).values(**changes))
            moved.made.append(plain(one(session, table, to_id, key_of(table, held))._mapping))
    return moved


def move_back(session: Session, table: Any, from_id: UUID, to_id: UUID, kept: Kept, since: Since) -> None:
    """Puts the rows back where they came from, as they are now, with those that came since and are theirs.

    What was changed by the merge is as it was before, unless somebody changed it since: then it stays.
    """
    moved = kept.get(table.name) or Moved(table.name)
    keys = [*moved.keys, *since.get(table.name, ())]
    _set_owner(session, table, keys, to_id, from_id)
    for before, made in zip(moved.before, moved.made, strict=True):
        restore(session, table, before, made)
    if moved.held:
        rows = [_typed(table, row) for row in moved.held]
        db.upsert(session, table, rows, key=tuple(c.name for c in table.primary_key.columns))


def restore(session: Session, table: Any, before: Row, made: Row) -> bool:
    """Whether the row stood as the merge had left it, and stands as before now."""
    owner = UUID(before["customer_id"])
    key = key_of(table, before)
    current = one(session, table, owner, key)
    if current is None or plain(current._mapping) | {"customer_id": 0} != made | {"customer_id": 0}:
        return False
    session.execute(update(table).where(*_is(table, owner, key)).values(**_typed(table, before)))
    return True


def one(session: Session, table: Any, customer_id: UUID, key: Sequence[Any]) -> Any:
    """The customer's row with this key; None where there is none."""
    return session.execute(select(table).where(*_is(table, customer_id, key))).one_or_none()


def own_key(table: Any) -> list[Any]:
    """The columns of the primary key beside the customer."""
    return [column for column in table.primary_key.columns if column.name != "customer_id"]


def key_of(table: Any, row: Mapping[str, Any]) -> list[Any]:
    return [row[column.name] for column in own_key(table)]


def plain(row: Any) -> Row:
    """The row as JSON knows it."""
    return {name: _plain(value) for name, value in row.items()}


def typed(table: Any, row: Mapping[str, Any]) -> Row:
    """The row in the types of its table."""
    return _typed(table, row)


def _taken(table: Any, rest: Sequence[Any], to_id: UUID) -> Any:
    other = table.alias("other")
    same = [other.c[column.name] == column for column in rest]
    if "customer_id" not in table.primary_key.columns:
        return False  # its keys are unique among all customers
    return exists().where(and_(other.c.customer_id == to_id, *same))


def _delete(session: Session, table: Any, customer_id: UUID, rows: Iterable[Row]) -> None:
    for row in rows:
        session.execute(delete(table).where(*_is(table, customer_id, key_of(table, row))))


def _is(table: Any, customer_id: UUID, key: Sequence[Any]) -> list[Any]:
    named = zip(own_key(table), key, strict=True)
    return [table.c.customer_id == customer_id, *(column == _value(column, value) for column, value in named)]


def _set_owner(session: Session, table: Any, keys: Sequence[Sequence[Any]], owner: UUID, to: UUID) -> None:
    rest = own_key(table)
    if not rest:
        if keys:
            session.execute(update(table).where(table.c.customer_id == owner).values(customer_id=to))
        return
    if len(rest) == 1:
        values = [_value(rest[0], key[0]) for key in keys]
        for start in range(0, len(values), CHUNK):
            some = rest[0].in_(values[start : start + CHUNK])
            session.execute(update(table).where(table.c.customer_id == owner, some).values(customer_id=to))
        return
    if keys:
        each = [{f"of_{c.name}": _value(c, value) for c, value in zip(rest, key, strict=True)} for key in keys]
        where = [table.c.customer_id == owner, *(column == bindparam(f"of_{column.name}") for column in rest)]
        session.connection().execute(update(table).where(*where).values(customer_id=to), each)


def insert_rows(session: Session, table: Any, rows: Sequence[Row]) -> None:
    """Puts plain rows back as they are."""
    for row in rows:
        session.execute(insert(table).values(**_typed(table, row)))


class _Typed:
    """A plain row read by names, as a row of the database is."""

    def __init__(self, values: Row) -> None:
        self.__dict__.update(values)


def _typed_row(table: Any, row: Row) -> Any:
    return _Typed(_typed(table, row))


def _typed(table: Any, row: Mapping[str, Any]) -> Row:
    return {name: _value(table.c[name], value) for name, value in row.items() if name in table.c}


def _plain(value: Any) -> Any:
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value


def _value(column: Any, value: Any) -> Any:
    kind = column.type
    if value is None or not isinstance(value, str):
        return value
    if isinstance(kind, Uuid):
        return UUID(value)
    if isinstance(kind, db.UtcDateTime):
        return datetime.fromisoformat(value)
    if isinstance(kind, Date):
        return date.fromisoformat(value)
    return base64.b64decode(value) if isinstance(kind, LargeBinary) else value
