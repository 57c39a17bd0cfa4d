"""What is done with reviews: drawn, taken, written, given, answered by the agent, answered back, mended with its history."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import and_, insert, or_, update
from sqlmodel import Session

from backend import db
from backend.interactions import service as interactions
from backend.matrix.service import Pack
from backend.people.service import Permission
from backend.profiles import service as profiles
from backend.quality.reading import PAST, REVIEW, drawn_of, for_agent, for_reviewer
from backend.quality.sampling import Already, draw
from backend.quality.scoring import answers_of
from backend.quality.tables import ReviewRow
from backend.quality.types import Review
from backend.record import service as record
from shared.kernel import clock, ids
from shared.kernel.actors import SYSTEM, Actor
from shared.kernel.errors import Conflict, Forbidden, Invalid

LONGEST = 2_000
LONGEST_NOTE = 500
LONGEST_WINDOW = 40
Answers = Mapping[str, Mapping[str, str]]


def draw_week(session: Session, week: date, pack: Pack, actor: Actor, now: datetime) -> int:
    """Draws the contacts of the week that holds this day; gives how many are new. Drawn again, a week gives what came since.

    Raises Forbidden, Invalid for a week that has not begun.
    """
    _require(actor)
    return _draw(session, week, pack, actor, now)


def draw_due(session: Session, pack: Pack, now: datetime) -> int:
    """On the pack's day, or the next that somebody is there, the week before is drawn by itself; gives how many are new. Once a week."""
    day, today = pack.quality.drawn_on, clock.local_day(now, pack.timezone)
    if day is None or not pack.quality.form or today.isoweekday() < day:
        return 0
    monday = today - timedelta(days=today.weekday() + 7)
    ended = clock.midnight_after(monday + timedelta(days=6), pack.timezone)
    if any(row.drawn_at >= ended for row in drawn_of(session, monday)):
        return 0
    return _draw(session, monday, pack, SYSTEM, now)


def _draw(session: Session, week: date, pack: Pack, actor: Actor, now: datetime) -> int:
    monday = week - timedelta(days=week.weekday())
    today = clock.local_day(now, pack.timezone)
    if monday > today:
        raise Invalid("That week has not begun.", {"week": "Choose a day of a week that has begun."})
    if not pack.quality.form:
        raise Invalid("There is no form to review contacts by.", {"week": "The pack has no form for reviews."})
    since = clock.midnight_after(monday - timedelta(days=1), pack.timezone)
    until = min(now, clock.midnight_after(monday + timedelta(days=6), pack.timezone))
    before = drawn_of(session, monday)
    already = Already(
        {row.interaction_id: row.reason for row in before}, {row.interaction_id: row.agent_id for row in before}
    )
    rows: list[dict[str, Any]] = []
    for one in draw(interactions.wrapped_between(session, since, until), pack, monday, already):
        contact = one.contact
        questions = [question.model_dump() for question in one.form.question]
        for nth in (1, 2) if one.paired else (1,):
            rows.append({
                "customer_id": contact.customer_id, "review_id": ids.uuid7(), "interaction_id": contact.interaction_id, "nth": nth,
                "paired": one.paired, "agent_id": contact.staff_id, "agent": contact.staff or "", "channel": contact.channel,
                "at": contact.started_at, "week": monday, "reason": one.reason, "why": one.why, "form": one.form.label,
                "questions": questions, "state": "waiting", "answers": {}, "drawn_at": now,
                "reviewer": "", "summary": "", "version": 1, "written_in": "", "failed": False, "said": "", "replied": "",
            })  # fmt: skip
    # Two who draw at one moment draw the same: the second finds it there.
    new = db.upsert(session, ReviewRow, rows, key=("customer_id", "interaction_id", "nth"))
    if not new and actor is SYSTEM:
        return 0  # nobody wrapped up anything in that week: nothing to tell
    record.audit(
        session, actor=actor, action="reviews.drawn", subject=monday.isoformat(), customer_id=None,
        payload={"week": monday.isoformat(), "drawn": new}, now=now,
    )  # fmt: skip
    return new


