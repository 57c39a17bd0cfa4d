"""A caller proves who they are: by questions whose answers are compared here and never shown, or by a code sent to them.

What is on record is the way, which questions were asked, who asked and until when it holds; never an answer, and the code only
as a hash. Wrong answers count for the customer, whoever asks and in whichever contact: after so many nothing is compared for a
while.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlmodel import Session

from backend import db
from backend.interactions import codes, comparing, contacts
from backend.interactions.tables import InteractionRow
from backend.interactions.timeline import record
from backend.interactions.types import Interaction
from backend.interactions.verifying import hold_verified
from backend.matrix.service import Pack, Question, Way
from backend.profiles import service as profiles
from backend.profiles.service import Profile, email_text
from shared.kernel.actors import Actor
from shared.kernel.errors import Conflict, Invalid

_INTERACTION = db.table_of(InteractionRow)
CODE_LASTS = timedelta(minutes=5)
CODE_TRIES = 3
KNOWN_FOR = timedelta(days=1)
"""An address that was first told of later than this before the contact is not known well enough to send a code to."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as the desk shows it: never with what is known."""

    key: str
    label: str


@dataclass(frozen=True, slots=True)
class CodeSent:
    """A code on its way: to where, masked, until when it may be read back, and how many tries are left."""

    to: str
    until: datetime
    tries: int


@dataclass(frozen=True, slots=True)
class Proving:
    """What may be done now so that whoever speaks proves who they are."""

    interaction: Interaction
    noted: tuple[Way, ...]
    questions: tuple[Asked, ...]
    """Empty where too little is known of them to ask."""
    code_to: str
    """Where a code would be sent, masked; empty where none can be."""
    sent: CodeSent | None
    tries: int
    """So many wrong answers are left."""
    locked_until: datetime | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """Whether it was proved; else how many tries are left, and until when nothing is compared."""

    verified: bool
    tries: int = 0
    locked_until: datetime | None = None


def proving(
    session: Session, customer_id: UUID, interaction_id: UUID, actor: Actor, now: datetime, pack: Pack
) -> Proving:
    """What the agent may ask or send in this contact. Raises NotFound, and Conflict for a contact that is not theirs or over."""
    found = _open(session, customer_id, interaction_id, actor)
    profile = profiles.profile(session, customer_id)
    kinds = {way.kind for way in pack.verifications}
    wrong, locked = _wrong(session, profile.customer_id, now, pack)
    to = (
        known_address(session, profile, found.started_at, pack)
        if "code" in kinds and codes.sender() is not None
        else None
    )
    asked = _questions(session, profile, interaction_id, now, pack) if "questions" in kinds else ()
    return Proving(
        found,
        tuple(way for way in pack.verifications if way.kind == "noted"),
        tuple(Asked(one.key, one.label) for one, _ in asked),
        email_text(to) if to else "",
        _sent(found, now),
        max(0, pack.verifying.tries - wrong),
        locked,
    )


def answer_questions(
    session: Session, customer_id: UUID, interaction_id: UUID, answers: Mapping[str, str], actor: Actor, now: datetime, pack: Pack
) -> Outcome:  # fmt: skip
    """Compares what was answered with what is known: all of it must be right, and which was not is not said.

    A wrong answer counts, so this is to be committed. Raises NotFound, Conflict as contacts do or while it is locked, and
    Invalid where an answer is missing.
    """
    profiles.lock_out(session, profiles.resolve(session, customer_id))
    found = _open(session, customer_id, interaction_id, actor)
    profile = profiles.profile(session, customer_id)
    _unless_locked(session, profile.customer_id, now, pack)
    asked = _questions(session, profile, interaction_id, now, pack)
    if not asked:
        raise Conflict("Too little is known of this customer to ask them anything.")
    missing = {f"answer-{one.key}": "Ask, and type what they say." for one, _ in asked if not _typed(answers, one)}
    if missing:
        raise Invalid("Type what they say to each question.", missing)
    right = [comparing.matches(one.compare, _typed(answers, one), known) for one, known in asked]
    labels = [one.label for one, _ in asked]
    way = next(way for way in pack.verifications if way.kind == "questions")
    if all(right):
        hold_verified(session, found, way, actor, now, pack, {"questions": labels})
        return Outcome(True)
    return _failed(session, found, way, actor, now, pack, {"questions": labels}, dict(found.proof or {}))


