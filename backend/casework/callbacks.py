"""Calls back as they are made: the lists, the free times where the customer lives, and what follows when nobody takes the call."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlmodel import Session

from backend import db
from backend.cases import service as cases
from backend.cases.types import Callback, Case, Slot
from backend.casework import acts
from backend.catalogue import service as catalogues
from backend.interactions import service as interactions
from backend.matrix.service import Labelled, Pack
from backend.profiles import service as profiles
from backend.treatments import service as treatments
from shared.kernel import clock
from shared.kernel.actors import Actor
from shared.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from shared.kernel.languages import gettext, noted

QUICK = (
    ("soon", noted("As soon as you can")),
    ("morning", noted("In the morning")),
    ("afternoon", noted("In the afternoon")),
    ("evening", noted("In the evening")),
)


@dataclass(frozen=True, slots=True)
class CallTimes:
    """The free times as one customer reads them: the next of each part of the day, and all of them by day."""

    quick: tuple[tuple[str, str, Slot], ...]
    days: tuple[tuple[date, tuple[Slot, ...]], ...]
    zone: str
    team: str
    teams: tuple[Labelled, ...]


@dataclass(frozen=True, slots=True)
class CallLine:
    """A callback in a list, with whose it is. `late`: its time has passed; `due`: it is now."""

    call: Callback
    name: str
    number: str
    late: bool
    due: bool
    team_label: str


@dataclass(frozen=True, slots=True)
class CallsPage:
    lines: tuple[CallLine, ...]
    counts: dict[str, int]
    teams: tuple[str, ...]
    zone: str
    most_tries: int


def call_times(session: Session, customer_id: UUID, now: datetime, team: str = "") -> CallTimes:
    """The times at which we can call this customer. Raises NotFound, and Invalid for a team that there is not."""
    pack, zone = catalogues.pack_in_force(session), profiles.profile(session, customer_id).timezone
    return call_times_in(session, pack, zone, now, team)


def call_times_in(session: Session, pack: Pack, zone: str, now: datetime, team: str = "") -> CallTimes:
    """The same for whoever lives in this zone. Raises Invalid for a team that there is not."""
    quick, by_day = laid_out(cases.free_slots(session, pack, now, team), zone)
    said = tuple((key, gettext(label), slot) for key, label, slot in quick)
    return CallTimes(said, by_day, zone, cases.team_for(pack, team), pack.casework.team)


@lru_cache(maxsize=32)
def laid_out(free: tuple[Slot, ...], zone: str) -> tuple[Any, Any]:
    """The next slot of each part of the day, and all by day. The same for all who live in one zone, until one is taken."""
    quick = [
        (key, label, slot) for key, label in QUICK for slot in [next((one for one in free if cases.fits(one, key, zone)), None)] if slot
    ]  # fmt: skip
    days: dict[date, list[Slot]] = {}
    for one in free:
        days.setdefault(clock.local_day(one.at, zone), []).append(one)
    return tuple(quick), tuple((day, tuple(some)) for day, some in days.items())


def own_call_times(actor: Actor, now: datetime) -> CallTimes:
    """The same for the customer who is signed in."""
    with db.reading() as session:
        return call_times(session, _own(actor), now)


def book_callback(
    session: Session, customer_id: UUID, *, about: str, when: str, team: str, channel: str, actor: Actor, now: datetime
) -> Case:
    """A callback at the desk: `when` is the beginning of a slot, or a part of the day. Raises Invalid."""
    customer_id = profiles.resolve(session, customer_id)
    profile = profiles.profile(session, customer_id)
    if profile.phone is None:
        words = "We have no phone number of theirs."
        raise Invalid(words, {"when": words})
    at = instant_of(when)
    return cases.ask_callback(
        session, customer_id, about, at=at, part="" if at else when, team=team, zone=profile.timezone, actor=actor, now=now,
        channel=channel, pack=catalogues.pack_in_force(session),
    )  # fmt: skip


def move_callback(
    session: Session, customer_id: UUID, case_id: UUID, when: str, *, channel: str, actor: Actor, now: datetime
) -> Case:
    """The call at another time. Raises NotFound, Invalid, Conflict."""
    customer_id, at = profiles.resolve(session, customer_id), instant_of(when)
    if at is None:
        raise Invalid(gettext("Choose a time."), {"when": gettext("Choose a time.")})
    zone, pack = profiles.profile(session, customer_id).timezone, catalogues.pack_in_force(session)
    return cases.move(session, customer_id, case_id, at, zone=zone, pack=pack, actor=actor, now=now, channel=channel)


def move_own_callback(session: Session, actor: Actor, case_id: UUID, when: str, channel: str, now: datetime) -> Case:
    """The customer moves a call that they asked for. Raises NotFound for another's, Invalid, Conflict."""
    return move_callback(session, _own(actor), case_id, when, channel=channel, actor=actor, now=now)


