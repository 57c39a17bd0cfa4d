"""Sign-ins at the portal, each a row: listed to their customer, ended by them, and over when nobody uses them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import bindparam, delete, select, update
from sqlmodel import Session

from backend import db
from backend.entering import devices, letters
from backend.entering.tables import PortalSessionRow
from backend.entering.visitors import Visitor
from backend.mail import service as mail
from backend.people import service as people
from backend.profiles import service as profiles
from backend.record import service as record
from shared.kernel import ids
from shared.kernel.actors import Actor
from shared.kernel.errors import NotFound
from shared.kernel.languages import gettext

Way = Literal["password", "code", "link", "passkey", "sign_on", "claim", "recovery"]
SESSION = db.table_of(PortalSessionRow)
IDLE = timedelta(hours=1)
"""What nobody has used for so long is over."""
COARSE = timedelta(minutes=5)
LONGEST_UNSENT = 20_000
UNSENT_FOR = timedelta(days=2)
KEPT = timedelta(days=30)
_SEEN = select(SESSION.c.seen_at).where(
    SESSION.c.subject_id == bindparam("subject_id"),
    SESSION.c.session_id == bindparam("session_id"),
    SESSION.c.ended_at.is_(None),
    SESSION.c.seen_at > bindparam("since"),
)
_profile_and_seen = profiles.reader(_SEEN.scalar_subquery())


@dataclass(frozen=True, slots=True)
class SignedIn:
    """One sign-in as its customer sees it."""

    subject_id: UUID
    session_id: UUID
    way: Way
    words: str
    began_at: datetime
    seen_at: datetime
    is_this: bool


def begin(session: Session, actor: Actor, way: Way, visitor: Visitor, address: str, now: datetime) -> UUID:
    """A sign-in begins, and gives its id; on a device that is new to them, the customer hears of it by e-mail.

    `address` is that of the portal, for the mail.
    """
    subject_id = UUID(actor.id)
    session_id = ids.uuid7(now)
    is_new = not devices.is_known(session, subjects_of(session, actor), visitor)
    devices.remember(session, subject_id, visitor, now)
    session.execute(
        SESSION.insert().values(
            subject_id=subject_id, session_id=session_id, way=way, device=visitor.device, words=visitor.words,
            began_at=now, seen_at=now, unsent="",
        )
    )  # fmt: skip
    if is_new and way not in ("claim", "recovery"):
        _alert(session, actor, visitor.words, address, now)
    return session_id


def actor_of(
    session: Session, subject_id: UUID, session_id: UUID, now: datetime
) -> tuple[Actor, profiles.Profile, bool] | None:
    """Who is signed in by it, all that is known of them, and whether it is time to write down that they are here.

    None once it was ended, or is over. Raises NotFound for who was erased.
    """
    asked = {"subject_id": subject_id, "session_id": session_id, "since": now - IDLE - COARSE}
    profile, seen = _profile_and_seen(session, subject_id, asked)
    if seen is None:
        return None
    return people.customer_of(subject_id, profile.name, profile.customer_id), profile, seen < now - COARSE


def seen_now(session: Session, subject_id: UUID, session_id: UUID, now: datetime) -> None:
    session.execute(
        update(SESSION).where(*_this(subject_id, session_id), SESSION.c.ended_at.is_(None)).values(seen_at=now)
    )


def signed_in(session: Session, actor: Actor, this: UUID | None, now: datetime) -> tuple[SignedIn, ...]:
    """Where the customer is signed in, this one first, then the last used."""
    subjects = subjects_of(session, actor)
    rows = session.execute(
        select(SESSION).where(
            SESSION.c.subject_id.in_(sorted(subjects)),
            SESSION.c.ended_at.is_(None),
            SESSION.c.seen_at > now - IDLE - COARSE,
        )
    )
    found = [
        SignedIn(row.subject_id, row.session_id, row.way, row.words, row.began_at, row.seen_at, row.session_id == this)
        for row in rows
    ]
    return tuple(sorted(found, key=lambda one: (not one.is_this, -one.seen_at.timestamp(), one.session_id)))


def end(session: Session, actor: Actor, session_id: UUID, now: datetime, *, forget: bool = True) -> None:
    """Ends one of the customer's own; ended twice is ended. Unless they merely leave, its device is a stranger from now on.

    Raises NotFound for what is not theirs.
    """
    subjects = subjects_of(session, actor)
    mine = (SESSION.c.subject_id.in_(sorted(subjects)), SESSION.c.session_id == session_id)
    device = session.execute(select(SESSION.c.device).where(*mine)).scalar()
    if device is None:
        raise NotFound(gettext("There is no such sign-in."))
    session.execute(update(SESSION).where(*mine, SESSION.c.ended_at.is_(None)).values(ended_at=now))
    if forget:
        on_trail(session, actor, "sign_in.ended", now, {"session": str(session_id)})
        devices.forget(session, subjects, [device])


def end_others(session: Session, actor: Actor, this: UUID | None, now: datetime) -> int:
    """Ends all of the customer's but this one, and gives how many there were; their devices are strangers from now on."""
    subjects = subjects_of(session, actor)
    others = [SESSION.c.subject_id.in_(sorted(subjects)), SESSION.c.ended_at.is_(None)]
    if this is not None:
        others.append(SESSION.c.session_id != this)
    used = set(session.execute(select(SESSION.c.device).where(*others)).scalars())
    kept = select(SESSION.c.device).where(SESSION.c.subject_id.in_(sorted(subjects)), SESSION.c.session_id == this)
    devices.forget(session, subjects, used - set(session.execute(kept).scalars()))
    ended = db.touched(session.execute(update(SESSION).where(*others).values(ended_at=now)))
    on_trail(session, actor, "sign_in.others_ended", now, {"many": ended})
    return ended


