"""The audit trail: who did what, in a chain that shows any later change.

An entry is written unsealed, in the transaction of the act. A sealer then gives it its position and a seal: SHA-256 over
the seal before it, the entry, and the salted digest of its payload. The payload itself is outside the chain, so that it
can be erased with its salt and nothing of it be guessed from the digest; an erasure stands only when the trail also says
that the customer was erased, or that what is so old went for its age.
"""

import hashlib
import json
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypedDict
from uuid import UUID

from sqlalchemy import insert, update
from sqlmodel import Session, col, func, select

from backend import db
from backend.record.tables import AuditEntryRow, AuditHeadRow
from shared.kernel import ids
from shared.kernel.actors import Actor

ERASED_ACTION = "customer.erased"
EMPTIED_ACTION, EMPTIED_SUBJECT = "retention.removed", "retention:audit"
START = "0" * 64
_BATCH = 2_000
_AUDITED = "audited"
"""Under this name a session keeps of what it wrote entries."""


class Verdict(TypedDict):
    """What `verify` found: `first_bad` is the first position, counted from 1, that does not hold."""

    ok: bool
    entries: int
    first_bad: int | None


def audit(
    session: Session, *, actor: Actor, action: str, subject: str, customer_id: UUID | None,
    payload: dict[str, Any], now: datetime,
) -> UUID:  # fmt: skip
    """Adds an entry to the trail, in the act's own transaction. Returns its id."""
    entry_id, salt = ids.uuid7(), secrets.token_hex(16)
    plain = json.loads(json.dumps(payload))  # as it will be read back
    row = {
        "entry_id": entry_id, "at": now, "actor_kind": actor.kind, "actor_id": actor.id, "action": action,
        "subject": subject, "customer_id": customer_id, "payload": plain, "salt": salt, "digest": _digest(salt, plain),
    }  # fmt: skip
    session.connection().execute(insert(AuditEntryRow), row)
    session.info.setdefault(_AUDITED, set()).add((action, customer_id))
    return entry_id


def no_act(session: Session) -> None:
    """What this transaction writes is nobody's act, though somebody's request set it off: a page that was drawn, say."""
    session.info.setdefault(_AUDITED, set()).add(("", None))


def is_audited(session: Session, action: str | None = None, customer_id: UUID | None = None) -> bool:
    """Whether this transaction has written an entry so far: any at all (or none is due), or one of this act on this customer."""
    written = session.info.get(_AUDITED, ())
    return bool(written) if action is None else (action, customer_id) in written


def seal(now: datetime) -> int:
    """Chains the entries that are not yet sealed, at most 2,000; returns how many. Sealers of other processes wait."""
    unsealed = select(AuditEntryRow).where(col(AuditEntryRow.position).is_(None))
    with db.reading() as session:
        if session.exec(unsealed.limit(1)).first() is None:
            return 0
    with db.transaction() as session:
        head = _head(session)
        rows = session.exec(unsealed.order_by(col(AuditEntryRow.entry_id)).limit(_BATCH)).all()
        position, last = head.position, head.seal
        for row in rows:
            position += 1
            last = _seal(last, row, position, now)
            row.position, row.sealed_at, row.seal = position, now, last
        session.flush()
        moved = update(AuditHeadRow).values(position=position, seal=last)
        session.connection().execute(moved)
        return len(rows)


@dataclass(frozen=True, slots=True)
class Checked:
    """How far the chain was recomputed: `done` where all of it was, or where it broke, at `first_bad`."""

    position: int = 0
    seal: str = START
    entries: int = 0
    done: bool = False
    first_bad: int | None = None


def verify() -> Verdict:
    """Recomputes the whole chain and every payload's digest. Reads only."""
    found = verify_part(Checked(), None)
    return {"ok": found.first_bad is None, "entries": found.entries, "first_bad": found.first_bad}


def verify_part(reached: Checked, most: int | None) -> Checked:
    """Recomputes the chain from where it was `reached` on, at most so many entries of it: a long one in several goes. Reads only.

    What comes to the end of the chain meanwhile is part of it. The last part looks at what waits for the sealer too.
    """
    with db.reading() as session:
        erased = _Erased.of(session)
        entries = session.exec(select(func.count()).select_from(AuditEntryRow)).one()
        head = session.get(AuditHeadRow, 1)
        position, last = reached.position, reached.seal
        sealed = select(AuditEntryRow).where(col(AuditEntryRow.position) > position).limit(most)
        for row in session.exec(sealed.order_by(col(AuditEntryRow.position)), execution_options={"yield_per": _BATCH}):
            position += 1
            intact = (
                row.position == position and row.sealed_at is not None
                and row.seal == _seal(last, row, position, row.sealed_at) and _payload_holds(row, erased)
            )  # fmt: skip
            if not intact:
                return Checked(position - 1, last, entries, done=True, first_bad=position)
            last = str(row.seal)
        if most is not None and position - reached.position == most:
            return Checked(position, last, entries)
        if (position, last) != ((head.position, head.seal) if head else (0, START)):
            return Checked(position, last, entries, done=True, first_bad=position + 1)
        waiting = position
        unsealed = select(AuditEntryRow).where(col(AuditEntryRow.position).is_(None))
        for row in session.exec(unsealed.order_by(col(AuditEntryRow.entry_id))):
            waiting += 1
            if not _payload_holds(row, erased):
                return Checked(position, last, entries, done=True, first_bad=waiting)
    return Checked(position, last, entries, done=True)


