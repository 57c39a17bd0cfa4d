"""Who is at the portal now, and where: one row a customer, written at each page, for as long as the visit lasts.

The page itself is kept only where the customer lets us see it; that they are here is part of serving them.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import bindparam, literal, select
from sqlmodel import Session

from backend import db
from backend.interactions import contacts
from backend.interactions.tables import VisitRow
from backend.interactions.types import Lately, Visit
from backend.profiles import service as profiles
from backend.record import service as record
from shared.kernel.actors import Actor

A_VISIT = timedelta(minutes=30)
"""Who comes back after so long begins another visit."""
AT_ONCE = timedelta(seconds=20)
"""The same page opened again within so long is not told anew."""
HERE = timedelta(minutes=5)
"""Who has opened no page for so long is no longer here."""
_VISIT = db.table_of(VisitRow)
MOST_STEPS = 12
_COLUMNS = tuple(_VISIT.c[name] for name in Visit.__slots__)
_ONE = select(*_COLUMNS).where(_VISIT.c.customer_id == bindparam("customer_id"))
_TOLD = contacts.INTERACTION.alias()
_LAST = (
    select(_TOLD.c.interaction_id)
    .where(
        _TOLD.c.customer_id == bindparam("customer_id"),
        _TOLD.c.channel == "phone",
        _TOLD.c.wrapped_at >= bindparam("since"),
        _TOLD.c.is_private.is_(False),
    )
    .order_by(_TOLD.c.interaction_id.desc())
    .limit(1)
    .scalar_subquery()
)
_SPOKEN = (contacts.INTERACTION.c.started_at, contacts.INTERACTION.c.staff)
_LATELY = select(*_COLUMNS, *_SPOKEN).select_from(
    select(literal(1).label("one"))
    .subquery()
    .outerjoin(_VISIT, _VISIT.c.customer_id == bindparam("customer_id"))
    .outerjoin(
        contacts.INTERACTION,
        (contacts.INTERACTION.c.customer_id == bindparam("customer_id"))
        & (contacts.INTERACTION.c.interaction_id == _LAST),
    )
)
"""Asked by every first page of the portal: one statement for both."""


def visit(session: Session, actor: Actor, page: str | None, now: datetime) -> Visit:
    """The customer opened a page; `page` is None where they do not want it seen. Tells the desks that have them open."""
    assert actor.customer_id is not None  # noqa: S101 (only customers visit; for the type checker)
    profiles.hold(session, actor.customer_id)
    before = _of(session, actor.customer_id)
    goes_on = before is not None and now - before.seen_at < A_VISIT
    if before is not None and goes_on:
        interaction_id = before.interaction_id
    else:
        if before is not None:
            # The visit before was over when its last page was opened: by that one tells how long visits take.
            contacts.close_visit(session, actor.customer_id, before.interaction_id, before.seen_at)
        interaction_id = contacts.open_contact(session, actor.customer_id, "portal", "inbound", None, None, now)
    since = before.page_since if before is not None and goes_on and before.page == page else now
    steps = _steps(before.steps if before is not None and goes_on else None, page, now)
    row = {
        "customer_id": actor.customer_id, "interaction_id": interaction_id, "page": page, "page_since": since, "seen_at": now,
        "steps": steps,
    }  # fmt: skip
    changed = ("interaction_id", "page", "page_since", "seen_at", "steps")
    db.upsert(session, VisitRow, [row], key=("customer_id",), update=changed)
    if before is None or not goes_on or before.page != page:
        record.changed(session, "visit", customer_id=actor.customer_id, now=now)
    return Visit(actor.customer_id, interaction_id, page, since, now, steps)


def steps_of(session: Session, customer_id: UUID, now: datetime) -> tuple[tuple[str, datetime], ...]:
    """The pages of the visit that goes on, the last one last; none where the customer does not want to be watched."""
    found = _of(session, customer_id)
    if found is None or now - found.seen_at >= A_VISIT:
        return ()
    return tuple((title, datetime.fromisoformat(at)) for title, at in found.steps or ())


def _steps(before: Sequence[Sequence[str]] | None, page: str | None, now: datetime) -> list[list[str]]:
    if page is None:
        return []
    kept = [list(one) for one in before or ()]
    return kept if kept and kept[-1][0] == page else [*kept, [page, now.isoformat()]][-MOST_STEPS:]


def lately(session: Session, customer_id: UUID, since: datetime) -> Lately:
    """Where the customer was last at the portal, and when somebody last spoke with them since then, of what may be told to them."""
    *visit, began, staff = session.execute(_LATELY, {"customer_id": customer_id, "since": since}).one()
    return Lately(None if visit[0] is None else Visit(*visit), began, staff or "")


def last_visit(session: Session, customer_id: UUID) -> Visit | None:
    """Where the customer was last at the portal."""
    return _of(session, customer_id)


def is_at_once(before: Visit | None, page: str, now: datetime) -> bool:
    """Whether the same page was opened so shortly before that nothing new is told by it."""
    return before is not None and before.page == page and timedelta(0) <= now - before.seen_at < AT_ONCE


def visiting(session: Session, customer_id: UUID, now: datetime) -> Visit | None:
    """Where the customer is at the portal; None when they are not there now."""
    found = _of(session, customer_id)
    return found if found is not None and now - found.seen_at < HERE else None


def visits_now(
    session: Session, now: datetime, most: int = 100, customer_ids: Collection[UUID] | None = None
) -> tuple[Visit, ...]:
    """Everyone who is at the portal now, who came last first; of these customers alone where they are given."""
    here = select(*_COLUMNS).where(_VISIT.c.seen_at > now - HERE).order_by(_VISIT.c.seen_at.desc()).limit(most)
    if customer_ids is not None:
        here = here.where(_VISIT.c.customer_id.in_(sorted(customer_ids)))
    return tuple(Visit(*row) for row in session.execute(here))


def _of(session: Session, customer_id: UUID) -> Visit | None:
    row = session.execute(_ONE, {"customer_id": customer_id}).one_or_none()
    return None if row is None else Visit(*row)
