"""A new e-mail address or telephone number that a customer tells: it counts once a code that was sent there came back.

Then it is what we know them by; the old one is told, and is theirs no longer.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, get_args
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlmodel import Session

from backend import db
from backend.entering import devices, letters, throttling
from backend.entering.sessions import on_trail, subjects_of
from backend.entering.tables import ContactChangeRow
from backend.entering.visitors import Visitor
from backend.interactions import service as interactions
from backend.mail import service as mail
from backend.profiles import service as profiles
from backend.profiles.service import Profile
from shared.kernel.actors import Actor
from shared.kernel.errors import Conflict, Forbidden, Invalid, TooMany
from shared.kernel.languages import gettext, noted

Point = Literal["email", "phone"]
POINTS: tuple[Point, ...] = get_args(Point)
CHANGE = db.table_of(ContactChangeRow)
LASTS = timedelta(minutes=10)
TRIES = 5
KEPT = timedelta(days=1)
CHANNEL = "portal"
OVER = noted("This code is no longer good. Ask for another one.")
WRONG = noted("This is not the code that we sent.")
_NONE = {
    "email": noted("Enter an e-mail address, like name@example.com."),
    "phone": noted("Enter a telephone number with its area code."),
}
_SAME = {
    "email": noted("This is the address that we have already."),
    "phone": noted("This is the number that we have already."),
}
_TAKEN = noted("This can't be used for your account. Please call us.")


@dataclass(frozen=True, slots=True)
class Asked:
    """A new address whose code is on its way: the address as it was typed."""

    kind: Point
    value: str
    tries: int


def can_check(kind: Point) -> bool:
    """Whether a code can be sent to such an address from here."""
    return mail.is_set_up() and (kind == "email" or mail.texts_are_sent())


def ask(actor: Actor, kind: Point, typed: str, visitor: Visitor, now: datetime) -> None:
    """Sends a code to the new address; the one sent before counts no more.

    Raises Invalid for what is no address or the present one, TooMany, and Conflict where no code can be sent. Opens its own
    transaction.
    """
    value = " ".join(typed.split())
    spelled = profiles.normalise(kind, value)
    plain = kind == "phone" or (value.isascii() and mail.is_address(value))
    if spelled is None or not plain:
        raise Invalid(errors={"value": gettext(_NONE[kind])})
    if not can_check(kind):
        raise Conflict(gettext("We can't send you a code there. Please call us to change it."))
    code, salt, code_hash = interactions.new_code()
    with db.transaction() as session:
        profile = profiles.profile(session, _own(actor))
        present = profiles.normalise(kind, getattr(profile, kind) or "")
        if spelled == present:
            raise Invalid(errors={"value": gettext(_SAME[kind])})
        known = devices.is_known(session, subjects_of(session, actor), visitor)
        limits = throttling.counted("code", f"{actor.id} {kind}", visitor, known)
        if throttling.is_paused(session, limits, now):
            raise TooMany(gettext("You asked for many codes just now. Wait a quarter of an hour, or call us."))
        throttling.count(session, limits, now)
        new = value if kind == "email" else spelled
        row = {
            "subject_id": UUID(actor.id), "kind": kind, "value": new, "salt": salt,
            "code_hash": code_hash, "tries": TRIES, "made_at": now, "until": now + LASTS,
        }  # fmt: skip
        db.upsert(session, ContactChangeRow, [row], key=("subject_id", "kind"), update=tuple(row)[2:])
        wanted = letters.Letter("address_code", {"code": f"{code[:3]} {code[3:]}"})
        _send(session, profile, kind, new, wanted, "code", now)


def asked(session: Session, actor: Actor, kind: Point, now: datetime) -> Asked | None:
    """The new address that waits for its code, if any does."""
    row = session.execute(select(CHANGE).where(*_mine(actor, kind), CHANGE.c.until > now)).one_or_none()
    return Asked(row.kind, row.value, row.tries) if row is not None and row.tries > 0 else None


def read(actor: Actor, kind: Point, typed: str, now: datetime) -> None:
    """The code is right: the new address counts from now on, and the old one is told.

    Raises Invalid for a wrong code, which counts, and Conflict for one that is no longer good, or an address that cannot be
    theirs. Opens its own short transactions.
    """
    if not any(c.isdigit() for c in typed):
        raise Invalid(errors={"code": gettext("Enter the six digits of the code.")})
    good = (*_mine(actor, kind), CHANGE.c.until > now, CHANGE.c.tries > 0)
    with db.transaction() as session:
        if db.touched(session.execute(update(CHANGE).where(*good).values(tries=CHANGE.c.tries - 1))) != 1:
            raise Conflict(gettext(OVER))
        row = session.execute(select(CHANGE).where(*_mine(actor, kind))).one()
    if not interactions.same_code(typed, row.salt, row.code_hash):
        if row.tries == 0:
            raise Conflict(gettext(OVER))
        raise Invalid(errors={"code": gettext(WRONG)})
    with db.transaction() as session:
        this = (*_mine(actor, kind), CHANGE.c.code_hash == row.code_hash)
        if db.touched(session.execute(delete(CHANGE).where(*this))) != 1:
            raise Conflict(gettext(OVER))
        _counts(session, actor, kind, row.value, now)


def _counts(session: Session, actor: Actor, kind: Point, value: str, now: datetime) -> None:
    customer_id = _own(actor)
    before = profiles.profile(session, customer_id)
    old: str | None = getattr(before, kind)
    spelled = profiles.normalise(kind, value) or value
    if profiles.be_known_by(session, before.customer_id, kind, spelled) != before.customer_id:
        raise Conflict(gettext(_TAKEN))
    gone = profiles.normalise(kind, old or "")
    if gone is not None and gone != spelled:
        profiles.no_longer_known_by(session, before.customer_id, kind, gone)
    profiles.tell_contact(session, before.customer_id, kind, value, CHANNEL, now)
    interactions.record(session, before.customer_id, "contact.changed", CHANNEL, actor, {"what": kind}, now)
    on_trail(session, actor, "contact.changed", now, {"what": kind})
    if old:
        what = letters.Letter("email_changed" if kind == "email" else "phone_changed")
        _send(session, before, kind, old, what, "sign-in", now)
    if kind == "phone" and before.email:
        _send(session, before, "email", before.email, letters.Letter("phone_changed"), "sign-in", now)


def forget_old(session: Session, now: datetime) -> int:
    return db.touched(session.execute(delete(CHANGE).where(CHANGE.c.until < now - KEPT)))


def _send(
    session: Session, profile: Profile, kind: Point, to: str, wanted: letters.Letter, purpose: str, now: datetime
) -> None:
    """Where nothing can be sent, nothing is: who is told of a change is told where that is possible."""
    address = to.strip() if kind == "email" else mail.text_address(to)
    if not can_check(kind) or not mail.is_address(address):
        return
    subject, text = letters.written(wanted, profile, now)
    mail.post(session, customer_id=profile.customer_id, to=address, subject=subject, text=text, purpose=purpose, at=now)


def _mine(actor: Actor, kind: Point) -> tuple[Any, Any]:
    return (CHANGE.c.subject_id == UUID(actor.id), CHANGE.c.kind == kind)


def _own(actor: Actor) -> UUID:
    if actor.customer_id is None:
        raise Forbidden(gettext("This page is for customers."))
    return actor.customer_id
