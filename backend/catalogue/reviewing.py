"""What is done with a draft once it is written: checked, asked approval for, approved by a second person, put in force."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import exists, select, update
from sqlmodel import Session

from backend import db
from backend.catalogue import publishing
from backend.catalogue.checking import check_texts
from backend.catalogue.drafts import Draft, change, digest_of_files, draft, edited_by, open_draft, require, told
from backend.catalogue.tables import DraftEditorRow, DraftRow
from backend.matrix.service import PackError, body_of
from backend.people.permissions import Permission
from shared.kernel.actors import SYSTEM, Actor
from shared.kernel.errors import Conflict, EvenhandError, Forbidden, Invalid

FURTHEST = timedelta(days=366)
LONGEST_WORDS = 500
_DRAFT = db.table_of(DraftRow)
_EDITOR = db.table_of(DraftEditorRow)
_UNAPPROVED = {
    "approved_by": None, "approved_by_id": None, "approved_at": None, "approved_digest": None, "effective_at": None,
}  # fmt: skip
_log = structlog.stdlib.get_logger("evenhand.catalogue")


def check_draft(draft_id: UUID, actor: Actor, now: datetime) -> Draft:
    """Checks the draft's text, personas included, outside any lock, and writes down what is wrong with it.

    One problem, and it stays a draft. Raises NotFound, and Conflict where the text changed while it was being checked.
    """
    require(actor, Permission.AUTHOR)
    with db.reading() as session:
        known = draft(session, draft_id)
    if known.over:
        raise Conflict(f"This draft is {known.state}: nothing about it changes any more.")
    found = check_texts(known.files)
    with db.transaction() as session:
        held = open_draft(session, draft_id)
        if held.digest != known.digest:
            raise Conflict(f"{held.changed_by} changed this draft while it was being checked. Please check it again.")
        # Checked again, it keeps what it has reached; a problem can only be new where the software is.
        state = "draft" if found else "checked" if held.state == "draft" else held.state
        fallen = {"asked_by": None, "asked_at": None, **_UNAPPROVED} if found else {}
        change(
            session, held, now, actor, state=state, problems=[vars(p) for p in found], problem_count=len(found),
            checked_at=now, **fallen,
        )  # fmt: skip
        told(session, draft_id, "draft.checked", actor, now, digest=held.digest, problems=len(found))
        return draft(session, draft_id)


def ask_approval(session: Session, draft_id: UUID, seen: int, actor: Actor, now: datetime) -> Draft:
    """Asks a second person to approve what was checked and simulated. Raises Conflict, Forbidden."""
    require(actor, Permission.AUTHOR)
    held = open_draft(session, draft_id, seen)
    if held.state != "simulated":
        raise Conflict("Only what was checked and simulated can be put before a second person.")
    edited_by(session, draft_id, actor)
    change(
        session, held, now, actor, state="asked", asked_by=actor.name, asked_at=now, returned_by=None, returned_words=None
    )  # fmt: skip
    told(session, draft_id, "draft.asked", actor, now, digest=held.digest)
    return draft(session, draft_id)


def approve(session: Session, draft_id: UUID, seen: int, actor: Actor, now: datetime) -> Draft:
    """A second person approves this very text. Nobody who had a hand in it may. Raises Conflict, Forbidden."""
    require(actor, Permission.APPROVE_CATALOGUE)
    held = open_draft(session, draft_id, seen)
    if held.state != "asked":
        raise Conflict("Approval is not asked for this draft.")
    mine = exists().where(_EDITOR.c.draft_id == draft_id, _EDITOR.c.editor_id == actor.id)
    done = session.execute(
        update(_DRAFT)
        .where(_DRAFT.c.draft_id == draft_id, _DRAFT.c.revision == held.revision, _DRAFT.c.state == "asked", ~mine)
        .values(
            revision=held.revision + 1, state="approved", approved_by=actor.name, approved_by_id=actor.id, approved_at=now,
            approved_digest=held.digest,
        )
    )  # fmt: skip
    if db.touched(done) != 1:
        raise Forbidden("Nobody approves what they wrote themselves: a second person has to.")
    told(session, draft_id, "draft.approved", actor, now, digest=held.digest)
    return draft(session, draft_id)


def send_back(session: Session, draft_id: UUID, seen: int, words: str, actor: Actor, now: datetime) -> Draft:
    """Gives a draft back to its authors, with what is to be done about it. Raises Conflict, Forbidden, Invalid."""
    require(actor, Permission.APPROVE_CATALOGUE)
    words = words.strip()
    if not words or len(words) > LONGEST_WORDS:
        raise Invalid("Say what is to be changed.", {"words": f"1 to {LONGEST_WORDS} characters"})
    held = open_draft(session, draft_id, seen)
    if held.state not in ("asked", "approved"):
        raise Conflict("Approval is not asked for this draft.")
    change(
        session, held, now, actor, state="draft", returned_by=actor.name, returned_words=words, asked_by=None, asked_at=None,
        **_UNAPPROVED,
    )  # fmt: skip
    told(session, draft_id, "draft.sent_back", actor, now, words=words, digest=held.digest)
    return draft(session, draft_id)


def schedule(session: Session, draft_id: UUID, seen: int, at: datetime | None, actor: Actor, now: datetime) -> Draft:
    """An approved draft goes in force at this instant, or within seconds where none is given. Raises Conflict, Invalid."""
    require(actor, Permission.APPROVE_CATALOGUE)
    held = open_draft(session, draft_id, seen)
    if held.state != "approved":
        raise Conflict("Only what a second person approved goes in force.")
    if at is not None and not now <= at <= now + FURTHEST:
        raise Invalid("That is no date to come.", {"at": "an instant between now and a year from now"})
    change(session, held, now, actor, effective_at=at or now)
    told(session, draft_id, "draft.scheduled", actor, now, at=(at or now).isoformat(), digest=held.digest)
    return draft(session, draft_id)


def withdraw(session: Session, draft_id: UUID, seen: int, actor: Actor, now: datetime) -> Draft:
    """Gives a draft up, whatever it had reached; its text stays to be read. Raises Conflict, Forbidden."""
    require(actor, Permission.AUTHOR)
    held = open_draft(session, draft_id, seen)
    change(session, held, now, actor, state="withdrawn", changed_by=actor.name, changed_at=now, **_UNAPPROVED)
    told(session, draft_id, "draft.withdrawn", actor, now, was=held.state, digest=held.digest)
    return draft(session, draft_id)


def take_effect(now: datetime) -> int:
    """Puts the approved drafts in force whose instant has come, the earliest first; gives how many. A worker's chore."""
    due = (
        select(_DRAFT.c.draft_id)
        .where(_DRAFT.c.state == "approved", _DRAFT.c.effective_at <= now)
        .order_by(_DRAFT.c.effective_at, _DRAFT.c.draft_id)
    )
    with db.reading() as session:
        waiting = list(session.execute(due).scalars())
    return sum(_put_in_force(draft_id, now) for draft_id in waiting)


