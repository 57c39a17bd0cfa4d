"""What each member of staff has open at the desk: who else is here, which tabs they keep, what happened there since they looked.

A page says every half minute that it is open. One that says so no more, or that it is left, is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, delete, select, update
from sqlmodel import Session

from backend import db
from backend.interactions.tables import EventRow, InteractionRow, PlaceRow
from backend.profiles import service as profiles
from backend.record import service as record
from shared.kernel import ids
from shared.kernel.actors import Actor

NO_CASE = UUID(int=0)
"""In the place of a case: the customer's own page."""
STILL_HERE = timedelta(seconds=75)
"""A page that has said nothing for so long is not open any more."""
FORGOTTEN = timedelta(days=30)
MOST_TABS = 20
NEWS = (
    "case.written", "offer.accepted", "offer.declined", "offer.deferred", "offer.undone", "offer.approved", "offer.refused",
    "callback.requested", "complaint.opened",
)  # fmt: skip
"""What is new in a tab, where somebody else did it."""
_ASKED = ("offer.approved", "offer.refused")
_PLACE, _EVENT, _INTERACTION = db.table_of(PlaceRow), db.table_of(EventRow), db.table_of(InteractionRow)
_WRITTEN = ("staff", "is_tab", "opened_at", "seen_at", "gone", "looked_id")
# Asked by every page of the desk, so built once: each place with what is new there.
_MINE = (
    select(
        _PLACE.c.customer_id, _PLACE.c.case_id, _PLACE.c.is_tab, _PLACE.c.opened_at, _EVENT.c.kind, _EVENT.c.actor_kind,
        _EVENT.c.actor_name, _EVENT.c.data,
    )
    .outerjoin(
        _EVENT,
        (_EVENT.c.customer_id == _PLACE.c.customer_id) & (_EVENT.c.event_id > _PLACE.c.looked_id) & _EVENT.c.kind.in_(NEWS),
    )
    .where(
        _PLACE.c.staff_id == bindparam("staff_id"), _PLACE.c.seen_at >= bindparam("since"),
        _PLACE.c.is_tab | (_PLACE.c.case_id == NO_CASE),
    )
    .order_by(_PLACE.c.opened_at, _PLACE.c.case_id)
    .limit(200)
)  # fmt: skip
_OTHERS = select(_PLACE.c.staff, _PLACE.c.staff_id, _PLACE.c.case_id).where(
    _PLACE.c.customer_id == bindparam("customer_id"), _PLACE.c.staff_id != bindparam("staff_id"),
    _PLACE.c.seen_at >= bindparam("since"), _PLACE.c.gone.is_(False),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """A place of mine: `news` are the kinds of what others did there since I looked, oldest first."""

    customer_id: UUID
    case_id: UUID | None
    is_tab: bool
    opened_at: datetime
    news: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Here:
    """A colleague who has the customer open: in this very case, or elsewhere with them."""

    staff_id: UUID
    name: str
    same: bool


def is_open(
    session: Session,
    customer_id: UUID,
    case_id: UUID | None,
    actor: Actor,
    now: datetime,
    *,
    drawn: datetime | None = None,
) -> None:
    """A page of this agent's on the customer, or on the case, is open and looked at. A case stays as a tab until it is closed.

    A page that was `drawn` before its tab was closed opens it no more: what it says may be on its way while it is left.
    """
    customer_id = profiles.resolve(session, customer_id)
    before = _one(session, customer_id, case_id, actor)
    if (
        case_id is not None
        and before is not None
        and not before.is_tab
        and drawn is not None
        and drawn <= before.seen_at
    ):
        return
    came = before is None or before.gone or before.seen_at < now - STILL_HERE
    row = {
        "customer_id": customer_id, "staff_id": UUID(actor.id), "case_id": case_id or NO_CASE, "staff": actor.name,
        "is_tab": case_id is not None, "opened_at": before.opened_at if before is not None and before.is_tab else now,
        "seen_at": now, "gone": False, "looked_id": ids.first_at(now),
    }  # fmt: skip
    db.upsert(session, PlaceRow, [row], key=("customer_id", "staff_id", "case_id"), update=_WRITTEN)
    if came:
        _tell(session, customer_id, actor, now)


def is_left(session: Session, customer_id: UUID, case_id: UUID | None, actor: Actor, now: datetime) -> None:
    """The page is left; a tab stays."""
    customer_id = profiles.resolve(session, customer_id)
    left = session.execute(
        update(_PLACE).where(*_this(customer_id, case_id, actor), _PLACE.c.gone.is_(False)).values(gone=True)
    )
    if db.touched(left):
        _tell(session, customer_id, actor, now)


def close_place(session: Session, customer_id: UUID, case_id: UUID | None, actor: Actor, now: datetime) -> None:
    """The tab is closed; closed twice, it is closed once."""
    customer_id = profiles.resolve(session, customer_id)
    session.execute(
        update(_PLACE).where(*_this(customer_id, case_id, actor)).values(is_tab=False, gone=True, seen_at=now)
    )
    _tell(session, customer_id, actor, now)


def places_of(session: Session, staff_id: UUID, now: datetime) -> tuple[Place, ...]:
    """Where this agent has been lately, with what is new there; tabs and pages alike, the oldest tab first."""
    rows = session.execute(_MINE, {"staff_id": staff_id, "since": now - FORGOTTEN}).all()
    news: dict[tuple[UUID, UUID], list[str]] = {}
    first: dict[tuple[UUID, UUID], Any] = {}
    for row in rows:
        key = row.customer_id, row.case_id
        first.setdefault(key, row)
        if row.kind is not None and _concerns(row):
            news.setdefault(key, []).append(row.kind)
    return tuple(
        Place(
            row.customer_id, None if row.case_id == NO_CASE else row.case_id, row.is_tab, row.opened_at, tuple(news.get(key, ()))
        )
        for key, row in first.items()
    )  # fmt: skip


def others_here(
    session: Session, customer_id: UUID, case_id: UUID | None, actor: Actor, now: datetime
) -> tuple[Here, ...]:
    """The colleagues who have the customer open now, by name, each once."""
    customer_id = profiles.resolve(session, customer_id)
    asked: dict[str, Any] = {"customer_id": customer_id, "staff_id": UUID(actor.id), "since": now - STILL_HERE}
    found: dict[UUID, Here] = {}
    for row in session.execute(_OTHERS, asked):
        same = row.case_id == (case_id or NO_CASE)
        if same or row.staff_id not in found:
            found[row.staff_id] = Here(row.staff_id, row.staff, same)
    return tuple(sorted(found.values(), key=lambda one: (one.name, str(one.staff_id))))


def watched_by(session: Session, staff_id: UUID, now: datetime) -> Sequence[UUID]:
    """The customers of whom something is in the agent's rail: of their news it must hear."""
    tabs = select(_PLACE.c.customer_id).where(
        _PLACE.c.staff_id == staff_id, _PLACE.c.is_tab, _PLACE.c.seen_at >= now - FORGOTTEN
    )
    contacts = select(_INTERACTION.c.customer_id).where(
        _INTERACTION.c.staff_id == staff_id, _INTERACTION.c.wrapped_at.is_(None)
    )
    return list(session.execute(tabs.union(contacts)).scalars())


def forget_places(now: datetime) -> int:
    """Removes places where nobody has been for a day and that are no tab, and tabs of a month; gives how many. Opens its own transaction."""
    old = (_PLACE.c.seen_at < now - FORGOTTEN) | (
        _PLACE.c.is_tab.is_(False) & (_PLACE.c.seen_at < now - timedelta(days=1))
    )
    with db.transaction() as session:
        return db.touched(session.execute(delete(_PLACE).where(old)))


def _concerns(row: Any) -> bool:
    """Whether the event is news for that tab: the customer did it, or it answers what was asked; in a case, in that case."""
    if row.actor_kind != "customer" and row.kind not in _ASKED:
        return False
    if row.case_id == NO_CASE:
        return True
    return row.kind == "case.written" and str(row.data.get("case_id")) == str(row.case_id)


def _one(session: Session, customer_id: UUID, case_id: UUID | None, actor: Actor) -> Any:
    return session.execute(select(_PLACE).where(*_this(customer_id, case_id, actor))).one_or_none()


def _tell(session: Session, customer_id: UUID, actor: Actor, now: datetime) -> None:
    record.changed(session, "presence", customer_id=customer_id, subject=actor.id, private=True, now=now)
    record.changed(session, "agents", subject=actor.id, now=now)


def _this(customer_id: UUID, case_id: UUID | None, actor: Actor) -> tuple[Any, ...]:
    return (
        _PLACE.c.customer_id == customer_id,
        _PLACE.c.staff_id == UUID(actor.id),
        _PLACE.c.case_id == (case_id or NO_CASE),
    )
