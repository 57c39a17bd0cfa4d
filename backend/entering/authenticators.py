"""Codes of an app on somebody's telephone, a customer's or a member of staff's (RFC 6238), as a second step after password, code or link; and codes on paper.

What the app makes codes from is kept encrypted, bound to whose it is; the key is worked out from the installation's secret.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import pyotp
import segno
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import ColumnElement, delete, insert, select, update
from sqlmodel import Session

from backend import db
from backend.entering import devices, letters, throttling
from backend.entering.sessions import on_trail, subjects_of, write_to
from backend.entering.tables import AuthenticatorRow, RecoveryCodeRow
from backend.entering.visitors import Visitor
from backend.people import service as people
from backend.profiles import service as profiles
from shared.kernel.actors import Actor
from shared.kernel.errors import Conflict, Invalid, Unauthenticated
from shared.kernel.languages import gettext, noted

AUTHENTICATOR, RECOVERY = db.table_of(AuthenticatorRow), db.table_of(RecoveryCodeRow)
ON_PAPER = 10
STEP_SECONDS = 30
WRONG = noted("This code is not right. Wait for the next one that the app shows, and enter that.")
REFUSAL = noted("This code is not right. After ten wrong tries, please wait five minutes before the next one.")
_NONCE = 12


@dataclass(frozen=True, slots=True)
class Beginning:
    """What the app must be told: the same as a picture, and as text for who cannot take one."""

    secret: str
    picture: str
    """An SVG without any style of its own."""


def is_set(session: Session, actor: Actor) -> bool:
    """Whether a second step follows for them."""
    return (
        session.execute(select(AUTHENTICATOR.c.subject_id).where(*_set(session, actor)).limit(1)).scalar() is not None
    )


def set_by(session: Session, subjects: Collection[UUID]) -> frozenset[UUID]:
    """Which of these sign in by a second step."""
    mine = (AUTHENTICATOR.c.subject_id.in_(sorted(subjects)), AUTHENTICATOR.c.set_at.is_not(None))
    return frozenset(session.execute(select(AUTHENTICATOR.c.subject_id).where(*mine)).scalars())


def begin(session: Session, actor: Actor, key: bytes, now: datetime) -> None:
    """Makes what a new app is told; one that was begun and never finished is forgotten. Raises Conflict where one is set."""
    if is_set(session, actor):
        raise Conflict(gettext("An authenticator is set already. Remove it first."))
    subject_id = UUID(actor.id)
    session.execute(delete(AUTHENTICATOR).where(AUTHENTICATOR.c.subject_id == subject_id))
    row = {
        "subject_id": subject_id, "secret": _sealed(pyotp.random_base32(), subject_id, key), "last_step": 0, "begun_at": now,
    }  # fmt: skip
    session.execute(insert(AUTHENTICATOR), row)


def beginning(session: Session, actor: Actor, key: bytes) -> Beginning | None:
    """What the app is told while no code was right yet; None once one was, or where none was begun."""
    mine = (AUTHENTICATOR.c.subject_id == UUID(actor.id), AUTHENTICATOR.c.set_at.is_(None))
    kept = session.execute(select(AUTHENTICATOR.c.secret).where(*mine)).scalar()
    secret = _opened(kept, UUID(actor.id), key) if kept else None
    if secret is None:
        return None
    told = pyotp.TOTP(secret).provisioning_uri(name=_called(session, actor), issuer_name="Evenhand")
    picture = segno.make(told, micro=False).svg_inline(scale=5, border=4, dark="#000", light="#fff")
    return Beginning(" ".join(secret[at : at + 4] for at in range(0, len(secret), 4)), picture)


def confirm(session: Session, actor: Actor, typed: str, key: bytes, now: datetime) -> tuple[str, ...]:
    """The first right code: from now on one is asked for at each sign-in. Gives the codes on paper, this once.

    Raises Invalid for a wrong code, and Conflict where none was begun.
    """
    subject_id = UUID(actor.id)
    mine = (AUTHENTICATOR.c.subject_id == subject_id, AUTHENTICATOR.c.set_at.is_(None))
    kept = session.execute(select(AUTHENTICATOR.c.secret).where(*mine)).scalar()
    secret = _opened(kept, subject_id, key) if kept else None
    if secret is None:
        raise Conflict(gettext("Begin anew: what the app was told is no longer good."))
    step = _step(secret, typed, now, after=0)
    if step is None:
        raise Invalid(errors={"code": gettext(WRONG)})
    session.execute(update(AUTHENTICATOR).where(*mine).values(set_at=now, last_step=step))
    codes = tuple(f"{text[:5]}-{text[5:]}" for text in (pyotp.random_base32().lower()[:10] for _ in range(ON_PAPER)))
    session.execute(delete(RECOVERY).where(RECOVERY.c.subject_id == subject_id))
    rows = [{"subject_id": subject_id, "code_hash": _hash(code, subject_id, key)} for code in codes]
    session.execute(insert(RECOVERY), rows)
    on_trail(session, actor, "authenticator.set", now)
    write_to(session, actor, letters.Letter("authenticator_set"), now)
    return codes


def second_step(actor: Actor, typed: str, visitor: Visitor, key: bytes, now: datetime) -> None:
    """The code of the app, or one on paper, is right. Raises Unauthenticated; a wrong one counts.

    Opens its own transaction.
    """
    with db.transaction() as session:
        known = devices.is_known(session, subjects_of(session, actor), visitor)
        limits = throttling.counted("second", actor.id, visitor, known)
        right = not throttling.is_paused(session, limits, now) and _is_right(session, actor, typed, key, now)
        if right:
            throttling.forgive(session, limits)
        else:
            throttling.count(session, limits, now)
    if not right:
        raise Unauthenticated(gettext(REFUSAL))


def remove(session: Session, actor: Actor, address: str, now: datetime) -> None:
    """No code is asked for any more, and those on paper are worth nothing; the customer hears of it by e-mail."""
    subjects = sorted(subjects_of(session, actor))
    for table in (AUTHENTICATOR, RECOVERY):
        session.execute(delete(table).where(table.c.subject_id.in_(subjects)))
    on_trail(session, actor, "authenticator.removed", now)
    write_to(session, actor, letters.Letter("authenticator_removed", {"link": f"{address}/me/sign-in"}), now)


def codes_left(session: Session, actor: Actor) -> int:
    """How many codes on paper are unused."""
    mine = (RECOVERY.c.subject_id.in_(sorted(subjects_of(session, actor))), RECOVERY.c.used_at.is_(None))
    return len(session.execute(select(RECOVERY.c.code_hash).where(*mine)).all())


def reset(session: Session, subject_id: UUID) -> bool:
    """Takes away what somebody has lost, at somebody else's hand, who sees to the trail. Whether one was set."""
    was_set = bool(set_by(session, [subject_id]))
    for table in (AUTHENTICATOR, RECOVERY):
        session.execute(delete(table).where(table.c.subject_id == subject_id))
    return was_set