def _put_in_force(draft_id: UUID, now: datetime) -> bool:
    try:
        with db.transaction() as session:
            held = open_draft(session, draft_id)
            if held.state != "approved" or held.effective_at is None or held.effective_at > now:
                return False
            version = publishing.publish(session, body_of(held.files), _approver(held), now, held.files)
            approved = _DRAFT.c.approved_digest == digest_of_files(held.files)
            done = session.execute(
                update(_DRAFT)
                .where(_DRAFT.c.draft_id == draft_id, _DRAFT.c.revision == held.revision, approved)
                .values(state="published", catalogue_version=version, revision=held.revision + 1)
            )
            if db.touched(done) != 1:
                raise Conflict("The draft is not what was approved.")
            told(session, draft_id, "draft.in_force", SYSTEM, now, version=version, digest=held.digest)
    except PackError as wrong:
        _fall_back(draft_id, str(wrong), now)
    except EvenhandError as lost:
        _log.warning("a draft did not go in force; it is tried again", draft=str(draft_id), error=str(lost))
        return False
    else:
        return True
    return False


def _approver(held: Draft) -> Actor:
    """Who answers for what goes in force: the second person."""
    return Actor("staff", held.approved_by_id or "", held.approved_by or "")


def _fall_back(draft_id: UUID, why: str, now: datetime) -> None:
    """What this release no longer takes goes back to its authors, with the reason; it would never go in force."""
    with db.transaction() as session:
        held = open_draft(session, draft_id)
        change(
            session,
            held,
            now,
            SYSTEM,
            state="draft",
            returned_by=SYSTEM.name,
            returned_words=why[:LONGEST_WORDS],
            **_UNAPPROVED,
        )
        told(session, draft_id, "draft.sent_back", SYSTEM, now, words=why[:LONGEST_WORDS], digest=held.digest)
