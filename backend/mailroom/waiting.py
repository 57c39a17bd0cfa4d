"""Mail that waits for somebody to say whose it is stands whole on the disk; what came back is told on the timeline."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from sqlmodel import Session

from backend import db
from backend.cases import service as cases
from backend.interactions import service as interactions
from backend.mail import service as mail
from backend.mail.service import Sent
from backend.record import service as record
from shared.kernel.actors import SYSTEM
from shared.kernel.errors import NotFound

FOLDER = "mail"
MOST = 5


@dataclass(frozen=True, slots=True)
class Place:
    """A case by its reference, and whose it is."""

    customer_id: UUID
    target: UUID


def cases_of(session: Session, reference: str) -> tuple[Place, ...]:
    """The cases of this reference, whosever they are."""
    found = cases.find(session, reference, MOST)
    return tuple(Place(hit.customer_id, hit.thing_id) for hit in found if hit.customer_id is not None)


def keep(home: Path, content: bytes) -> str:
    """Keeps the mail as it came, readable by its owner alone; gives its place."""
    name = hashlib.sha256(content).hexdigest()
    path = home / FOLDER / name
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        pending = path.with_name(f".{name}.{os.getpid()}.{secrets.token_hex(4)}")
        with os.fdopen(os.open(pending, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as handle:
            handle.write(content)
        os.replace(pending, path)
    return name


def content_of(home: Path, place: str) -> bytes:
    """Raises NotFound where it is gone."""
    try:
        return (home / FOLDER / place).read_bytes()
    except OSError:
        raise NotFound("This mail is no longer there.") from None


def remove(home: Path, places: Iterable[str]) -> int:
    """Takes the mails at these places off the disk; gives how many there were."""
    gone = 0
    for place in places:
        if place:
            with contextlib.suppress(FileNotFoundError):
                (home / FOLDER / place).unlink()
                gone += 1
    return gone


def forget_old(now: datetime, home: Path) -> int:
    """Forgets mail that waited too long; gives how many of it stood whole. Opens its own transaction."""
    with db.transaction() as session:
        places = mail.forget_old(session, now)
    return remove(home, places)


def settled(session: Session, sent: Sent, now: datetime) -> None:
    """What became of a mail that a sender took: on the timeline where nothing else there tells of it, and for who looks."""
    if sent.state == "sent" and sent.purpose in CONFIRMING:
        told = {"subject": sent.subject, "purpose": sent.purpose}
        told |= {"offer_id": str(sent.about_id)} if sent.purpose != "receipt" else {}
        with contextlib.suppress(NotFound):
            interactions.record(session, sent.customer_id, "mail.sent", "email", SYSTEM, told, now)
    elif sent.state == "refused":
        tell_refused(session, sent, sent.why, now)
    if sent.purpose not in mail.CODES:
        record.changed(session, "timeline", customer_id=sent.customer_id, private=True, now=now)


def tell_refused(session: Session, sent: Sent, why: str, now: datetime) -> None:
    """A mail did not reach the customer: colleagues read so on the timeline."""
    if sent.purpose in mail.CODES:
        return
    told = {"subject": sent.subject, "purpose": sent.purpose, "why": mail.reason(why)}
    with contextlib.suppress(NotFound):
        interactions.record(session, sent.customer_id, "mail.refused", "email", SYSTEM, told, now)


CONFIRMING = ("confirmation", "undone", "receipt")
