"""The door of quality: contacts drawn and reviewed, agents who answer, reviewers compared. It knows no page."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlmodel import Session

from backend import db, moving
from backend.interactions import service as interactions
from backend.moving import Moved
from backend.quality.acts import LONGEST, LONGEST_NOTE, answer, draw_due, draw_week, give, mend, reply, take, write
from backend.quality.reading import (
    PAST,
    REVIEW,
    agreed,
    for_agent,
    for_reviewer,
    given,
    last_drawn,
    of_agent,
    pairs,
    queue,
    review,
)
from backend.quality.sampling import lot
from backend.quality.scoring import NOT_APPLICABLE, Agreement, Score, agreement, answers_of, score
from backend.quality.types import Agreed, Pair, Past, Review

__all__ = [
    "LONGEST", "LONGEST_NOTE", "NOT_APPLICABLE", "Agreed", "Agreement", "Pair", "Past", "Review", "Score", "agreed", "agreement",
    "answer", "answers_of", "draw_due", "draw_week", "erase_customer", "export_customer", "for_agent", "for_reviewer", "give", "given",
    "last_drawn", "lot", "mend", "move_customer", "move_customer_back", "of_agent", "pairs", "queue", "reply", "review", "score",
    "take", "write",
]  # fmt: skip

_OWNED = (REVIEW, PAST)


def export_customer(session: Session, customer_id: UUID) -> dict[str, list[dict[str, Any]]]:
    """Every row of this room about the customer, by table."""
    return {
        table.name: [
            dict(row._mapping) for row in session.execute(select(table).where(table.c.customer_id == customer_id))
        ]
        for table in _OWNED
    }


def erase_customer(session: Session, customer_id: UUID) -> int:
    """Deletes every row of this room about the customer; gives how many there were."""
    return sum(db.touched(session.execute(delete(table).where(table.c.customer_id == customer_id))) for table in _OWNED)


def move_customer(session: Session, from_id: UUID, to_id: UUID) -> list[Moved]:
    """The reviews of the one's contacts go where these contacts go."""
    return [moving.move(session, table, from_id, to_id) for table in _OWNED]


def move_customer_back(session: Session, from_id: UUID, to_id: UUID) -> None:
    """Each goes where its contact is again, those of contacts that came since among them. The contacts are there already."""
    theirs = sorted(interactions.contact_ids(session, from_id))
    for nth in range(0, len(theirs), moving.CHUNK):
        mine = (REVIEW.c.customer_id == to_id, REVIEW.c.interaction_id.in_(theirs[nth : nth + moving.CHUNK]))
        session.execute(update(REVIEW).where(*mine).values(customer_id=from_id))
    back = select(REVIEW.c.review_id).where(REVIEW.c.customer_id == from_id)
    session.execute(
        update(PAST).where(PAST.c.customer_id == to_id, PAST.c.review_id.in_(back)).values(customer_id=from_id)
    )