def subjects_of(session: Session, actor: Actor) -> tuple[UUID, ...]:
    """All ids by which the customer may sign in: their own, and those of before they were merged."""
    if actor.customer_id is None:
        return (UUID(actor.id),)
    return tuple(dict.fromkeys((UUID(actor.id), *subjects_of_customer(session, actor.customer_id))))


def subjects_of_customer(session: Session, customer_id: UUID) -> tuple[UUID, ...]:
    return (customer_id, *profiles.known_as(session, customer_id))


def keep_unsent(session: Session, subject_id: UUID, session_id: UUID, text: str) -> None:
    """A form came when this sign-in was over: what was written in it is kept for whoever it was, until they sign in again."""
    session.execute(update(SESSION).where(*_this(subject_id, session_id)).values(unsent=text[:LONGEST_UNSENT]))


def take_unsent(session: Session, actor: Actor, now: datetime) -> str:
    """What they wrote last and could not send, given this once; empty where there is nothing, or it was long ago."""
    mine = (SESSION.c.subject_id == UUID(actor.id), SESSION.c.unsent != "")
    found = session.execute(
        select(SESSION.c.unsent, SESSION.c.seen_at).where(*mine).order_by(SESSION.c.seen_at.desc())
    ).first()
    if found is None:
        return ""
    session.execute(update(SESSION).where(*mine).values(unsent=""))
    return str(found.unsent) if found.seen_at > now - UNSENT_FOR else ""


def timezone_of(session: Session, actor: Actor) -> str:
    """In which the customer reads times. Raises NotFound."""
    return profiles.profile(session, actor.customer_id or UUID(actor.id)).timezone


def forget_old(session: Session, now: datetime) -> int:
    """What is over is kept for a month: a customer may ask what became of their account."""
    return db.touched(session.execute(delete(SESSION).where(SESSION.c.seen_at < now - KEPT)))


def on_trail(session: Session, actor: Actor, action: str, now: datetime, payload: dict[str, Any] | None = None) -> None:
    """How a customer signs in is another from now on: that stands on the audit trail."""
    record.audit(
        session, actor=actor, action=action, subject=f"sign-in:{actor.id}", customer_id=actor.customer_id, payload=payload or {}, now=now
    )  # fmt: skip


def write_to(session: Session, actor: Actor, wanted: letters.Letter, now: datetime, purpose: str = "sign-in") -> None:
    """A letter about the customer's own account goes to their own address, where they have one and mail is sent at all."""
    if actor.customer_id is not None:
        _post(session, actor.customer_id, wanted, now, purpose)


def _post(session: Session, customer_id: UUID, wanted: letters.Letter, now: datetime, purpose: str) -> None:
    if not mail.is_set_up():
        return
    profile = profiles.profile(session, customer_id)
    to = (profile.email or "").strip()
    if mail.is_address(to):
        subject, text = letters.written(wanted, profile, now)
        mail.post(session, customer_id=profile.customer_id, to=to, subject=subject, text=text, purpose=purpose, at=now)


def tell_of_closing(session: Session, actor: Actor, closes_at: datetime, address: str, now: datetime) -> None:
    """The customer hears by e-mail that their account was asked to be closed, and how it is kept."""
    wanted = letters.Letter("closing_asked", {"link": f"{address}/me/closing"}, {"on": closes_at})
    write_to(session, actor, wanted, now)


def tell_of_keeping(session: Session, customer_id: UUID, now: datetime) -> None:
    """And that it no longer is."""
    _post(session, customer_id, letters.Letter("closing_taken_back"), now, "sign-in")


def _alert(session: Session, actor: Actor, words: str, address: str, now: datetime) -> None:
    write_to(session, actor, letters.Letter("new_device", {"device": words, "link": f"{address}/me/sign-in"}), now)


def _this(subject_id: UUID, session_id: UUID) -> tuple[Any, ...]:
    return (SESSION.c.subject_id == subject_id, SESSION.c.session_id == session_id)
