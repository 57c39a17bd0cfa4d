"""What a customer thinks of a case or an offer once it is done: one question, one answer for each, changeable for a while.

A low answer is told as an event of its own kind, which the pack's plan of experience may call a moment of truth.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import select
from sqlmodel import Session

from backend import db
from backend.interactions.tables import RatingRow
from backend.interactions.timeline import record
from backend.matrix.service import Pack
from backend.profiles import service as profiles
from shared.kernel import clock
from shared.kernel.actors import Actor
from shared.kernel.errors import Conflict, Invalid
from shared.kernel.languages import gettext

Thing = Literal["case", "offer"]
GIVEN, LOW = "rating.given", "rating.low"
LOWEST, BEST = 1, 5
RATED_WITHIN = timedelta(days=30)
"""For so long after something is done it is asked about."""
CHANGED_WITHIN = timedelta(days=7)
LONGEST_WORDS = 1_000
_RATING = db.table_of(RatingRow)


@dataclass(frozen=True, slots=True)
class Rating:
    """The customer's last word on a thing: `score` from 1 (very bad) to 5 (very good)."""

    thing: Thing
    thing_id: UUID
    score: int
    words: str
    is_low: bool
    rated_at: datetime
    changed_at: datetime

    def may_change(self, now: datetime) -> bool:
        return now <= self.rated_at + CHANGED_WITHIN


def rating_of(session: Session, customer_id: UUID, thing_id: UUID) -> Rating | None:
    """What the customer said of it, if anything."""
    row = session.execute(select(_RATING).where(*_this(customer_id, thing_id))).one_or_none()
    return _rating(row) if row is not None else None


def ratings_of(session: Session, customer_id: UUID, most: int) -> tuple[Rating, ...]:
    """The customer's last word on each thing that they were asked about, the newest first."""
    mine = select(_RATING).where(_RATING.c.customer_id == customer_id)
    rows = session.execute(mine.order_by(_RATING.c.rated_at.desc(), _RATING.c.thing_id).limit(most))
    return tuple(map(_rating, rows))


def rate(
    session: Session, customer_id: UUID, thing: Thing, thing_id: UUID, *, score: int, words: str, about: str, channel: str,
    pack: Pack, actor: Actor, now: datetime,
) -> Rating:  # fmt: skip
    """Writes down what the customer thinks; said again, it is as it was. `about` names the thing on the timeline.

    Whether it is theirs, and done, the caller knows. Raises Invalid, and Conflict where it can no longer be changed.
    """
    words = words.strip()
    if not LOWEST <= score <= BEST:
        raise Invalid(gettext("Choose how it was."), {"score": gettext("Choose one of the five.")})
    if len(words) > LONGEST_WORDS:
        raise Invalid(
            gettext("Write fewer words."), {"words": gettext("Write %(most)s characters or fewer.", most=LONGEST_WORDS)}
        )
    # Held first: two clicks at one moment are one answer, and one moment of truth.
    zone = profiles.held(session, customer_id).timezone
    before = session.execute(select(_RATING).where(*_this(customer_id, thing_id))).one_or_none()
    if before is not None:
        if (before.score, before.words) == (score, words):
            return _rating(before)
        if not _rating(before).may_change(now):
            raise Conflict(gettext("You told us some time ago: it can't be changed any more."))
    was_low = before is not None and before.low_on is not None
    is_low = score <= pack.experience.low_rating
    today = clock.local_day(now, zone)
    row = {
        "customer_id": customer_id, "thing_id": thing_id, "thing": thing, "score": score, "words": words,
        "low_on": (before.low_on if was_low and before is not None else today) if is_low else None,
        "rated_at": before.rated_at if before is not None else now, "changed_at": now,
    }  # fmt: skip
    db.upsert(
        session, RatingRow, [row], key=("customer_id", "thing_id"), update=("score", "words", "low_on", "changed_at")
    )
    if was_low and not is_low and before is not None:
        keys = [truth.key for truth in pack.experience.by_kind.get(LOW, ())]
        profiles.take_back_truth(session, customer_id, before.low_on, keys, now)
    told: dict[str, Any] = {
        "about": about, "thing": thing, f"{thing}_id": str(thing_id), "score": score, "words": words,
        "changed": before is not None,
    }  # fmt: skip
    record(session, customer_id, LOW if is_low and not was_low else GIVEN, channel, actor, told, now)
    return Rating(thing, thing_id, score, words, is_low, before.rated_at if before is not None else now, now)


def _rating(row: Any) -> Rating:
    return Rating(row.thing, row.thing_id, row.score, row.words, row.low_on is not None, row.rated_at, row.changed_at)


def _this(customer_id: UUID, thing_id: UUID) -> tuple[Any, Any]:
    return (_RATING.c.customer_id == customer_id, _RATING.c.thing_id == thing_id)