def take(session: Session, customer_id: UUID, review_id: UUID, actor: Actor, now: datetime) -> Review:
    """The reviewer begins with it; theirs already, nothing changes. Raises Conflict where a colleague has it."""
    found = _reviewed(session, customer_id, review_id, actor)
    if found.reviewer_id == UUID(actor.id):
        return found
    taken = session.execute(
        update(REVIEW)
        .where(*_this(found), REVIEW.c.state == "waiting")
        .values(state="draft", reviewer_id=UUID(actor.id), reviewer=actor.name)
    )
    if db.touched(taken) != 1:
        raise Conflict(f"{found.reviewer or 'A colleague'} reviews this contact already.")
    return for_reviewer(session, found.customer_id, review_id, actor)


def write(
    session: Session, customer_id: UUID, review_id: UUID, answers: Answers, summary: str, seen: int, actor: Actor, now: datetime,
    window: str = "",
) -> Review:  # fmt: skip
    """Keeps the draft; what is there already is kept again. Raises Invalid, and Conflict where it was written on in another window or is given.

    `window` names the window in which it is written: what is kept there while it is typed follows upon itself, whatever was `seen`.
    """
    found = _reviewed(session, customer_id, review_id, actor)
    values = {"answers": _checked(found, answers), "summary": _short(summary, "summary")}
    if found.reviewer_id == UUID(actor.id) and values == {"answers": dict(found.answers), "summary": found.summary}:
        return found  # kept already: what is kept while it is typed and what the button sends may cross on the way
    _require_draft(found, actor)
    window = window[:LONGEST_WINDOW]
    follows = or_(REVIEW.c.version == seen, and_(REVIEW.c.written_in == window, REVIEW.c.written_in != ""))
    done = session.execute(
        update(REVIEW).where(*_this(found), follows).values(**values, version=REVIEW.c.version + 1, written_in=window)
    )
    if db.touched(done) != 1:
        raise Conflict("This review was changed in another window.", version=found.version)
    return for_reviewer(session, found.customer_id, review_id, actor)


def give(session: Session, customer_id: UUID, review_id: UUID, actor: Actor, now: datetime) -> Review:
    """The review is done, and the agent sees it. Raises Invalid where a question is open."""
    found = _own_draft(session, customer_id, review_id, actor)
    points = _whole(found)
    done = session.execute(
        update(REVIEW)
        .where(*_this(found), REVIEW.c.state == "draft", REVIEW.c.version == found.version)
        .values(state="given", given_at=now, score=points, failed=bool(found.so_far.failed), version=found.version + 1)
    )
    if db.touched(done) != 1:
        raise Conflict("This review was changed in another window.")
    _audit(session, found, "review.given", actor, {"score": points, "agent": found.agent, "paired": found.paired}, now)
    return for_reviewer(session, found.customer_id, review_id, actor)


def answer(session: Session, customer_id: UUID, review_id: UUID, text: str, actor: Actor, now: datetime) -> Review:
    """The agent says what they think of it, once. Raises NotFound for another's, Invalid, Conflict where they have."""
    found = for_agent(session, profiles.resolve(session, customer_id), review_id, actor)
    text = _said(text)
    done = session.execute(
        update(REVIEW).where(*_this(found), REVIEW.c.said_at.is_(None)).values(said=text, said_at=now)
    )
    if db.touched(done) != 1:
        raise Conflict("You have answered this review already.")
    _audit(session, found, "review.answered", actor, {"reviewer": found.reviewer}, now)
    return for_agent(session, found.customer_id, review_id, actor)


def reply(session: Session, customer_id: UUID, review_id: UUID, text: str, actor: Actor, now: datetime) -> Review:
    """The reviewer answers back, once. Raises Forbidden for another's review, Invalid, Conflict."""
    found = _own_given(session, customer_id, review_id, actor)
    text = _said(text)
    if found.said_at is None:
        raise Conflict("The agent has not answered.")
    done = session.execute(
        update(REVIEW).where(*_this(found), REVIEW.c.replied_at.is_(None)).values(replied=text, replied_at=now)
    )
    if db.touched(done) != 1:
        raise Conflict("You have answered back already.")
    _audit(session, found, "review.replied", actor, {"agent": found.agent}, now)
    return for_reviewer(session, found.customer_id, review_id, actor)


