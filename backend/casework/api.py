"""JSON routes of cases: listed, opened, read, written in, worked. For programs that act for staff, or bring what customers wrote."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import Session

from backend import db, problems
from backend.cases import service as cases
from backend.cases.types import Case, Message, Work
from backend.casework import acts, filling, viewing
from backend.catalogue import service as catalogues
from backend.people.service import Permission, current_actor, requires
from backend.profiles import service as profiles
from shared.kernel import clock
from shared.kernel.actors import Actor
from shared.kernel.errors import Invalid

bp = problems.blueprint(
    "cases", __name__, "Work that outlives a contact: who has it, by when it is due, what was written"
)

Status = Literal["new", "open", "pending", "snoozed", "resolved", "closed", "reopened"]
Channel = Literal["phone", "portal", "email", "sms", "chat", "branch"]
Name = Annotated[str, Field(max_length=60)]
Seen = Annotated[int | None, Field(ge=1, le=1_000_000_000)]
"""The version that was read; another one by now: 409. Left out: whatever was done meanwhile."""


class CustomerPath(BaseModel):
    customer_id: UUID


class CasePath(BaseModel):
    customer_id: UUID
    case_id: UUID


class CasesQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    view: Literal["all", "unassigned"] = "all"
    status: Status | None = None
    type: Name = ""
    priority: Name = ""
    team: Name = ""
    limit: int = Field(default=25, ge=1, le=100)
    cursor: str | None = Field(default=None, min_length=1, max_length=64)


class OpenBody(problems.Body):
    """`text` are the customer's own words where `from_customer` is true, else a note for colleagues."""

    subject: str = Field(min_length=1, max_length=200)
    text: str = Field(default="", max_length=10_000)
    from_customer: bool = False
    type: Name = ""
    priority: Name = ""
    team: Name = ""
    channel: Channel | None = None


class MessageBody(problems.Body):
    """`kind`: an answer of ours, a note for colleagues, or what the customer wrote. With an answer, `then` says what becomes of the case."""

    kind: Literal["agent", "note", "customer"]
    text: str = Field(min_length=1, max_length=10_000)
    channel: Channel = "portal"
    then: Literal["open", "pending", "resolved"] = "open"
    version: Seen = None


class ActBody(problems.Body):
    """What is done: each act reads the fields that it needs.

    assign: staff_id (null: nobody), team. classify: type, priority, tags. pend: on, until. snooze: until. resolve: outcome. link,
    unlink, merge: other_id. macro: macro. open (go on, or open again), close, unmerge: nothing more.
    """

    act: Literal[
        "assign", "classify", "pend", "snooze", "open", "resolve", "close", "link", "unlink", "merge", "unmerge", "macro"
    ]  # fmt: skip
    version: Seen = None
    staff_id: Annotated[str | None, Field(max_length=36, json_schema_extra={"format": "uuid"})] = None
    team: Name | None = None
    type: Name = ""
    priority: Name = ""
    tags: Annotated[list[Name], Field(max_length=20)] | None = None
    on: Literal["customer", "colleague", "third_party"] = "customer"
    until: Annotated[str | None, Field(max_length=40, json_schema_extra={"format": "date-time"})] = None
    outcome: str = Field(default="", max_length=500)
    other_id: Annotated[str | None, Field(max_length=36, json_schema_extra={"format": "uuid"})] = None
    macro: Name = ""


class DueAnswer(BaseModel):
    what: Literal["answer", "resolution", "paused", "none"]
    at: datetime | None
    late: bool


class CaseLineAnswer(BaseModel):
    id: UUID
    customer_id: UUID
    reference: str
    subject: str
    status: Status
    type: str
    priority: str
    staff_id: UUID | None
    staff: str
    team: str
    tags: list[str]
    version: int
    opened_at: datetime
    unanswered: bool
    due: DueAnswer