def send_code(
    session: Session, customer_id: UUID, interaction_id: UUID, actor: Actor, now: datetime, pack: Pack
) -> CodeSent:
    """Sends six digits to an address that is known to be theirs; the one sent before counts no more.

    Raises NotFound, and Conflict as contacts do, while it is locked, or where no code can be sent.
    """
    profiles.lock_out(session, profiles.resolve(session, customer_id))
    found = _open(session, customer_id, interaction_id, actor)
    profile = profiles.profile(session, customer_id)
    _unless_locked(session, profile.customer_id, now, pack)
    send, to = codes.sender(), known_address(session, profile, found.started_at, pack)
    if send is None or to is None or not any(way.kind == "code" for way in pack.verifications):
        raise Conflict("No code can be sent: no address is known well enough to be theirs.")
    code, salt, kept = comparing.new_code()
    until = now + CODE_LASTS
    _keep(
        session,
        found,
        code={"salt": salt, "hash": kept, "until": until.isoformat(), "tries": CODE_TRIES, "to": email_text(to)},
    )
    text = (
        f"Your code is {code[:3]} {code[3:]}. Read it to the person you are speaking with. It is good for five minutes.\n\n"
        f"You are not speaking with us? Then do not give it to anybody, and call us: {pack.phone}."
    )
    send(session, customer_id=profile.customer_id, to=to, subject="Your code", text=text, purpose="code", at=now)
    record(session, profile.customer_id, "code.sent", found.channel, actor, {"to": email_text(to)}, now, interaction_id)
    return CodeSent(email_text(to), until, CODE_TRIES)


def read_code(
    session: Session, customer_id: UUID, interaction_id: UUID, typed: str, actor: Actor, now: datetime, pack: Pack
) -> Outcome:
    """Compares what the customer read back with the code. A wrong one counts, so this is to be committed.

    Raises NotFound, Conflict as contacts do, while it is locked, or where no code is good any more, Invalid for nothing typed.
    """
    profiles.lock_out(session, profiles.resolve(session, customer_id))
    found = _open(session, customer_id, interaction_id, actor)
    _unless_locked(session, found.customer_id, now, pack)
    if _sent(found, now) is None:
        raise Conflict("This code is no longer good. Send another one.")
    if not any(c.isdigit() for c in typed):
        raise Invalid("Type the code that they read to you.", {"code": "six digits"})
    proof = dict(found.proof or {})
    code = dict(proof["code"])
    way = next(way for way in pack.verifications if way.kind == "code")
    if comparing.same_code(typed, code["salt"], code["hash"]):
        hold_verified(session, found, way, actor, now, pack, {"to": code["to"]})
        return Outcome(True)
    code["tries"] -= 1
    proof["code"] = code if code["tries"] > 0 else None
    return _failed(session, found, way, actor, now, pack, {"to": code["to"]}, proof)


def _open(session: Session, customer_id: UUID, interaction_id: UUID, actor: Actor) -> Interaction:
    found = contacts.own(session, profiles.resolve(session, customer_id), interaction_id, actor)
    if found.wrapped_at is not None:
        raise Conflict("This contact is wrapped up already.")
    return found


def _questions(
    session: Session, profile: Profile, interaction_id: UUID, now: datetime, pack: Pack
) -> tuple[tuple[Question, Any], ...]:
    """What is asked in this contact, with what is known: others in another contact, the same ones however often it is opened."""
    plain = known_of(profile, now, pack)
    known = [(one, plain.get(one.attribute)) for one in pack.verifying.asked_of("caller")]
    known = [(one, value) for one, value in known if value not in (None, "", 0, 0.0)]
    if len(known) < pack.verifying.ask:
        return ()
    known.sort(key=lambda one: hashlib.sha256(f"{interaction_id} {one[0].key}".encode()).digest())
    return tuple(known[: pack.verifying.ask])