def mend(
    session: Session, customer_id: UUID, review_id: UUID, answers: Answers, summary: str, why: str, seen: int, actor: Actor,
    now: datetime,
) -> Review:  # fmt: skip
    """The reviewer changes what was given and says why; how it was before stays readable.

    Raises Forbidden for another's, Conflict for one that compares reviewers or was changed meanwhile, Invalid.
    """
    found = _own_given(session, customer_id, review_id, actor)
    if found.paired:
        raise Conflict("A review that compares two reviewers stays as it was given.")
    why = " ".join(why.split())
    if not why:
        raise Invalid("Say why you change it.", {"why": "Say why you change it."})
    changed = _checked(found, answers)
    after = Review(**{name: getattr(found, name) for name in Review.__slots__} | {"answers": changed})
    points = _whole(after)
    values = {
        "answers": changed, "summary": _short(summary, "summary"), "score": points, "failed": bool(after.so_far.failed),
        "mended_at": now, "version": seen + 1,
    }  # fmt: skip
    done = session.execute(update(REVIEW).where(*_this(found), REVIEW.c.version == seen).values(**values))
    if db.touched(done) != 1:
        raise Conflict("This review was changed in another window.")
    session.execute(
        insert(PAST).values(
            customer_id=found.customer_id, past_id=ids.uuid7(), review_id=review_id, at=now, by=actor.name,
            why=_short(why, "why", LONGEST_NOTE), answers=dict(found.answers), summary=found.summary, score=found.score,
            failed=found.failed,
        )
    )  # fmt: skip
    told = {"before": {"score": found.score}, "after": {"score": points}, "why": why}
    _audit(session, found, "review.mended", actor, told, now)
    return for_reviewer(session, found.customer_id, review_id, actor)


def _reviewed(session: Session, customer_id: UUID, review_id: UUID, actor: Actor) -> Review:
    _require(actor)
    return for_reviewer(session, profiles.resolve(session, customer_id), review_id, actor)


def _own_draft(session: Session, customer_id: UUID, review_id: UUID, actor: Actor) -> Review:
    found = _reviewed(session, customer_id, review_id, actor)
    _require_draft(found, actor)
    return found


def _require_draft(found: Review, actor: Actor) -> None:
    if found.reviewer_id != UUID(actor.id):
        raise Conflict(
            "Take this review first." if found.reviewer_id is None else f"{found.reviewer} reviews this contact."
        )
    if found.state != "draft":
        raise Conflict("This review is given already.")


def _own_given(session: Session, customer_id: UUID, review_id: UUID, actor: Actor) -> Review:
    found = _reviewed(session, customer_id, review_id, actor)
    if found.reviewer_id != UUID(actor.id) or found.state != "given":
        raise Forbidden("Only whoever gave this review may do that.")
    return found


def _checked(found: Review, answers: Answers) -> dict[str, dict[str, str]]:
    """Answers that the form knows, notes of a bearable length. Raises Invalid."""
    asked, kept = {one.key: one for one in found.questions}, {}
    for key, one in answers.items():
        said, note = one.get("answer", ""), one.get("note", "")
        if key not in asked or (said and said not in answers_of(asked[key])):
            raise Invalid("That is no answer to this form.", {key: "Choose one of the answers."})
        note = _short(note, f"note-{key}", LONGEST_NOTE)
        if said or note:
            kept[key] = {"answer": said, "note": note}
    return kept


def _whole(found: Review) -> float:
    """The points of a review that is complete. Raises Invalid."""
    so_far = found.so_far
    if so_far.open:
        errors = dict.fromkeys(so_far.open, "Choose an answer.")
        many = len(errors)
        raise Invalid(f"{many} question is open." if many == 1 else f"{many} questions are open.", errors)
    if so_far.points is None:
        raise Invalid("No question applied.", {found.questions[0].key: "Answer at least one by yes or no."})
    return so_far.points


def _said(text: str) -> str:
    text = _short(text, "text")
    if not text:
        raise Invalid("Write something.", {"text": "Write something."})
    return text


def _short(text: str, field: str, most: int = LONGEST) -> str:
    text = text.replace("\r\n", "\n").strip()
    if len(text) > most:
        raise Invalid("Write fewer words.", {field: f"Write {most:,} characters or fewer."})
    return text


def _this(found: Review) -> tuple[Any, Any]:
    return (REVIEW.c.customer_id == found.customer_id, REVIEW.c.review_id == found.review_id)


def _require(actor: Actor) -> None:
    if not actor.may(Permission.REVIEW_QUALITY):
        raise Forbidden("You do not have the right to do this.", permission=str(Permission.REVIEW_QUALITY))


def _audit(session: Session, found: Review, action: str, actor: Actor, payload: dict[str, Any], now: datetime) -> None:
    record.audit(
        session, actor=actor, action=action, subject=f"review:{found.review_id}", customer_id=found.customer_id, payload=payload, now=now
    )  # fmt: skip
