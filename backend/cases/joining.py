"""Cases of one customer that have to do with each other: linked, split, merged into one, and taken apart again."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from pathlib import Path
from uuid import UUID

from sqlalchemy import delete, insert, select, update
from sqlmodel import Session

from backend import db
from backend.cases import levels, pieces
from backend.cases.conversing import MESSAGE
from backend.cases.filing import copy_files
from backend.cases.pieces import WORK, case_of, this
from backend.cases.tables import CaseLinkRow
from backend.cases.types import Case, Work
from backend.cases.working import change, opened, require_version, work_of
from backend.interactions import service as interactions
from backend.matrix.service import Pack
from shared.kernel.actors import Actor
from shared.kernel.errors import Conflict, Invalid

LINK = db.table_of(CaseLinkRow)


def link(
    session: Session, customer_id: UUID, case_id: UUID, other_id: UUID, *, seen: int | None, actor: Actor, now: datetime
) -> Work:
    """The two have to do with each other; linked already, nothing changes. Raises Invalid, NotFound, Conflict."""
    work = require_version(session, customer_id, case_id, seen)
    other = _another(session, customer_id, case_id, other_id)
    if other_id in linked(session, customer_id, case_id):
        return work
    _link(session, customer_id, case_id, other_id, actor, now)
    return change(session, work, "case.linked", actor, now, {}, {"other": other.subject})


def unlink(
    session: Session, customer_id: UUID, case_id: UUID, other_id: UUID, *, seen: int | None, actor: Actor, now: datetime
) -> Work:
    """They have nothing to do with each other; not linked, nothing changes."""
    work = require_version(session, customer_id, case_id, seen)
    other = _another(session, customer_id, case_id, other_id)
    if other_id not in linked(session, customer_id, case_id):
        return work
    for one, two in ((case_id, other_id), (other_id, case_id)):
        session.execute(delete(LINK).where(*this(LINK, customer_id, one), LINK.c.other_id == two))
    return change(session, work, "case.unlinked", actor, now, {}, {"other": other.subject})


def linked(session: Session, customer_id: UUID, case_id: UUID) -> frozenset[UUID]:
    """The cases that have to do with this one."""
    return frozenset(session.execute(select(LINK.c.other_id).where(*this(LINK, customer_id, case_id))).scalars())


def split(
    session: Session, customer_id: UUID, case_id: UUID, message_ids: Collection[UUID], subject: str, *, pack: Pack,
    seen: int | None, actor: Actor, now: datetime, home: Path, file_ids: Collection[UUID] = (),
) -> Case:  # fmt: skip
    """A case of its own with these messages and their files, which stay here too; the two are linked. Raises Invalid, Conflict.

    `file_ids`: files that came without words and go along.
    """
    work = require_version(session, customer_id, case_id, seen)
    if not subject.strip():
        raise Invalid("Say what the new case is about.", {"subject": "Say what the new case is about."})
    found = session.execute(
        select(MESSAGE)
        .where(*this(MESSAGE, customer_id, case_id), MESSAGE.c.message_id.in_(message_ids))
        .order_by(MESSAGE.c.message_id)
    ).all()
    if not found or len(found) != len(set(message_ids)):
        raise Invalid("Choose the messages that go along.", {"message": "Choose the messages that go along."})
    known = {one.key for one in pack.casework.case_type}, {one.key for one in pack.casework.priority}
    made = pieces.open_case(
        session, customer_id, "case", subject, actor=actor, now=now, pack=pack,
        type=work.type if work.type in known[0] else "", priority=work.priority if work.priority in known[1] else "",
    )  # fmt: skip
    rows = [
        {
            "customer_id": customer_id, "case_id": made.case_id, "message_id": interactions.ordered_id(now), "kind": one.kind,
            "channel": one.channel, "author": one.author, "text": one.text, "at": one.at, "copied_from": one.message_id,
        }
        for one in found
    ]  # fmt: skip
    session.execute(insert(MESSAGE), rows)
    copies = {one.message_id: row["message_id"] for one, row in zip(found, rows, strict=True)}
    copy_files(session, customer_id, case_id, made.case_id, messages=copies, chosen=file_ids, home=home)
    _link(session, customer_id, case_id, made.case_id, actor, now)
    change(session, work, "case.split", actor, now, {}, {"other": made.subject})
    return made


def merge(
    session: Session, customer_id: UUID, case_id: UUID, other_id: UUID, *, seen: int | None, actor: Actor, now: datetime
) -> Work:
    """The other case becomes part of this one, which goes on with all that was written in both. Raises Invalid, Conflict.

    Taken back by `unmerge`. What an offer opened stays by itself: with it, the offer is taken back.
    """
    work = require_version(session, customer_id, case_id, seen)
    other_case = _another(session, customer_id, case_id, other_id)
    other = work_of(session, customer_id, other_id)
    if not work.is_active or not other.is_active:
        raise Conflict("Only cases that are open can become one.")
    if other_case.offer_id is not None:
        raise Conflict("That case fulfils an offer: it stays by itself.")
    pieces.shut(session, customer_id, other_id, "done", actor, "", now)
    parts = (WORK.c.customer_id == customer_id, WORK.c.merged_into == other_id)
    session.execute(update(WORK).where(*parts).values(merged_into=case_id))
    shut = work_of(session, customer_id, other_id)
    values = {"status": "closed", "merged_into": case_id, "burns_at": levels.FAR}
    change(session, shut, "case.merged", actor, now, values, {"other": case_of(session, customer_id, case_id).subject})
    bumped = update(WORK).where(*this(WORK, customer_id, case_id))
    session.execute(
        bumped.values(
            version=work.version + 1,
            changed_at=now,
            changed_by=actor.name,
            unanswered=work.unanswered or other.unanswered,
        )
    )
    return work_of(session, customer_id, case_id)


def unmerge(
    session: Session, customer_id: UUID, other_id: UUID, *, pack: Pack, seen: int | None, actor: Actor, now: datetime
) -> Work:
    """The case stands by itself again, open, with what was its own. Raises Conflict for one that is part of none."""
    other = require_version(session, customer_id, other_id, seen)
    if other.merged_into is None:
        raise Conflict("This case is part of no other.")
    into = case_of(session, customer_id, other.merged_into)
    pieces.is_open_again(session, customer_id, other_id, now)
    values = opened(other, pack, now) | {"merged_into": None, "resolved_at": None}
    return change(session, other, "case.unmerged", actor, now, values, {"other": into.subject})


def parts_of(session: Session, customer_id: UUID, case_id: UUID) -> tuple[UUID, ...]:
    """The cases that became part of this one."""
    mine = (WORK.c.customer_id == customer_id, WORK.c.merged_into == case_id)
    return tuple(session.execute(select(WORK.c.case_id).where(*mine).order_by(WORK.c.case_id)).scalars())


def _another(session: Session, customer_id: UUID, case_id: UUID, other_id: UUID) -> Case:
    if case_id == other_id:
        raise Invalid("Choose another case.", {"other": "Choose another case."})
    work_of(session, customer_id, other_id)
    return case_of(session, customer_id, other_id)


def _link(session: Session, customer_id: UUID, case_id: UUID, other_id: UUID, actor: Actor, now: datetime) -> None:
    rows = [
        {"customer_id": customer_id, "case_id": one, "other_id": two, "linked_at": now, "linked_by": actor.name}
        for one, two in ((case_id, other_id), (other_id, case_id))
    ]
    db.upsert(session, CaseLinkRow, rows, key=("customer_id", "case_id", "other_id"))