def known_of(profile: Profile, now: datetime, pack: Pack) -> dict[str, Any]:
    """All that is known of them, by the names that questions go by."""
    plain: dict[str, Any] = {**profiles.snapshot(profile, now, pack).facts, **profile.attributes}
    plain |= {"number": profile.number, "phone": profile.phone, "email": profile.email}
    if profile.birth_date is not None:
        plain["birth_date"] = profile.birth_date.isoformat()
    return plain


def known_address(session: Session, profile: Profile, begun_at: datetime, pack: Pack) -> str | None:
    """Their e-mail address, where it is known to be theirs: checked by whoever told it, or known before they got in touch."""
    if not profile.email:
        return None
    told = profiles.contact_sources(session, profile.customer_id, pack).get("email")
    long_ago = told is None or told.at is None or told.at <= begun_at - KNOWN_FOR
    return profile.email if long_ago or (told is not None and told.verified) else None


def _sent(found: Interaction, now: datetime) -> CodeSent | None:
    code = (found.proof or {}).get("code")
    if not code or datetime.fromisoformat(code["until"]) <= now:
        return None
    return CodeSent(code["to"], datetime.fromisoformat(code["until"]), code["tries"])


def _wrong(session: Session, customer_id: UUID, now: datetime, pack: Pack) -> tuple[int, datetime | None]:
    """How many wrong answers of this customer's count still, in whatever contact, and until when nothing is compared."""
    since = now - timedelta(minutes=pack.verifying.lock_minutes)
    recent = (_INTERACTION.c.customer_id == customer_id, _INTERACTION.c.wrong_at > since)
    wrong, last = session.execute(
        select(func.coalesce(func.sum(_INTERACTION.c.wrong_answers), 0), func.max(_INTERACTION.c.wrong_at)).where(
            *recent
        )
    ).one()
    locked = wrong >= pack.verifying.tries and last is not None
    return int(wrong), last + timedelta(minutes=pack.verifying.lock_minutes) if locked else None


def _unless_locked(session: Session, customer_id: UUID, now: datetime, pack: Pack) -> None:
    if _wrong(session, customer_id, now, pack)[1] is not None:
        raise Conflict("Too many answers were wrong. Nothing is compared for a while; verify them in another way.")


def _failed(
    session: Session, found: Interaction, way: Way, actor: Actor, now: datetime, pack: Pack, data: dict[str, Any],
    proof: dict[str, Any],
) -> Outcome:  # fmt: skip
    before = found.wrong_answers if _recent(found, now, pack) else 0
    session.execute(
        update(_INTERACTION)
        .where(*contacts.this(found.customer_id, found.interaction_id))
        .values(wrong_answers=before + 1, wrong_at=now, proof=proof or None)
    )
    told = {"how": way.key, "how_label": way.label} | data
    record(session, found.customer_id, "caller.unverified", found.channel, actor, told, now, found.interaction_id)
    wrong, locked = _wrong(session, found.customer_id, now, pack)
    return Outcome(False, max(0, pack.verifying.tries - wrong), locked)


def _recent(found: Interaction, now: datetime, pack: Pack) -> bool:
    return found.wrong_at is not None and found.wrong_at > now - timedelta(minutes=pack.verifying.lock_minutes)


def _keep(session: Session, found: Interaction, **part: Any) -> None:
    session.execute(
        update(_INTERACTION)
        .where(*contacts.this(found.customer_id, found.interaction_id))
        .values(proof={**(found.proof or {}), **part})
    )


def _typed(answers: Mapping[str, str], one: Question) -> str:
    return answers.get(one.key, "").strip()[:200]
