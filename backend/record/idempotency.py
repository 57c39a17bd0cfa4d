"""Answers kept for a day, so that a write sent twice with the same key is done once.

The answer is stored after the act has committed. Should the process die between the two, the key counts as being worked
on for a minute and the request may then run again: what may happen only once is guarded by its own room as well.
"""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, or_, update
from sqlmodel import Session, col, select

from backend import db
from backend.record.auditing import no_act
from backend.record.tables import IdempotencyKeyRow
from shared.kernel.errors import Invalid, KeyReused, StillRunning

KEPT = timedelta(hours=24)
GIVEN_UP = timedelta(seconds=60)
LONGEST_KEY = 255


@dataclass(frozen=True, slots=True)
class Request:
    """What makes two requests the same one: who asks, what for, under which key, and the digest of the body."""

    actor_id: str
    method: str
    path: str
    key: str
    digest: str


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as it was first given."""

    status: int
    content_type: str
    body: str


def request_of(actor_id: str, method: str, path: str, key: str, body: bytes) -> Request:
    """The request under its key. Raises Invalid for a key that is empty, too long, or not printable ASCII."""
    if not (0 < len(key) <= LONGEST_KEY and key.isascii() and key.isprintable()):
        raise Invalid(f"An idempotency key has 1 to {LONGEST_KEY} printable ASCII characters.")
    return Request(actor_id, method, path, key, hashlib.sha256(body).hexdigest())


def begin(request: Request, now: datetime) -> Answer | None:
    """Claims the key: None means go ahead, an Answer was given before. Raises KeyReused or StillRunning."""
    with db.transaction() as session:
        no_act(session)
        row = {
            "actor_id": request.actor_id, "method": request.method, "path": request.path, "key": request.key,
            "request_digest": request.digest, "started_at": now,
        }  # fmt: skip
        if db.upsert(session, IdempotencyKeyRow, [row], key=["actor_id", "method", "path", "key"]):
            return None
        return _again(session, request, now)


def finish(request: Request, answer: Answer) -> None:
    """Keeps the answer for whoever asks again."""
    with db.transaction() as session:
        no_act(session)
        kept = update(IdempotencyKeyRow).where(*_is(request), col(IdempotencyKeyRow.status).is_(None))
        values = {"status": answer.status, "content_type": answer.content_type, "body": answer.body}
        session.connection().execute(kept.values(**values))


def give_up(request: Request) -> None:
    """Lets the key go, so that the request can be tried anew."""
    with db.transaction() as session:
        no_act(session)
        unfinished = delete(IdempotencyKeyRow).where(*_is(request), col(IdempotencyKeyRow.status).is_(None))
        session.connection().execute(unfinished)


def purge(now: datetime) -> int:
    """Forgets answers older than a day; returns how many."""
    with db.transaction() as session:
        old = delete(IdempotencyKeyRow).where(col(IdempotencyKeyRow.started_at) < now - KEPT)
        return session.connection().execute(old).rowcount


def export_named(session: Session, words: Collection[str]) -> list[dict[str, Any]]:
    """Answers of the last day that hold one of these words, which name a customer."""
    return [row.model_dump() for row in session.exec(select(IdempotencyKeyRow).where(_holds(words)))]


def erase_named(session: Session, words: Collection[str]) -> int:
    """Drops answers of the last day that hold one of these words; gives how many. Sent again, such a request runs anew."""
    return int(session.connection().execute(delete(IdempotencyKeyRow).where(_holds(words))).rowcount)


def _holds(words: Collection[str]) -> ColumnElement[bool]:
    texts = (col(IdempotencyKeyRow.path), col(IdempotencyKeyRow.body))
    return or_(*(text.contains(word, autoescape=True) for word in words for text in texts))


def _again(session: Session, request: Request, now: datetime) -> Answer | None:
    row = session.get(
        IdempotencyKeyRow, (request.actor_id, request.method, request.path, request.key), with_for_update=True
    )
    unfinished = row is not None and row.status is None
    patience = GIVEN_UP if unfinished else KEPT
    if row is None or row.started_at + patience < now:
        fresh = IdempotencyKeyRow(
            actor_id=request.actor_id, method=request.method, path=request.path, key=request.key,
            request_digest=request.digest, started_at=now, status=None, content_type=None, body=None,
        )  # fmt: skip
        session.merge(fresh)
        return None
    if row.request_digest != request.digest:
        raise KeyReused("This idempotency key was used for a request with another body.")
    if row.status is None:
        raise StillRunning("This request is still being worked on. Please ask again in a moment.")
    return Answer(row.status, row.content_type or "", row.body or "")


def _is(request: Request) -> tuple[Any, ...]:
    return (
        col(IdempotencyKeyRow.actor_id) == request.actor_id, col(IdempotencyKeyRow.method) == request.method,
        col(IdempotencyKeyRow.path) == request.path, col(IdempotencyKeyRow.key) == request.key,
    )  # fmt: skip