def call_now(session: Session, customer_id: UUID, case_id: UUID, *, channel: str, actor: Actor, now: datetime) -> UUID:
    """The call is mine and a contact is open for it; gives whose. Raises NotFound, Conflict."""
    customer_id = profiles.resolve(session, customer_id)
    cases.take_call(session, customer_id, case_id, actor=actor, now=now, channel=channel)
    interactions.begin(session, customer_id, channel, actor, now, "outbound")
    return customer_id


def nobody_answered(
    session: Session, customer_id: UUID, case_id: UUID, *, channel: str, actor: Actor, now: datetime
) -> cases.Tried:
    """Not reached: the next free time by the pack's rule; after so many tries a case says so, and the call is over. Raises Conflict."""
    customer_id = profiles.resolve(session, customer_id)
    profile, pack = profiles.profile(session, customer_id), catalogues.pack_in_force(session)
    by: dict[str, Any] = {"actor": actor, "now": now, "channel": channel}
    tried = cases.not_reached(session, customer_id, case_id, zone=profile.timezone, pack=pack, **by)
    if tried.given_up:
        team = cases.callback_of(session, customer_id, case_id).team
        about = tried.case.subject or "a callback"
        made = acts.open_case(
            session, customer_id, f"Not reached by phone: {about}"[:200], team=team,
            text=f"Called {tried.tries} times, and nobody took the call. Write to them.", **by,
        )  # fmt: skip
        outcome = f"Not reached in {tried.tries} tries. We write to you: {made.reference[:3]} {made.reference[3:]}"
        treatments.close_case(session, customer_id, case_id, outcome=outcome, **by)
    return tried


def calls_page(view: cases.CallView, actor: Actor, now: datetime) -> CallsPage:
    """The calls of a list, those that burn first."""
    staff_id = UUID(actor.id) if actor.kind == "staff" else None
    with db.reading() as session:
        pack = catalogues.pack_in_force(session)
        found = cases.callbacks_in(session, view, staff_id)
        who = {one.customer_id: one for one in profiles.identified(session, [one.customer_id for one in found])}
        counts = cases.count_calls(session, staff_id or UUID(int=0))
        teams = cases.teams_of(session, staff_id) if staff_id else ()
    lines = tuple(_line(one, who, pack, now) for one in found)
    return CallsPage(lines, counts, teams, acts.zone_of(pack), pack.casework.callbacks.tries)


def miss_due(now: datetime, most: int) -> int:
    """Notes the callbacks whose time has passed; gives how many. Opens its own transactions."""
    with db.reading() as session:
        due = cases.due_missed(session, now, most)
    for customer_id, case_id in due:
        try:
            with db.transaction() as session:
                cases.note_missed(session, customer_id, case_id, now)
        except (Conflict, NotFound):
            continue  # called, or erased meanwhile
    return len(due)


def instant_of(text: str) -> datetime | None:
    """The beginning of a slot as a form sends it; None for what is no instant."""
    try:
        at = datetime.fromisoformat(text)
        return clock.utc(at) if at.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def _line(call: Callback, who: dict[UUID, Any], pack: Pack, now: datetime) -> CallLine:
    known = who.get(call.customer_id)
    if known is not None and known.name == profiles.NO_NAME:
        call = replace(call, case=replace(call.case, subject="", wish=""))
    late = call.missed_at is not None or (call.case.slot_until is not None and call.case.slot_until <= now)
    return CallLine(
        call, known.name if known else "", known.number if known else "", late, not late and call.due_at <= now,
        pack.casework.team_label(call.team),
    )  # fmt: skip


def _own(actor: Actor) -> UUID:
    if actor.customer_id is None:
        raise Forbidden(gettext("This page is for customers."))
    return actor.customer_id
