"""Cases as they are shown: lists with whose they are, one case with its customer, and the customer's own page of it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from backend import db
from backend.cases import service as cases
from backend.cases.types import Case, Counted, Draft, File, Listed, Message, Work
from backend.casework.acts import may_open_again, zone_of
from backend.casework.filling import MacroSteps, fitting, steps_of, values_for
from backend.catalogue import service as catalogues
from backend.mail import service as mail
from backend.mailroom import service as mailroom
from backend.matrix.service import CannedReply, Casework
from backend.profiles import service as profiles
from backend.profiles.types import Profile
from shared.kernel.actors import Actor
from shared.kernel.errors import Forbidden
from shared.kernel.languages import gettext, noted

SHOWN = 25


@dataclass(frozen=True, slots=True)
class CaseLine:
    """A case in a list, with its customer's name and number and what is due next."""

    case: Case
    work: Work
    name: str
    number: str
    due: cases.Due


@dataclass(frozen=True, slots=True)
class CasesPage:
    lines: tuple[CaseLine, ...]
    next_cursor: str | None
    counts: Counted
    teams: tuple[str, ...]
    """Those that the agent looks after."""
    casework: Casework
    zone: str
    waiting_mail: int
    """So many mails of nobody known."""


@dataclass(frozen=True, slots=True)
class CasePage:
    """One case for the one who works it."""

    case: Case
    work: Work
    due: cases.Due
    profile: Profile
    life_cycle: str
    warnings: tuple[str, ...]
    messages: tuple[Message, ...]
    draft: Draft | None
    others: tuple[Listed, ...]
    """The customer's other cases."""
    workers: tuple[tuple[UUID, str], ...]
    casework: Casework
    zone: str
    offered: bool
    """Whether an offer set it in motion."""
    files: tuple[File, ...]
    linked: frozenset[UUID]
    parts: tuple[UUID, ...]
    """Cases that became part of this one."""
    replies: tuple[CannedReply, ...]
    macros: tuple[MacroSteps, ...]
    mail: mailroom.Shown


def cases_page(
    view: cases.View, actor: Actor, now: datetime, *, statuses: Collection[str] = (), type: str = "", priority: str = "",
    team: str = "", cursor: str | None = None, limit: int = SHOWN,
) -> CasesPage:  # fmt: skip
    """One page of a list. Raises Invalid for a cursor that is none."""
    staff_id = UUID(actor.id) if actor.kind == "staff" else None
    with db.reading() as session:
        pack = catalogues.pack_in_force(session)
        found = cases.cases_in(
            session,
            view,
            staff_id,
            statuses=statuses,
            type=type,
            priority=priority,
            team=team,
            limit=limit,
            cursor=cursor,
        )
        counts = cases.counts(session, staff_id or UUID(int=0))
        waiting = mail.count_unrecognised(session)
        teams = cases.teams_of(session, staff_id) if staff_id else ()
        who = {one.customer_id: one for one in profiles.identified(session, [x.work.customer_id for x in found.items])}
    closed = {one.customer_id for one in who.values() if one.name == profiles.NO_NAME}
    lines = tuple(
        CaseLine(
            replace(one.case, subject="") if one.work.customer_id in closed else one.case, one.work, who[one.work.customer_id].name if one.work.customer_id in who else "",
            who[one.work.customer_id].number if one.work.customer_id in who else "", cases.due_next(one.work, now),
        )
        for one in found.items
    )  # fmt: skip
    return CasesPage(lines, found.next_cursor, counts, teams, pack.casework, zone_of(pack), waiting)


def case_page(customer_id: UUID, case_id: UUID, actor: Actor, now: datetime) -> CasePage | None:
    """The case with all that is on its page; None for a callback or an appointment. Raises NotFound."""
    with db.reading() as session:
        customer_id = profiles.resolve(session, customer_id)
        case = cases.case_of(session, customer_id, case_id)
        if case.kind != "case":
            return None
        pack = catalogues.pack_in_force(session)
        work = cases.work_of(session, customer_id, case_id)
        profile = profiles.profile(session, customer_id)
        snapshot = profiles.snapshot(profile, now, pack)
        others = tuple(one for one in cases.of_customer_with_work(session, customer_id) if one.case.case_id != case_id)
        parts = cases.parts_of(session, customer_id, case_id)
        return CasePage(
            case=case, work=work, due=cases.due_next(work, now), profile=profile,
            life_cycle=pack.label_of(pack.life_cycle, snapshot.life_cycle),
            warnings=tuple(pack.label_of(pack.protective, key) for key in snapshot.protective),
            messages=cases.messages(session, customer_id, case_id, notes=True),
            draft=cases.draft_of(session, customer_id, case_id, UUID(actor.id)) if actor.kind == "staff" else None,
            others=others, workers=cases.workers(session), casework=pack.casework, zone=zone_of(pack),
            offered=case.offer_id is not None,
            files=tuple(file for one in (case_id, *parts) for file in cases.files_of(session, customer_id, one)),
            linked=cases.linked(session, customer_id, case_id), parts=parts,
            mail=mailroom.shown(session, profile, (case_id, *parts), pack),
            replies=fitting(pack.casework.canned_reply, work.type), macros=tuple(
                steps_of(one, values_for(session, customer_id, case, pack, actor), pack, profile.language)
                for one in fitting(pack.casework.macro, work.type)
            ),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class OwnCase:
    """A case as its customer reads it: nothing that colleagues wrote for each other, no level, no owner's name."""

    case: Case
    state_text: str
    messages: tuple[Message, ...]
    may_write: bool
    timezone: str
    files: tuple[File, ...]
    """Those that they sent themselves."""
    megabytes: int
    may_open_again: bool = False
    """It is closed, and may still go on where it stopped."""


_WORKED_ON = noted("We are working on it")
_TOLD = {
    "pending": noted("We wait for your answer"), "resolved": noted("Solved"), "closed": noted("Closed"),
}  # fmt: skip


def own_case(actor: Actor, case_id: UUID, now: datetime) -> OwnCase | None:
    """One of the customer's own cases; None for a callback or an appointment. Raises NotFound for another's."""
    if actor.customer_id is None:
        raise Forbidden(gettext("This page is for customers."))
    with db.reading() as session:
        if cases.case_of(session, actor.customer_id, case_id).kind != "case":
            return None
        work = cases.work_of(session, actor.customer_id, case_id)
        if work.merged_into is not None:
            # What became part of another case is read there.
            case_id, work = work.merged_into, cases.work_of(session, actor.customer_id, work.merged_into)
        told = gettext(_TOLD.get(work.status, _WORKED_ON))
        if work.status == "pending" and work.waits_for != "customer":
            told = gettext("We wait for an answer from somebody else")
        case = cases.case_of(session, actor.customer_id, case_id)
        return OwnCase(
            case, told,
            cases.messages(session, actor.customer_id, case_id, notes=False), work.status != "closed",
            profiles.profile(session, actor.customer_id).timezone,
            tuple(one for one in cases.files_of(session, actor.customer_id, case_id) if one.channel),
            catalogues.pack_in_force(session).casework.attachment_megabytes,
            work.status == "closed" and may_open_again(case, now),
        )  # fmt: skip