def _called(session: Session, actor: Actor) -> str:
    """What the app calls it: a customer by their number, a member of staff by the address with which they sign in."""
    if actor.kind == "staff":
        return people.employee(session, UUID(actor.id)).email
    return profiles.profile(session, actor.customer_id or UUID(actor.id)).number


def _is_right(session: Session, actor: Actor, typed: str, key: bytes, now: datetime) -> bool:
    for row in session.execute(select(AUTHENTICATOR).where(*_set(session, actor))).all():
        secret = _opened(row.secret, row.subject_id, key)
        step = _step(secret, typed, now, after=row.last_step) if secret else None
        if step is not None:
            mine = (AUTHENTICATOR.c.subject_id == row.subject_id, AUTHENTICATOR.c.last_step < step)
            return db.touched(session.execute(update(AUTHENTICATOR).where(*mine).values(last_step=step))) == 1
        mine = (RECOVERY.c.subject_id == row.subject_id, RECOVERY.c.code_hash == _hash(typed, row.subject_id, key))
        used = update(RECOVERY).where(*mine, RECOVERY.c.used_at.is_(None)).values(used_at=now)
        if db.touched(session.execute(used)) == 1:
            return True
    return False


def _set(session: Session, actor: Actor) -> tuple[ColumnElement[bool], ...]:
    return (AUTHENTICATOR.c.subject_id.in_(sorted(subjects_of(session, actor))), AUTHENTICATOR.c.set_at.is_not(None))


def _step(secret: str, typed: str, now: datetime, after: int) -> int | None:
    """The half minute whose code it is, of the present one and its neighbours; None for a wrong code, or one that was used."""
    digits = "".join(c for c in typed if c.isascii() and c.isdigit())
    this, found = int(now.timestamp()) // STEP_SECONDS, None
    for step in (this - 1, this, this + 1):
        if hmac.compare_digest(pyotp.TOTP(secret).at(step * STEP_SECONDS), digits) and step > after:
            found = step
    return found


def _sealed(secret: str, subject_id: UUID, key: bytes) -> str:
    nonce = secrets.token_bytes(_NONCE)
    return base64.b64encode(nonce + AESGCM(_derived(key)).encrypt(nonce, secret.encode(), subject_id.bytes)).decode()


def _opened(sealed: str, subject_id: UUID, key: bytes) -> str | None:
    """None where the installation has another secret by now."""
    raw = base64.b64decode(sealed)
    try:
        return AESGCM(_derived(key)).decrypt(raw[:_NONCE], raw[_NONCE:], subject_id.bytes).decode()
    except InvalidTag:
        return None


def _hash(code: str, subject_id: UUID, key: bytes) -> str:
    plain = "".join(c for c in code.lower() if c.isalnum())
    return hmac.new(_derived(key), subject_id.bytes + plain.encode(), hashlib.sha256).hexdigest()


def _derived(key: bytes) -> bytes:
    return hmac.new(key, b"authenticator", hashlib.sha256).digest()
