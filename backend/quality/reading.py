"""Reviews as they are read: the queue, one of them, an agent's own, and pairs of two reviewers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select
from sqlmodel import Session

from backend import db
from backend.matrix.service import ReviewQuestion
from backend.quality.scoring import agreement
from backend.quality.tables import ReviewPastRow, ReviewRow
from backend.quality.types import Agreed, Pair, Past, Review
from shared.kernel.actors import Actor
from shared.kernel.errors import Forbidden, NotFound

REVIEW, PAST = db.table_of(ReviewRow), db.table_of(ReviewPastRow)
MOST = 200
_COLUMNS = tuple(name for name in Review.__slots__ if name != "past")
_ALL = select(*(REVIEW.c[name] for name in _COLUMNS))


def queue(session: Session, actor: Actor) -> tuple[Review, ...]:
    """What this reviewer has begun, then what waits for one and may be theirs, the oldest first.

    Nobody reviews a contact of their own, nor one that they have reviewed already.
    """
    me = UUID(actor.id)
    other = REVIEW.alias()
    mine_already = (
        select(other.c.review_id)
        .where(
            other.c.customer_id == REVIEW.c.customer_id,
            other.c.interaction_id == REVIEW.c.interaction_id,
            other.c.reviewer_id == me,
        )
        .exists()
    )
    waiting = (REVIEW.c.state == "waiting") & (REVIEW.c.agent_id != me) & ~mine_already
    mine = (REVIEW.c.state == "draft") & (REVIEW.c.reviewer_id == me)
    asked = _ALL.where(or_(waiting, mine)).order_by(REVIEW.c.state, REVIEW.c.at, REVIEW.c.review_id).limit(MOST)
    found: dict[tuple[UUID, UUID], Review] = {}
    for row in session.execute(asked):
        # Of a contact for two, whoever begins takes the one or the other: it stands there once.
        found.setdefault((row.customer_id, row.interaction_id), _review(row))
    return tuple(found.values())


def given(session: Session, most: int = 50) -> tuple[Review, ...]:
    """The last reviews that were given, those of pairs left out: they are read once both are there."""
    asked = _ALL.where(REVIEW.c.state == "given", REVIEW.c.paired.is_(False)).order_by(REVIEW.c.given_at.desc())
    return tuple(_review(row) for row in session.execute(asked.limit(most)))


def of_agent(session: Session, actor: Actor, most: int = 100) -> tuple[Review, ...]:
    """The reviews of this agent's contacts that were given, the last first. Those that only compare reviewers are not for them."""
    asked = _ALL.where(
        REVIEW.c.agent_id == UUID(actor.id), REVIEW.c.state == "given", REVIEW.c.paired.is_(False)
    ).order_by(REVIEW.c.given_at.desc())
    return tuple(_review(row) for row in session.execute(asked.limit(most)))


def review(session: Session, customer_id: UUID, review_id: UUID) -> Review:
    """One review with how it was before. Raises NotFound."""
    row = session.execute(
        _ALL.where(REVIEW.c.customer_id == customer_id, REVIEW.c.review_id == review_id)
    ).one_or_none()
    if row is None:
        raise NotFound("There is no such review.")
    before = session.execute(
        select(PAST).where(PAST.c.customer_id == customer_id, PAST.c.review_id == review_id).order_by(PAST.c.past_id)
    )
    past = tuple(Past(one.at, one.by, one.why, one.answers, one.summary, one.score, one.failed) for one in before)
    return _review(row, past)


def for_reviewer(session: Session, customer_id: UUID, review_id: UUID, actor: Actor) -> Review:
    """The same for somebody who reviews. Raises Forbidden for one's own contact, and for what would not be blind any more."""
    found = review(session, customer_id, review_id)
    me = UUID(actor.id)
    if found.agent_id == me:
        raise Forbidden("This is a contact of your own: somebody else reviews it.")
    if found.reviewer_id not in (None, me) and found.paired and not _both_given(session, found):
        raise Forbidden(
            "Two reviewers look at this contact without seeing each other's answers. It opens once both are done."
        )
    return found


def for_agent(session: Session, customer_id: UUID, review_id: UUID, actor: Actor) -> Review:
    """The same for the agent whose contact it was. Raises NotFound for anything that is not theirs to see."""
    found = review(session, customer_id, review_id)
    if found.agent_id != UUID(actor.id) or found.state != "given" or found.paired:
        raise NotFound("There is no such review.")
    return found


def pairs(session: Session) -> tuple[Pair, ...]:
    """Contacts that two reviewers have both reviewed, the last first."""
    asked = _ALL.where(REVIEW.c.paired.is_(True), REVIEW.c.state == "given").order_by(REVIEW.c.given_at.desc())
    by_contact: dict[tuple[UUID, UUID], list[Review]] = defaultdict(list)
    for row in session.execute(asked.limit(2 * MOST)):
        by_contact[row.customer_id, row.interaction_id].append(_review(row))
    return tuple(Pair(*sorted(both, key=lambda one: one.nth)) for both in by_contact.values() if len(both) == 2)


def agreed(found: Sequence[Pair]) -> tuple[Agreed, ...]:
    """How far they agree, question by question, in the order of the forms."""
    answers: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
    asked: dict[tuple[str, str], ReviewQuestion] = {}
    for pair in found:
        for question in pair.one.questions:
            place = (pair.one.form, question.key)
            asked.setdefault(place, question)
            answers[place].append((pair.one.answer(question.key), pair.other.answer(question.key)))
    return tuple(Agreed(form, asked[form, key], agreement(answers[form, key])) for form, key in asked)


def drawn_of(session: Session, week: Any) -> Sequence[Any]:
    """What was drawn of a week: contact, agent, reason, when."""
    return session.execute(
        select(REVIEW.c.interaction_id, REVIEW.c.agent_id, REVIEW.c.reason, REVIEW.c.drawn_at).where(
            REVIEW.c.week == week
        )
    ).all()


def last_drawn(session: Session) -> datetime | None:
    """When contacts were drawn last."""
    found: datetime | None = session.execute(
        select(REVIEW.c.drawn_at).order_by(REVIEW.c.drawn_at.desc()).limit(1)
    ).scalar()
    return found


def _both_given(session: Session, found: Review) -> bool:
    asked = select(REVIEW.c.state).where(
        REVIEW.c.customer_id == found.customer_id, REVIEW.c.interaction_id == found.interaction_id
    )
    return all(state == "given" for state in session.execute(asked).scalars())


def _review(row: Any, past: tuple[Past, ...] = ()) -> Review:
    values = dict(row._mapping)
    values["questions"] = tuple(ReviewQuestion(**one) for one in values["questions"])
    return Review(**values, past=past)
