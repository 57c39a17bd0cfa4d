"""What customers do with cases and visits themselves: raise one, find what may help before, open one again, move a visit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from sqlmodel import Session

from backend import db
from backend.cases import service as cases
from backend.cases.types import Case, Listed
from backend.casework import acts
from backend.casework.callbacks import CallTimes, instant_of, laid_out
from backend.casework.knowing import MOST
from backend.catalogue import service as catalogues
from backend.knowledge import service as knowledge
from backend.knowledge.types import FoundArticle
from backend.matrix.service import Pack
from backend.profiles import service as profiles
from backend.treatments import service as treatments
from shared.kernel.actors import Actor
from shared.kernel.errors import Conflict, Forbidden, Invalid
from shared.kernel.languages import gettext

SAME = timedelta(minutes=10)
"""What is sent twice within this time is one: people click twice, and go back."""
SHOWN = 50


@dataclass(frozen=True, slots=True)
class CaseChoice:
    """What a case may be about, in the customer's words."""

    key: str
    label: str


@dataclass(frozen=True, slots=True)
class OwnCases:
    """All that the customer has asked us to look into: what is open first, then the newest; and what is planned."""

    cases: tuple[Listed, ...]
    planned: tuple[Case, ...]
    timezone: str


def case_choices(pack: Pack) -> tuple[CaseChoice, ...]:
    """What the customer is asked, in the pack's order."""
    return tuple(CaseChoice(one.key, pack.said(one.own)) for one in pack.casework.case_type if one.own)


def own_cases(actor: Actor) -> OwnCases:
    """The signed-in customer's. Raises Forbidden for anyone else."""
    with db.reading() as session:
        customer_id = _own(actor)
        listed = cases.of_customer_with_work(session, customer_id, SHOWN)
        planned = tuple(one for one in cases.of_customer(session, customer_id) if one.kind != "case")
        zone = profiles.profile(session, customer_id).timezone
    # What became part of another is read there.
    return OwnCases(tuple(one for one in listed if one.work.merged_into is None), planned, zone)


def suggest_own(session: Session, subject: str) -> tuple[FoundArticle, ...]:
    """Public articles whose words fit what they are about to send us, best first; nothing for no words."""
    return knowledge.search(session, subject[: cases.LONGEST_SUBJECT], public_only=True, limit=MOST)


def raise_own(
    session: Session, actor: Actor, subject: str, text: str, type: str, channel: str, now: datetime, *,
    file: tuple[str, bytes] | None = None, home: Path | None = None,
) -> Case:  # fmt: skip
    """Opens a case with the customer's own words; the same words sent again at once are the same case. Raises Invalid."""
    customer_id, pack = _own(actor), catalogues.pack_in_force(session)
    subject, text = " ".join(subject.split()), text.strip()
    errors = {}
    if not subject:
        errors["subject"] = gettext("Say in a few words what it is about.")
    elif len(subject) > cases.LONGEST_SUBJECT:
        errors["subject"] = gettext(
            "Keep it to %(most)s characters, and write the rest below.", most=cases.LONGEST_SUBJECT
        )
    choices = {one.key for one in case_choices(pack)}
    if type and type not in choices:
        errors["type"] = gettext("Choose what it is about.")
    if errors:
        raise Invalid(gettext("Please check this."), errors)
    profiles.hold(session, customer_id)
    for known in cases.of_customer(session, customer_id):
        if known.kind == "case" and known.subject == subject and now - known.opened_at < SAME:
            return known
    name = cases.clean_name(file[0]) if file is not None else ""
    words = text or (gettext("A file: %(name)s", name=name) if file is not None else "")
    made = acts.open_case(
        session, customer_id, subject, text=words, by_customer=True, type=type, channel=channel, actor=actor, now=now
    )
    if file is not None and home is not None:
        first = cases.messages(session, customer_id, made.case_id, notes=False)[-1]
        cases.attach(
            session, customer_id, made.case_id, name, file[1], home=home, most_megabytes=pack.casework.attachment_megabytes,
            seen=None, actor=actor, now=now, channel=channel, message_id=first.message_id,
        )  # fmt: skip
    return made


def reopen_own(session: Session, actor: Actor, case_id: UUID, text: str, channel: str, now: datetime) -> None:
    """It is not solved after all, and why: a closed case goes on where it stopped. Raises NotFound, Invalid, Conflict."""
    customer_id, pack = _own(actor), catalogues.pack_in_force(session)
    work = cases.work_of(session, customer_id, case_id)
    if work.merged_into is not None:
        case_id, work = work.merged_into, cases.work_of(session, customer_id, work.merged_into)
    if work.status == "closed":
        if not acts.may_open_again(cases.case_of(session, customer_id, case_id), now):
            raise Conflict(gettext("This is closed. Please write to us anew."))
        if not text.strip():
            raise Invalid(gettext("Write something first."), {"text": gettext("Write what is still open.")})
        cases.reopen(session, customer_id, case_id, pack=pack, seen=None, actor=actor, now=now, channel=channel)
    cases.write(session, customer_id, case_id, text, channel=channel, pack=pack, actor=actor, now=now)


def own_visit_times(actor: Actor, case_id: UUID, now: datetime) -> tuple[Case, CallTimes]:
    """A visit of theirs, and the times to which it can be moved. Raises NotFound for another's, Conflict."""
    with db.reading() as session:
        customer_id, pack = _own(actor), catalogues.pack_in_force(session)
        zone = profiles.profile(session, customer_id).timezone
        case = cases.case_of(session, customer_id, case_id)
        quick, days = laid_out(treatments.visit_times(session, customer_id, case_id, pack, now), zone)
    return case, CallTimes(quick, days, zone, "", ())


def move_own_visit(session: Session, actor: Actor, case_id: UUID, when: str, channel: str, now: datetime) -> Case:
    """The customer moves a visit. Raises NotFound for another's, Invalid, Conflict."""
    customer_id, at = _own(actor), instant_of(when)
    if at is None:
        raise Invalid(gettext("Choose a time."), {"when": gettext("Choose a time.")})
    zone, pack = profiles.profile(session, customer_id).timezone, catalogues.pack_in_force(session)
    return treatments.move_visit(
        session, customer_id, case_id, at, zone=zone, pack=pack, actor=actor, now=now, channel=channel
    )


def _own(actor: Actor) -> UUID:
    if actor.customer_id is None:
        raise Forbidden(gettext("This page is for customers."))
    return actor.customer_id
