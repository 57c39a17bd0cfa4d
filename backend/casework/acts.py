"""What is done with cases beyond what their own room knows: the pack in force, the offers that opened them, the clock's doing."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from pathlib import Path
from uuid import UUID

from sqlmodel import Session

from backend import db
from backend.cases import service as cases
from backend.cases.types import Case, File
from backend.catalogue import service as catalogues
from backend.matrix.service import Pack
from backend.profiles import service as profiles
from backend.treatments import service as treatments
from shared.kernel.actors import SYSTEM, Actor
from shared.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from shared.kernel.languages import gettext

OPENED_AGAIN_WITHIN = timedelta(days=90)


def open_case(
    session: Session, customer_id: UUID, subject: str, *, text: str = "", by_customer: bool = False, type: str = "",
    priority: str = "", team: str = "", to_me: bool = False, channel: str | None = None, actor: Actor, now: datetime,
) -> Case:  # fmt: skip
    """Opens a case at the desk or from outside; `text` is the customer's own words, or a note of them. Raises Invalid."""
    customer_id = profiles.resolve(session, customer_id)
    pack = catalogues.pack_in_force(session)
    if not subject.strip():
        raise Invalid(gettext("Say what it is about."), {"subject": gettext("Say what it is about, in a few words.")})
    case = cases.open_case(
        session, customer_id, "case", subject, actor=actor, now=now, channel=channel, pack=pack, type=type, priority=priority,
        team=team,
    )  # fmt: skip
    if text.strip():
        said_by = profiles.profile(session, customer_id).name if by_customer else ""
        cases.first_message(session, customer_id, case, text, said_by=said_by, channel=channel, actor=actor, now=now)
    if to_me:
        me = (UUID(actor.id), actor.name)
        cases.assign(session, customer_id, case.case_id, to=me, pack=pack, seen=None, actor=actor, now=now)
    return case


def resolve(
    session: Session, customer_id: UUID, case_id: UUID, *, outcome: str, seen: int | None, channel: str, actor: Actor, now: datetime
) -> Case:  # fmt: skip
    """It is solved; where an offer opened it, that can no longer be taken back. Raises Conflict."""
    work = cases.require_version(session, customer_id, case_id, seen)
    if not work.is_active:
        raise Conflict(f"This case is {work.status_label.lower()} already.")
    return treatments.close_case(session, customer_id, case_id, actor=actor, now=now, channel=channel, outcome=outcome)


def answer(
    session: Session, customer_id: UUID, case_id: UUID, text: str, *, then: str, wait_days: int | None, seen: int | None,
    channel: str, actor: Actor, now: datetime,
) -> None:  # fmt: skip
    """A reply, and what becomes of the case by it: `then` is "open", "pending" or "resolved". Raises Invalid, Conflict."""
    pack = catalogues.pack_in_force(session)
    cases.reply(session, customer_id, case_id, text, channel=channel, pack=pack, seen=seen, actor=actor, now=now)
    if then == "pending":
        until = None if wait_days is None else morning(pack, now, days=wait_days)
        cases.pend(
            session, customer_id, case_id, on="customer", until=until, pack=pack, seen=None, actor=actor, now=now
        )
    elif then == "resolved":
        resolve(session, customer_id, case_id, outcome="", seen=None, channel=channel, actor=actor, now=now)


def zone_of(pack: Pack) -> str:
    """The zone in which cases are worked."""
    return pack.casework.timezone or pack.timezone


def morning(pack: Pack, now: datetime, *, day: date | None = None, days: int = 1) -> datetime:
    """When work begins on that day, or so many days on: where nobody works then, on the next day of work."""
    work = cases.time_of(pack)
    wanted = day or now.astimezone(work.zone).date() + timedelta(days=days)
    return work.opens(datetime.combine(wanted, time(), tzinfo=work.zone))


def wake_due(now: datetime, most: int) -> int:
    """Opens the cases whose time of waiting or sleeping is over; gives how many. Opens its own transactions."""
    with db.reading() as session:
        due = cases.due_to_wake(session, now, most)
    for customer_id, case_id in due:
        try:
            with db.transaction() as session:
                work = cases.work_of(session, customer_id, case_id)
                if work.wake_at is not None and work.wake_at <= now:
                    pack = catalogues.pack_in_force(session)
                    cases.go_on(session, customer_id, case_id, pack=pack, seen=work.version, actor=SYSTEM, now=now)
        except (Conflict, NotFound):
            continue  # somebody was quicker, or they were erased: then there is nothing to wake
    return len(due)


def close_due(now: datetime, most: int) -> int:
    """Closes what was resolved so long ago as the pack says; gives how many. Opens its own transactions."""
    with db.reading() as session:
        days = catalogues.pack_in_force(session).casework.close_days
        due = cases.due_to_close(session, now - timedelta(days=days), most)
    for customer_id, case_id in due:
        try:
            with db.transaction() as session:
                cases.close(session, customer_id, case_id, seen=None, actor=SYSTEM, now=now)
        except (Conflict, NotFound):
            continue
    return len(due)


def write_own(
    session: Session, actor: Actor, case_id: UUID, text: str, channel: str, now: datetime, *, file: tuple[str, bytes] | None = None,
    home: Path | None = None,
) -> None:  # fmt: skip
    """The customer writes in a case of theirs; a file may come with the words, or alone. Raises NotFound, Invalid, and Conflict where it is closed."""
    if actor.customer_id is None:
        raise Forbidden(gettext("This page is for customers."))
    pack = catalogues.pack_in_force(session)
    name = cases.clean_name(file[0]) if file is not None else ""
    words = text if text.strip() or file is None else gettext("A file: %(name)s", name=name)
    made = cases.write(session, actor.customer_id, case_id, words, channel=channel, pack=pack, actor=actor, now=now)
    if file is not None and home is not None:
        cases.attach(
            session, actor.customer_id, made.case_id, name, file[1], home=home, most_megabytes=pack.casework.attachment_megabytes,
            seen=None, actor=actor, now=now, channel=channel, message_id=made.message_id,
        )  # fmt: skip


def may_open_again(case: Case, now: datetime) -> bool:
    """Whether what was closed may go on where it stopped."""
    return case.state == "done" and case.closed_at is not None and now - case.closed_at <= OPENED_AGAIN_WITHIN


def own_file(session: Session, actor: Actor, case_id: UUID, file_id: UUID) -> File:
    """A file that the customer sent themselves. Raises NotFound for any other."""
    if actor.customer_id is None:
        raise Forbidden(gettext("This page is for customers."))
    found = cases.file_of(session, actor.customer_id, case_id, file_id)
    if found.channel is None:
        raise NotFound(gettext("There is no such file."))
    return found
