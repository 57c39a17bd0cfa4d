"""Whom the one who reads now may not open: their profile does not open, and in lists they stand without a name.

Whoever serves a request says who reads; what the house does by itself reads everybody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from uuid import UUID

from sqlmodel import Session

from backend.matrix.service import Pack
from backend.profiles.snapshot import Snapshot
from backend.profiles.types import Profile
from backend.rules.service import Context, RuleFailed
from shared.kernel.errors import Restricted

NO_NAME = "Restricted customer"
_NEEDED = "names of restricted groups"
Closed = Callable[[Session], frozenset[str]]
"""The keys of the groups that somebody may not open."""


@dataclass(slots=True)
class _Reader:
    asked: Closed
    known: frozenset[str] | None = field(default=None)


_reader: ContextVar[_Reader | None] = ContextVar("reader", default=None)


def read_as(closed: Closed | None) -> None:
    """From here on this request reads for somebody to whom these groups are closed; None: for the house.

    They are asked for when first somebody of any group is met: of most requests, never.
    """
    _reader.set(_Reader(closed) if closed is not None else None)


@contextmanager
def as_house() -> Iterator[None]:
    """Inside, everybody is read: for what follows from an act, and for what is kept for many readers."""
    token = _reader.set(None)
    try:
        yield
    finally:
        _reader.reset(token)


def is_closed(session: Session, group: str) -> bool:
    """Whether who reads now may not open the customers of this group; nobody is kept from those of none."""
    reader = _reader.get()
    if not group or reader is None:
        return False
    if reader.known is None:
        reader.known = reader.asked(session)
    return group in reader.known


def require_open(session: Session, customer_id: UUID, group: str) -> None:
    """Raises Restricted."""
    if is_closed(session, group):
        raise Restricted(customer_id)


def named_for(session: Session, name: str, number: str, group: str) -> tuple[str, str]:
    """Name and number as who reads now may know them."""
    return (NO_NAME, "") if is_closed(session, group) else (name, number)


def group_of(profile: Profile, seen: Snapshot, pack: Pack) -> str:
    """The first group of the pack that takes this customer in; empty for none. Pure.

    A rule that cannot be decided takes them in: whom it was made for is not opened to everybody by a fault.
    """
    if not pack.restricted or profile.is_anonymous:
        return ""
    needed: frozenset[str] | None = pack.worked_out.get(_NEEDED)
    if needed is None:
        needed = pack.worked_out[_NEEDED] = frozenset().union(*(group.rule.names for group in pack.restricted))
    context = Context({**seen.names(), "holdings": sorted({one.kind for one in profile.holdings})}, needed)
    for group in pack.restricted:
        try:
            if group.rule.test(context):
                return group.key
        except RuleFailed:
            return group.key
    return ""
