"""How often somebody may try in vain: counted so that no stranger can shut anybody out.

A device that is known to be theirs has a count of its own, and strangers are counted by the network from which they try: an
attacker slows down themself. Many wrong tries from everywhere close the password to strangers for the day, and it alone: a code
by e-mail, a passkey, and every known device go on.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import bindparam, case, delete, select, update
from sqlmodel import Session

from backend import db
from backend.entering.tables import EntryTryRow
from backend.entering.visitors import Visitor

_TRY = db.table_of(EntryTryRow)
KEPT = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Limit:
    """So many times within so long."""

    times: int
    within: timedelta


OWN = Limit(10, timedelta(minutes=5))
"""One account, by one network; or by one device that is known."""
NETWORK = Limit(100, timedelta(minutes=15))
"""All accounts together, by the strangers of one network."""
ACCOUNT = Limit(100, timedelta(days=1))
"""One account, by strangers from everywhere."""
MAILS = Limit(5, timedelta(minutes=15))
"""Codes that are sent to one account, asked for from one network, or by one known device."""
MAILS_IN_ALL = Limit(20, timedelta(days=1))
"""Codes that are sent to one account, asked for by strangers from everywhere."""

Counted = tuple[tuple[str, Limit], ...]


def account_of(subject_id: UUID | None, typed: str) -> str:
    """One account is counted once, by whatever name and in whatever spelling it is tried; a name that nobody has, by itself."""
    return str(subject_id) if subject_id else "".join(typed.split()).lower()[:200]


def counted(door: str, account: str, visitor: Visitor, is_known: bool) -> Counted:
    """Under what a try at this door is counted. `account`: as `account_of` names it."""
    one, all_ = (MAILS, MAILS_IN_ALL) if door in ("code", "contact") else (OWN, ACCOUNT)
    if is_known:
        return ((visitor.key(door, account, "device", visitor.device), one),)
    return (
        (visitor.key(door, account, "network", visitor.network), one),
        (visitor.key(door, "network", visitor.network), NETWORK),
        (visitor.key(door, account), all_),
    )


def is_paused(session: Session, limits: Counted, now: datetime) -> bool:
    """Whether any of these limits is reached."""
    asked = select(_TRY.c.key, _TRY.c.times, _TRY.c.since).where(_TRY.c.key.in_([key for key, _ in limits]))
    found = {row.key: row for row in session.execute(asked)}
    return any(
        found[key].times >= limit.times and found[key].since > now - limit.within
        for key, limit in limits
        if key in found
    )


def count(session: Session, limits: Counted, now: datetime) -> None:
    """One more, in the database: tries at the same moment all count."""
    # In one order everywhere, so that two who count at once never wait for each other.
    for key, limit in sorted(limits, key=lambda one: one[0]):
        db.upsert(session, EntryTryRow, [{"key": key, "times": 0, "since": now}], key=("key",))
        over = _TRY.c.since <= bindparam("before")
        session.execute(
            update(_TRY)
            .where(_TRY.c.key == bindparam("this"))
            .values(times=case((over, 1), else_=_TRY.c.times + 1), since=case((over, bindparam("at")), else_=_TRY.c.since)),
            {"this": key, "before": now - limit.within, "at": now},
        )  # fmt: skip


def may_ask(session: Session, door: str, account: str, visitor: Visitor, now: datetime) -> bool:
    """Whether a stranger may ask once more for what costs us something; if so, it is counted."""
    limits = counted(door, account_of(None, account), visitor, is_known=False)
    if is_paused(session, limits, now):
        return False
    count(session, limits, now)
    return True


def forgive(session: Session, limits: Counted) -> None:
    """Whoever came in starts anew; what their network and all strangers did goes on counting."""
    session.execute(delete(_TRY).where(_TRY.c.key == limits[0][0]))


def forget(session: Session, now: datetime) -> int:
    return db.touched(session.execute(delete(_TRY).where(_TRY.c.since < now - KEPT)))