class CasesAnswer(BaseModel):
    items: list[CaseLineAnswer]
    next_cursor: str | None


class MessageAnswer(BaseModel):
    id: UUID
    kind: Literal["agent", "note", "customer"]
    channel: str | None
    author: str
    text: str
    at: datetime


class CaseAnswer(CaseLineAnswer):
    outcome: str
    first_due: datetime | None
    solve_due: datetime | None
    answered_at: datetime | None
    wake_at: datetime | None
    resolved_at: datetime | None
    merged_into: UUID | None
    linked: list[UUID]
    messages: list[MessageAnswer]


@bp.get("/cases", responses={200: CasesAnswer}, summary="Open cases, what is due first foremost")
@requires(Permission.SEE_CASES)
def listed(query: CasesQuery) -> problems.Answer:
    """Snoozed ones only where `status` asks for them."""
    now = clock.now()
    found = viewing.cases_page(
        query.view, current_actor(), now, statuses=(query.status,) if query.status else (), type=query.type,
        priority=query.priority, team=query.team, limit=query.limit, cursor=query.cursor,
    )  # fmt: skip
    return {"items": [_line(one.case, one.work, now) for one in found.lines], "next_cursor": found.next_cursor}


@bp.post("/customers/<uuid:customer_id>/cases", responses={201: CaseAnswer}, summary="Open a case")
@requires(Permission.WORK_CASES)
def open_one(path: CustomerPath, body: OpenBody) -> problems.Answer:
    """It goes to the team of its type, and is due by the pack's promises."""
    with db.transaction() as session:
        owner = profiles.resolve(session, path.customer_id)
        made = acts.open_case(
            session, owner, body.subject, text=body.text, by_customer=body.from_customer, type=body.type, priority=body.priority,
            team=body.team, channel=body.channel, actor=current_actor(), now=clock.now(),
        )  # fmt: skip
        return _whole(session, owner, made.case_id), 201


@bp.get(
    "/customers/<uuid:customer_id>/cases/<uuid:case_id>",
    responses={200: CaseAnswer},
    summary="A case with what was written",
)
@requires(Permission.SEE_CASES)
def read(path: CasePath) -> problems.Answer:
    with db.reading() as session:
        return _whole(session, profiles.resolve(session, path.customer_id), path.case_id)


@bp.post(
    "/customers/<uuid:customer_id>/cases/<uuid:case_id>/messages",
    responses={201: CaseAnswer},
    summary="Write in a case",
)
@requires(Permission.WORK_CASES)
def write(path: CasePath, body: MessageBody) -> problems.Answer:
    """409 where somebody did something since `version`, or the case is closed."""
    actor, now = current_actor(), clock.now()
    with db.transaction() as session:
        owner = profiles.resolve(session, path.customer_id)
        if body.kind == "note":
            cases.note(session, owner, path.case_id, body.text, seen=body.version, actor=actor, now=now)
        elif body.kind == "agent":
            acts.answer(
                session, owner, path.case_id, body.text, then=body.then, wait_days=None, seen=body.version, channel=body.channel,
                actor=actor, now=now,
            )  # fmt: skip
        else:
            cases.require_version(session, owner, path.case_id, body.version)
            name = profiles.profile(session, owner).name
            cases.write(
                session, owner, path.case_id, body.text, channel=body.channel, pack=catalogues.pack_in_force(session),
                actor=Actor("customer", str(owner), name, customer_id=owner), now=now,
            )  # fmt: skip
        return _whole(session, owner, path.case_id), 201


@bp.post(
    "/customers/<uuid:customer_id>/cases/<uuid:case_id>/acts",
    responses={200: CaseAnswer},
    summary="Do something with a case",
)
@requires(Permission.WORK_CASES)
def act(path: CasePath, body: ActBody) -> problems.Answer:
    """409 where somebody did something since `version`, or the case is not such that this can be done."""
    with db.transaction() as session:
        owner = profiles.resolve(session, path.customer_id)
        _do(session, owner, path.case_id, body, current_actor(), clock.now())
        return _whole(session, owner, path.case_id)


