"""Payments of which nobody has told us: the provider is asked, so that a lost message leaves nobody in doubt."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from sqlalchemy import select

from backend import db
from backend.catalogue import service as catalogues
from backend.paying.door import Door
from backend.paying.rows import PAYMENT
from backend.paying.settling import take
from shared.kernel.errors import EvenhandError

PATIENCE, GIVEN_UP = timedelta(minutes=3), timedelta(days=3)
AT_ONCE = 50
_log = structlog.stdlib.get_logger("evenhand.paying")


def asker(door: Door) -> Callable[[datetime], int]:
    """The worker's chore: asks about those that were begun a while ago, the latest first; gives of how many something was told."""

    def ask(now: datetime) -> int:
        if door.provider is None or door.is_test:
            return 0
        silent = (
            select(PAYMENT.c.payment_id, PAYMENT.c.provider_id)
            .where(PAYMENT.c.state == "started", PAYMENT.c.provider_id != "")
            .where(PAYMENT.c.started_at > now - GIVEN_UP, PAYMENT.c.started_at < now - PATIENCE)
            .order_by(PAYMENT.c.started_at.desc())
            .limit(AT_ONCE)
        )
        with db.reading() as session:
            waiting = session.execute(silent).all()
        told = 0
        for row in waiting:
            try:
                found = door.provider.look(row.payment_id, row.provider_id)
                if found is not None:
                    with db.transaction() as session:
                        take(session, found, now, catalogues.pack_in_force(session))
                    told += 1
            except EvenhandError as failure:
                # The next turn asks again; the others are asked now.
                _log.warning("nothing learnt of a payment", payment=str(row.payment_id), error=type(failure).__name__)
        return told

    return ask
