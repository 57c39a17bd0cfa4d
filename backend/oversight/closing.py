"""A customer closes their own account: what follows is said before, it can be taken back for a while, then it is erased."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from uuid import UUID

from sqlmodel import Session

from backend import db
from backend.catalogue import service as catalogues
from backend.interactions import service as interactions
from backend.interactions.service import Closing
from backend.oversight.erasing import KeptLine, erase_customer, would_keep
from backend.profiles import service as profiles
from backend.profiles.service import Bill
from shared.kernel.actors import SYSTEM, Actor
from shared.kernel.errors import Erased, Forbidden, NotFound
from shared.kernel.languages import gettext

READ_BILLS = 24


@dataclass(frozen=True, slots=True)
class BeforeClosing:
    """What to know before: what the law makes us keep, and which bills are still to pay; `closing` where it was asked for already."""

    kept: tuple[KeptLine, ...]
    unpaid: tuple[Bill, ...]
    closing: Closing | None


def before_closing(session: Session, actor: Actor) -> BeforeClosing:
    """What the signed-in customer is told before they close their account. Raises Forbidden for anyone else."""
    customer_id = _own(actor)
    pack = catalogues.pack_in_force(session)
    return BeforeClosing(
        tuple(replace(one, ground=pack.said(one.ground)) for one in would_keep(session, customer_id)),
        profiles.bill_heads(session, customer_id, READ_BILLS, unpaid=True),
        interactions.closing_of(session, customer_id),
    )


def close_due(now: datetime, home: Path, most: int) -> int:
    """Erases those whose time to take it back is over; gives how many. Opens its own transactions."""
    with db.reading() as session:
        due = interactions.closings_due(session, now, most)
    for customer_id in due:
        try:
            with db.transaction() as session:
                # Asked anew under the lock: it may have been taken back at this very moment.
                profiles.hold(session, customer_id)
                closing = interactions.closing_of(session, customer_id)
                if closing is not None and closing.closes_at <= now:
                    erase_customer(session, customer_id, SYSTEM, now, home)
        except (NotFound, Erased):
            continue  # erased by hand meanwhile
    return len(due)


def _own(actor: Actor) -> UUID:
    if actor.customer_id is None:
        raise Forbidden(gettext("This page is for customers."))
    return actor.customer_id