def _do(session: Session, owner: UUID, case_id: UUID, body: ActBody, actor: Actor, now: datetime) -> None:
    pack = catalogues.pack_in_force(session)
    by: dict[str, Any] = {"seen": body.version, "actor": actor, "now": now}
    where = (session, owner, case_id)
    match body.act:
        case "assign":
            wanted = _uuid("staff_id", body.staff_id)
            to = next((one for one in cases.workers(session) if one[0] == wanted), None)
            if wanted is not None and to is None:
                raise Invalid("Nobody of this id works cases.", {"staff_id": "no member of staff who works cases"})
            cases.assign(*where, to=to, team=body.team, pack=pack, **by)
        case "classify":
            cases.classify(*where, type=body.type, priority=body.priority, tags=body.tags, pack=pack, **by)
        case "pend":
            cases.pend(*where, on=body.on, until=_instant(body.until), pack=pack, **by)
        case "snooze":
            until = _instant(body.until)
            if until is None:
                raise Invalid("Say until when.", {"until": "an instant ahead, as in 2026-12-31T08:00:00Z"})
            cases.snooze(*where, until=until, pack=pack, **by)
        case "open":
            how = cases.go_on if cases.work_of(*where).is_active else cases.reopen
            how(*where, pack=pack, **by)
        case "resolve":
            acts.resolve(*where, outcome=body.outcome, channel="phone", **by)
        case "close":
            cases.close(*where, **by)
        case "unmerge":
            cases.unmerge(*where, pack=pack, **by)
        case "macro":
            filling.run_macro(*where, body.macro, pack=pack, reply_channel="portal", channel="phone", **by)
        case _:
            other = _uuid("other_id", body.other_id)
            if other is None:
                raise Invalid("Say which other case.", {"other_id": "the id of another case of this customer"})
            {"link": cases.link, "unlink": cases.unlink, "merge": cases.merge}[body.act](*where, other, **by)


def _uuid(name: str, text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        raise Invalid("That is no id.", {name: "a UUID"}) from None


def _instant(text: str | None) -> datetime | None:
    if not text:
        return None
    try:
        return clock.utc(datetime.fromisoformat(text.replace("Z", "+00:00")))
    except (ValueError, OverflowError):
        wanted = "an instant with its zone, as in 2026-12-31T08:00:00Z"
        raise Invalid("That is no instant.", {"until": wanted}) from None


def _line(case: Case, work: Work, now: datetime) -> dict[str, Any]:
    told = {
        name: getattr(work, name)
        for name in ("customer_id", "status", "type", "priority", "staff_id", "staff", "team", "version", "unanswered")
    }
    due = cases.due_next(work, now)
    return {
        "id": case.case_id, "reference": case.reference, "subject": case.subject, "tags": list(work.tags),
        "opened_at": case.opened_at, "due": {"what": due.what, "at": due.at, "late": due.late}, **told,
    }  # fmt: skip


def _whole(session: Session, owner: UUID, case_id: UUID) -> dict[str, Any]:
    work = cases.work_of(session, owner, case_id)
    case = cases.case_of(session, owner, case_id)
    names = ("first_due", "solve_due", "answered_at", "wake_at", "resolved_at", "merged_into")
    return {
        **_line(case, work, clock.now()), **{name: getattr(work, name) for name in names}, "outcome": case.outcome,
        "linked": sorted(cases.linked(session, owner, case_id)),
        "messages": [_message(one) for one in cases.messages(session, owner, case_id, notes=True)],
    }  # fmt: skip


def _message(one: Message) -> dict[str, Any]:
    return {
        "id": one.message_id, "kind": one.kind, "channel": one.channel, "author": one.author, "text": one.text, "at": one.at,
    }  # fmt: skip
