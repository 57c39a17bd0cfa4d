"""What customers asked for at the portal that stands until its time: to go on by telephone, and to have their account closed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlmodel import Session

from backend import db
from backend.interactions.tables import WishRow
from backend.interactions.timeline import record
from backend.interactions.visits import steps_of
from backend.profiles import service as profiles
from backend.record.service import audit
from shared.kernel import clock, ids
from shared.kernel.actors import Actor
from shared.kernel.errors import Conflict
from shared.kernel.languages import gettext

CHANNEL = "portal"
BY_PHONE, CLOSING = "by_phone", "closing"
KEPT_FOR_THE_CALL = timedelta(days=2)
COOLING_OFF = timedelta(days=14)
"""For so long after it was asked for, the closing of an account can be taken back."""
LONGEST_DRAFT = 10_000
_WISH = db.table_of(WishRow)


@dataclass(frozen=True, slots=True)
class ByPhone:
    """Where a customer left off to call us: the page, the pages before it, and what they had written, as (label, text)."""

    reference: str
    title: str
    steps: tuple[tuple[str, datetime], ...]
    draft: tuple[tuple[str, str], ...]
    asked_at: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Closing:
    """An account that its customer wants closed."""

    asked_at: datetime
    closes_at: datetime


def go_on_by_phone(
    session: Session, customer_id: UUID, title: str, draft: Sequence[tuple[str, str]], *, actor: Actor, now: datetime
) -> ByPhone:
    """Keeps where the customer leaves off, for whoever takes their call; asked again, the last one counts and its reference stays."""
    profiles.hold(session, customer_id)
    before = by_phone(session, customer_id, now)
    written = [[label, text.strip()[:LONGEST_DRAFT]] for label, text in draft if text.strip()]
    steps = [[one, at.isoformat()] for one, at in steps_of(session, customer_id, now)]
    reference = before.reference if before else ids.spoken_reference()
    row = {
        "customer_id": customer_id, "kind": BY_PHONE, "reference": reference, "asked_at": now, "due_at": now + KEPT_FOR_THE_CALL,
        "told": {"title": title, "steps": steps, "draft": written},
    }  # fmt: skip
    db.upsert(session, WishRow, [row], key=("customer_id", "kind"), update=("reference", "told", "asked_at", "due_at"))
    told = {"title": title, "drafted": bool(written), "reference": reference}
    record(session, customer_id, "by_phone.asked", CHANNEL, actor, told, now)
    return _by_phone(row)


def by_phone(session: Session, customer_id: UUID, now: datetime) -> ByPhone | None:
    """Where the customer left off, for as long as they may call about it."""
    row = session.execute(select(_WISH).where(*_this(customer_id, BY_PHONE), _WISH.c.due_at > now)).one_or_none()
    return _by_phone(row._mapping) if row is not None else None


def owner_of_wish(session: Session, reference: str) -> UUID | None:
    """Whose reference this is; the latest, should two ever share one."""
    said = ids.spoken_text(reference)
    if said is None:
        return None
    asked = select(_WISH.c.customer_id).where(_WISH.c.reference == said).order_by(_WISH.c.asked_at.desc()).limit(1)
    found: UUID | None = session.execute(asked).scalar()
    return found


def forget_by_phone(now: datetime) -> int:
    """Forgets where customers left off that have not called since; gives how many. Opens its own transaction."""
    with db.transaction() as session:
        gone = delete(_WISH).where(_WISH.c.kind == BY_PHONE, _WISH.c.due_at <= now)
        return db.touched(session.execute(gone))


def ask_to_close(session: Session, customer_id: UUID, *, actor: Actor, now: datetime) -> tuple[Closing, bool]:
    """The account is closed after the time in which that can be taken back, and whether this is news."""
    zone = profiles.held(session, customer_id).timezone
    before = closing_of(session, customer_id)
    if before is not None:
        return before, False
    asked = Closing(now, now + COOLING_OFF)
    row = {
        "customer_id": customer_id, "kind": CLOSING, "reference": "", "told": {}, "asked_at": now, "due_at": asked.closes_at,
    }  # fmt: skip
    db.upsert(session, WishRow, [row], key=("customer_id", "kind"))
    on = clock.local_day(asked.closes_at, zone)
    profiles.note_closing(session, customer_id, on, now)
    record(session, customer_id, "closing.asked", CHANNEL, actor, {"on": on.isoformat()}, now)
    return asked, True


def keep_account(session: Session, customer_id: UUID, *, actor: Actor, now: datetime, channel: str = CHANNEL) -> None:
    """The customer keeps the account after all, told by themselves or to a colleague. Raises Conflict where nobody asked to close it."""
    profiles.hold(session, customer_id)
    if not db.touched(session.execute(delete(_WISH).where(*_this(customer_id, CLOSING)))):
        raise Conflict(gettext("Your account is not to be closed: there is nothing to take back."))
    profiles.note_closing(session, customer_id, None, now)
    record(session, customer_id, "closing.taken_back", channel, actor, {}, now)
    audit(
        session,
        actor=actor,
        action="closing.taken_back",
        subject=str(customer_id),
        customer_id=customer_id,
        payload={},
        now=now,
    )


def closing_of(session: Session, customer_id: UUID) -> Closing | None:
    """Whether the customer wants their account closed, and when that is done."""
    row = session.execute(select(_WISH).where(*_this(customer_id, CLOSING))).one_or_none()
    return Closing(row.asked_at, row.due_at) if row is not None else None


def closings_due(session: Session, now: datetime, most: int) -> tuple[UUID, ...]:
    """Whose time to take it back is over, the longest first."""
    due = select(_WISH.c.customer_id).where(_WISH.c.kind == CLOSING, _WISH.c.due_at <= now)
    return tuple(session.execute(due.order_by(_WISH.c.due_at, _WISH.c.customer_id).limit(most)).scalars())


def _by_phone(row: Any) -> ByPhone:
    told = row["told"]
    return ByPhone(
        row["reference"], told["title"], tuple((one, datetime.fromisoformat(at)) for one, at in told["steps"]),
        tuple((label, text) for label, text in told["draft"]), row["asked_at"], row["due_at"],
    )  # fmt: skip


def _this(customer_id: UUID, kind: str) -> tuple[Any, Any]:
    return (_WISH.c.customer_id == customer_id, _WISH.c.kind == kind)