def export_customer(session: Session, customer_id: UUID, words: Collection[str] = ()) -> list[dict[str, Any]]:
    """What was done to or by the customer, oldest first: every entry that is about them, or names them.

    `words` may hold ids by which they were known before: the trail stays sealed over the ids of its time.
    """
    rows = session.exec(select(AuditEntryRow).where(_theirs(customer_id, words)).order_by(col(AuditEntryRow.entry_id)))
    return [row.model_dump() for row in rows]


def erase_customer(
    session: Session, customer_id: UUID, *, actor: Actor, now: datetime, words: Collection[str] = ()
) -> None:
    """Empties the payloads of the customer's entries and says so in the trail; the chain stays whole."""
    theirs = update(AuditEntryRow).where(_theirs(customer_id, words))
    session.connection().execute(theirs.values(payload=None, salt=None))
    for one in _known(customer_id, words):
        audit(
            session, actor=actor, action=ERASED_ACTION, subject=f"customer:{one}", customer_id=one, payload={}, now=now,
        )  # fmt: skip


def _theirs(customer_id: UUID, words: Collection[str]) -> Any:
    """Entries about the customer, by them, and those whose subject they are, under whichever of their ids."""
    known = _known(customer_id, words)
    return (
        col(AuditEntryRow.customer_id).in_(known)
        | col(AuditEntryRow.actor_id).in_([str(one) for one in known])
        | col(AuditEntryRow.subject).in_([f"customer:{one}" for one in known])
    )


def _known(customer_id: UUID, words: Collection[str]) -> list[UUID]:
    return [customer_id, *(found for word in words if (found := _id(word)) is not None)]


def _id(word: str) -> UUID | None:
    try:
        return UUID(word)
    except ValueError:
        return None


@dataclass(frozen=True)
class _Erased:
    """Up to which entry each customer's payloads may be missing, and up to which everybody's, for the age of what it says."""

    until: dict[str, UUID]
    emptied: tuple[tuple[UUID, datetime], ...]

    @classmethod
    def of(cls, session: Session) -> "_Erased":
        # In order, so that the last one of each customer stays.
        rows = session.exec(
            select(AuditEntryRow.customer_id, AuditEntryRow.entry_id)
            .where(AuditEntryRow.action == ERASED_ACTION)
            .order_by(col(AuditEntryRow.entry_id))
        )
        until = {str(customer_id): entry_id for customer_id, entry_id in rows if customer_id is not None}
        return cls(until, _emptied(session))

    def covers(self, row: AuditEntryRow) -> bool:
        """Whether the one whom the entry is about, who made it, or who is its subject, was erased since."""
        if any(row.entry_id < entry_id and row.at < before for entry_id, before in self.emptied):
            return True
        named = (str(row.customer_id), row.actor_id, row.subject.removeprefix("customer:"))
        return any(one in self.until and row.entry_id < self.until[one] for one in named)


def _emptied(session: Session) -> tuple[tuple[UUID, datetime], ...]:
    """By which entries payloads went for their age, and from before when: never what was younger than a day.

    Of those that say less than another that came later, nothing has to be known.
    """
    asked = (
        select(AuditEntryRow.entry_id, AuditEntryRow.at, AuditEntryRow.payload)
        .where(AuditEntryRow.action == EMPTIED_ACTION, AuditEntryRow.subject == EMPTIED_SUBJECT)
        .order_by(col(AuditEntryRow.entry_id).desc())
    )
    kept: list[tuple[UUID, datetime]] = []
    for entry_id, at, payload in session.exec(asked):
        try:
            before = min(datetime.fromisoformat((payload or {})["before"]), at - timedelta(days=1))
        except (KeyError, TypeError, ValueError):
            continue  # gone for its own age, or no longer what was written
        if not kept or before > kept[-1][1]:
            kept.append((entry_id, before))
    return tuple(kept)


def _payload_holds(row: AuditEntryRow, erased: _Erased) -> bool:
    if row.payload is None or row.salt is None:
        return row.payload is None and row.salt is None and erased.covers(row)
    return row.digest == _digest(row.salt, row.payload)


def _head(session: Session) -> AuditHeadRow:
    db.upsert(session, AuditHeadRow, [{"head_id": 1, "position": 0, "seal": START}], key=["head_id"])
    return session.exec(select(AuditHeadRow).with_for_update()).one()


def _digest(salt: str, payload: dict[str, Any]) -> str:
    return hashlib.sha256(f"{salt}{_canonical(payload)}".encode()).hexdigest()


def _seal(before: str, row: AuditEntryRow, position: int, sealed_at: datetime) -> str:
    entry = [
        before, position, str(row.entry_id), _instant(row.at), row.actor_kind, row.actor_id, row.action, row.subject,
        str(row.customer_id) if row.customer_id else None, row.digest, _instant(sealed_at),
    ]  # fmt: skip
    return hashlib.sha256(_canonical(entry).encode()).hexdigest()


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
