"""What is written in a case: to the customer, by them, for colleagues; and what an agent has begun to write."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select
from sqlmodel import Session

from backend import db
from backend.cases.drafting import sent
from backend.cases.pieces import WORK, case_of
from backend.cases.tables import CaseMessageRow
from backend.cases.types import Case, Message, MessageKind, Work
from backend.cases.working import change, opened, reopen, require_version, work_of
from backend.interactions import service as interactions
from backend.matrix.service import Pack
from shared.kernel.actors import Actor
from shared.kernel.errors import Conflict, Invalid
from shared.kernel.languages import gettext

LONGEST = 10_000
MESSAGE = db.table_of(CaseMessageRow)
SHOWN = 500
"""So many messages of a case are shown at the most, the latest."""


def reply(
    session: Session, customer_id: UUID, case_id: UUID, text: str, *, channel: str, pack: Pack, seen: int | None, actor: Actor,
    now: datetime,
) -> Message:  # fmt: skip
    """An answer that the customer reads. Who answers a case that nobody has, has it. Raises Invalid, Conflict.

    With the first one, the first answer is no longer due; a case that waited or slept is open again.
    """
    text = checked(text)
    work = require_version(session, customer_id, case_id, seen)
    if not work.is_active:
        raise Conflict(f"This case is {work.status_label.lower()}: open it again first.")
    values: dict[str, Any] = {"answered_at": work.answered_at or now, "unanswered": False, **opened(work, pack, now)}
    if work.staff_id is None and actor.kind == "staff":
        values |= {"staff_id": UUID(actor.id), "staff": actor.name}
    made = _append(session, customer_id, case_id, "agent", channel, actor, text, now)
    change(session, work, "case.answered", actor, now, values, {"message_id": str(made.message_id)}, channel)
    sent(session, customer_id, case_id, actor, now)
    return made


def note(
    session: Session, customer_id: UUID, case_id: UUID, text: str, *, seen: int | None, actor: Actor, now: datetime
) -> Message:
    """Something for colleagues, which the customer never reads; of a resolved case too. Raises Invalid, Conflict."""
    text = checked(text)
    work = require_version(session, customer_id, case_id, seen)
    made = _append(session, customer_id, case_id, "note", None, actor, text, now)
    change(session, work, "case.noted", actor, now, {}, {"message_id": str(made.message_id)})
    sent(session, customer_id, case_id, actor, now)
    return made


def write(
    session: Session,
    customer_id: UUID,
    case_id: UUID,
    text: str,
    *,
    channel: str,
    pack: Pack,
    actor: Actor,
    now: datetime,
) -> Message:
    """What the customer says to it. A resolved case is open again by it; raises Conflict for a closed one, and Invalid."""
    text = checked(text)
    work = work_of(session, customer_id, case_id)
    if work.merged_into is not None:
        case_id, work = work.merged_into, work_of(session, customer_id, work.merged_into)
    if work.status == "closed":
        raise Conflict(gettext("This is closed. Please write to us anew."))
    if work.status == "resolved":
        work = reopen(session, customer_id, case_id, pack=pack, seen=None, actor=actor, now=now, channel=channel)
    # New and reopened stay so: nobody has looked at them yet.
    values = {"unanswered": True} | ({} if work.status in ("new", "reopened", "open") else opened(work, pack, now))
    made = _append(session, customer_id, case_id, "customer", channel, actor, text, now)
    change(session, work, "case.written", actor, now, values, {"message_id": str(made.message_id)}, channel)
    return made


def messages(session: Session, customer_id: UUID, case_id: UUID, *, notes: bool) -> tuple[Message, ...]:
    """The conversation, oldest first, with that of the cases that became part of this one; notes for staff alone."""
    parts = select(WORK.c.case_id).where(WORK.c.customer_id == customer_id, WORK.c.merged_into == case_id)
    mine = [MESSAGE.c.customer_id == customer_id, (MESSAGE.c.case_id == case_id) | MESSAGE.c.case_id.in_(parts)]
    if not notes:
        mine.append(MESSAGE.c.kind != "note")
    asked = select(MESSAGE).where(*mine).order_by(MESSAGE.c.message_id.desc()).limit(SHOWN)
    return tuple(_message(row) for row in reversed(session.execute(asked).all()))


def checked(text: str) -> str:
    """The text without white space around it. Raises Invalid for none, and for too much."""
    text = text.replace("\r\n", "\n").strip()
    if not text:
        raise Invalid(gettext("Write something first."), {"text": gettext("Write something first.")})
    if len(text) > LONGEST:
        raise Invalid(
            gettext("A message holds %(most)s characters.", most=f"{LONGEST:,}"),
            {"text": f"at most {LONGEST:,} characters"},
        )
    return text


def first_message(
    session: Session, customer_id: UUID, case: Case, text: str, *, said_by: str, channel: str | None, actor: Actor, now: datetime
) -> Work:  # fmt: skip
    """What the case began with: the words of the customer, by whom they were `said_by`, or an agent's note where that is empty.

    No event: the case was opened just now.
    """
    kind: MessageKind = "customer" if said_by else "note"
    _append(
        session,
        customer_id,
        case.case_id,
        kind,
        channel if said_by else None,
        actor,
        checked(text),
        now,
        author=said_by,
    )
    return work_of(session, customer_id, case.case_id)


def _append(
    session: Session, customer_id: UUID, case_id: UUID, kind: MessageKind, channel: str | None, actor: Actor, text: str,
    now: datetime, author: str = "",
) -> Message:  # fmt: skip
    case_of(session, customer_id, case_id)
    made = Message(interactions.ordered_id(now), case_id, kind, channel, author or actor.name, text, now)
    row = {
        "customer_id": customer_id, "case_id": case_id, "message_id": made.message_id, "kind": kind, "channel": channel,
        "author": made.author, "text": text, "at": now,
    }  # fmt: skip
    session.execute(insert(MESSAGE), row)
    return made


def _message(row: Any) -> Message:
    return Message(row.message_id, row.case_id, row.kind, row.channel, row.author, row.text, row.at, row.copied_from)
