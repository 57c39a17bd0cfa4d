"""One-time codes by e-mail: to set up an account, to sign in, and for who has forgotten their password.

Whether anybody is there never shows: for strangers a code is made too, which nobody is sent, and the same is done with it. A code
holds for ten minutes and five tries, once; the link beside it for the same time, and whichever is used first ends both.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, delete, select, update
from sqlmodel import Session

from backend import db
from backend.catalogue import service as catalogues
from backend.entering import devices, letters, throttling
from backend.entering.sessions import SESSION, on_trail, subjects_of_customer, write_to
from backend.entering.tables import EntryCodeRow
from backend.entering.visitors import Visitor
from backend.interactions import service as interactions
from backend.mail import service as mail
from backend.matrix.service import Question
from backend.people import service as people
from backend.profiles import service as profiles
from shared.kernel import ids
from shared.kernel.actors import Actor
from shared.kernel.errors import Conflict, Invalid
from shared.kernel.languages import gettext, noted

Purpose = Literal["sign-in", "claim", "recovery"]
CODE = db.table_of(EntryCodeRow)
LASTS = timedelta(minutes=10)
TRIES = 5
PASSWORD_WITHIN = timedelta(minutes=20)
KEPT = timedelta(days=1)
OVER = noted("This code is no longer good. Ask for another one.")
LINK_OVER = noted("This link is no longer good: it holds for ten minutes, and once. Ask for another one.")


@dataclass(frozen=True, slots=True)
class Read:
    """What came of a code that was typed. `tries`: so many are left; 0 with a wrong one: it is no longer good."""

    right: bool
    purpose: Purpose
    tries: int
    actor: Actor | None = None
    """Who signs in by it, where that is what it was for."""


def facts_asked(session: Session) -> tuple[Question, ...]:
    """Of these, whoever sets up their account answers one; in the language that is spoken."""
    pack = catalogues.pack_in_force(session)
    told = ({"label": pack.said(one.label), "hint": pack.said(one.hint)} for one in pack.verifying.asked_of("claim"))
    return tuple(
        one.model_copy(update=words) for one, words in zip(pack.verifying.asked_of("claim"), told, strict=True)
    )


def ask_to_claim(number: str, fact: str, answer: str, visitor: Visitor, address: str, now: datetime) -> UUID:
    """Somebody sets up their account: if what they say is so, a code goes to the address that is known to be theirs.

    The id of the code, whoever it was. Opens its own short transactions.
    """
    with db.reading() as session:
        pack = catalogues.pack_in_force(session)
        customer_id = profiles.find_by_sign_in(session, number.replace("@", ""))
        asked = next((one for one in pack.verifying.asked_of("claim") if one.key == fact), None)
        known: Any = None
        if customer_id is not None and asked is not None:
            known = interactions.known_of(profiles.profile(session, customer_id), now, pack).get(asked.attribute)
    right = asked is not None and interactions.matches(asked.compare, answer[:200], known)
    return _ask("claim", customer_id if right else None, number, visitor, address, now)


def ask_for(purpose: Literal["sign-in", "recovery"], typed: str, visitor: Visitor, address: str, now: datetime) -> UUID:
    """A code for whoever signs in with this number or e-mail address, if anybody does. As `ask_to_claim`."""
    with db.reading() as session:
        customer_id = profiles.find_by_sign_in(session, typed)
    return _ask(purpose, customer_id, typed, visitor, address, now)


def _ask(purpose: Purpose, customer_id: UUID | None, typed: str, visitor: Visitor, address: str, now: datetime) -> UUID:
    code, salt, code_hash = interactions.new_code()
    token, code_id = secrets.token_urlsafe(32), ids.uuid7(now)
    account = throttling.account_of(customer_id, typed)
    with db.transaction() as session:
        subjects = subjects_of_customer(session, customer_id) if customer_id else ()
        limits = throttling.counted("code", account, visitor, devices.is_known(session, subjects, visitor))
        # Whoever asks too often is sent nothing, and reads the same.
        sends = not throttling.is_paused(session, limits, now)
        if sends:
            throttling.count(session, limits, now)
        session.execute(
            CODE.insert().values(
                code_id=code_id, subject_id=customer_id if sends else None, purpose=purpose, salt=salt, code_hash=code_hash,
                token_hash=_digest(token), tries=TRIES, made_at=now, until=now + LASTS,
            )
        )  # fmt: skip
        if sends and customer_id is not None:
            _send(session, purpose, customer_id, subjects, code, f"{address}/sign-in/link/{token}", address, now)
    return code_id


def _send(
    session: Session, purpose: Purpose, customer_id: UUID, subjects: Collection[UUID], code: str, link: str, address: str,
    now: datetime,
) -> None:  # fmt: skip
    if not mail.is_set_up():
        return
    profile = profiles.profile(session, customer_id)
    to = interactions.known_address(session, profile, now, catalogues.pack_in_force(session))
    if to is None or not mail.is_address(to):
        return
    spoken = f"{code[:3]} {code[3:]}"
    if purpose != "claim" and not people.sign_ins_of(session, subjects):
        wanted = letters.Letter("not_set_up", {"link": f"{address}/first-use"})
        subject, text = letters.written(wanted, profile, now)
        mail.post(session, customer_id=customer_id, to=to, subject=subject, text=text, purpose="sign-in", at=now)
        return
    kinds: dict[str, letters.Kind] = {"claim": "claim_code", "sign-in": "sign_in_code", "recovery": "recovery_code"}
    subject, text = letters.written(letters.Letter(kinds[purpose], {"code": spoken, "link": link}), profile, now)
    mail.post(session, customer_id=customer_id, to=to, subject=subject, text=text, purpose="code", at=now)


def read_code(code_id: UUID, typed: str, now: datetime) -> Read:
    """Compares what was typed. Raises Conflict for a code that is no longer good, Invalid for no digits at all.

    Opens its own short transactions: a try counts whatever comes of it.
    """
    if not any(c.isdigit() for c in typed):
        raise Invalid(errors={"code": gettext("Enter the six digits of the code.")})
    good = _good(now)
    with db.transaction() as session:
        taken = session.execute(
            update(CODE).where(CODE.c.code_id == code_id, CODE.c.tries > 0, *good).values(tries=CODE.c.tries - 1)
        )
        if db.touched(taken) != 1:
            raise Conflict(gettext(OVER))
        row = session.execute(select(CODE).where(CODE.c.code_id == code_id)).one()
    right = interactions.same_code(typed, row.salt, row.code_hash) and row.subject_id is not None
    if not right:
        return Read(False, row.purpose, row.tries)
    with db.transaction() as session:
        used = {"proved_at": now} | ({"used_at": now} if row.purpose == "sign-in" else {})
        if db.touched(session.execute(update(CODE).where(CODE.c.code_id == code_id, *good).values(**used))) != 1:
            raise Conflict(gettext(OVER))
        actor = _signs_in(session, row.subject_id) if row.purpose == "sign-in" else None
    if row.purpose == "sign-in" and actor is None:
        return Read(False, row.purpose, row.tries)
    return Read(True, row.purpose, row.tries, actor)


def use_link(session: Session, token: str, now: datetime) -> Actor:
    """Who signs in by the link. Raises Conflict for one that is no longer good, or never was."""
    this = (CODE.c.token_hash == _digest(token), CODE.c.purpose == "sign-in", *_good(now))
    found = session.execute(select(CODE.c.code_id, CODE.c.subject_id).where(*this)).one_or_none()
    actor = _signs_in(session, found.subject_id) if found is not None and found.subject_id else None
    if found is None or actor is None:
        raise Conflict(gettext(LINK_OVER))
    used = session.execute(update(CODE).where(*this).values(used_at=now, proved_at=now))
    if db.touched(used) != 1:
        raise Conflict(gettext(LINK_OVER))
    return actor


def choose_password(code_id: UUID, password: str, address: str, now: datetime) -> Actor:
    """After a right code, the customer's password is this one from now on, and whoever was signed in as them no longer is.

    Raises Invalid for a password that will not do, and Conflict where the code was not right, or is too long ago. Opens its own
    transaction; call it outside any.
    """
    people.require_password(password)
    kept = people.hash_of(password)
    with db.transaction() as session:
        mine = (CODE.c.code_id == code_id, CODE.c.used_at.is_(None), CODE.c.proved_at > now - PASSWORD_WITHIN)
        row = session.execute(select(CODE).where(*mine)).one_or_none()
        if row is None or db.touched(session.execute(update(CODE).where(*mine).values(used_at=now))) != 1:
            raise Conflict(gettext(OVER))
        customer_id = profiles.resolve(session, row.subject_id)
        subjects = subjects_of_customer(session, customer_id)
        theirs = people.sign_ins_of(session, subjects) or (customer_id,)
        people.set_password(session, theirs, kept, now)
        all_theirs = SESSION.c.subject_id.in_(sorted(subjects))
        session.execute(update(SESSION).where(all_theirs, SESSION.c.ended_at.is_(None)).values(ended_at=now))
        actor = people.customer_of(theirs[0], "", customer_id)
        on_trail(session, actor, "password.set", now)
        write_to(session, actor, letters.Letter("password_set", {"link": f"{address}/recovery"}), now)
    return actor


def is_proved(session: Session, code_id: UUID, now: datetime) -> bool:
    """Whether a password may be chosen after it."""
    mine = (CODE.c.code_id == code_id, CODE.c.used_at.is_(None), CODE.c.proved_at > now - PASSWORD_WITHIN)
    return session.execute(select(CODE.c.code_id).where(*mine)).scalar() is not None


def forget_old(session: Session, now: datetime) -> int:
    return db.touched(session.execute(delete(CODE).where(CODE.c.until < now - KEPT)))


def _signs_in(session: Session, subject_id: UUID) -> Actor | None:
    customer_id = profiles.resolve(session, subject_id)
    theirs = people.sign_ins_of(session, subjects_of_customer(session, customer_id))
    subject = customer_id if customer_id in theirs else next(iter(theirs), None)
    return people.customer_of(subject, "", customer_id) if subject else None


def _good(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (CODE.c.until > now, CODE.c.used_at.is_(None), CODE.c.proved_at.is_(None))


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
