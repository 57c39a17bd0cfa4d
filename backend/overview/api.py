"""JSON routes of customers: recognise and search, the 360° profile, the timeline, the moment. For programs that act for staff."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from backend import db, problems
from backend.catalogue import service as catalogues
from backend.interactions import service as interactions
from backend.overview import lines, service
from backend.overview.types import BillLine
from backend.people.service import Permission, current_actor, requires
from backend.profiles import service as profiles
from shared.kernel import clock

bp = problems.blueprint("customers", __name__, "Who a customer is, what happened, and why they are here now")

Limit = Annotated[int, Field(ge=1, le=100)]
Cursor = Annotated[str, Field(min_length=1, max_length=64)]


class CustomerPath(BaseModel):
    customer_id: UUID


class SearchBody(problems.Body):
    """`identifier` ("phone:+1555…") recognises; `query` searches; with neither, all customers by number."""

    identifier: str | None = Field(default=None, min_length=1, max_length=400)
    query: str | None = Field(default=None, max_length=200)
    limit: Limit = 25
    cursor: Cursor | None = None


class MatchAnswer(BaseModel):
    id: UUID
    number: str
    name: str
    confidence: float
    matched: Literal["phone", "email", "number", "external", "cookie", "name", "text", "listed"]


class SearchAnswer(BaseModel):
    items: list[MatchAnswer]
    next_cursor: str | None


class MoneyAnswer(BaseModel):
    minor: int
    currency: str


class MomentAnswer(BaseModel):
    stage: str
    intent: str | None
    source: Literal["stated", "inferred"]
    channel: str
    version: int
    set_at: datetime
    fades_at: datetime
    live: bool
    strength: float
    evidence: str | None


class SourceAnswer(BaseModel):
    """Where a value comes from, since when, and what made it stand among what several sources told."""

    source: str
    at: datetime
    why: Literal["base", "only", "verified", "trusted", "newer"]
    others: list[dict[str, Any]]


class MovedAnswer(BaseModel):
    key: str
    label: str
    day: date
    points: float


class ExperienceAnswer(BaseModel):
    """The running score, 0 to 100, and the moments of truth that move it, newest first."""

    score: float
    moves: list[MovedAnswer]


class ValueAnswer(BaseModel):
    """Lifetime value in major units: earned so far and to come, by a version of the formula, as of a day."""

    earned: float
    to_come: float
    margin: float
    retention: float
    version: int
    as_of: date


class SegmentMember(BaseModel):
    """A segment that they are in, by a rule or as one that describes, since when, and what its rule saw: label and value."""

    key: str
    label: str
    kind: Literal["rule", "descriptive"]
    since: datetime | None
    why: list[list[Any]]


class ScoreAnswer(BaseModel):
    name: Literal["recency", "frequency", "monetary"]
    score: int
    value: float
    cuts: list[float]


class ScoresAnswer(BaseModel):
    """Scores of 1 to 5, the value today and the four cut-offs, worked out over so many customers as of a day."""

    items: list[ScoreAnswer]
    as_of: date
    customers: int
    version: int


class ConsentAnswer(BaseModel):
    purpose: str
    channel: str
    state: Literal["granted", "denied", "withdrawn"]
    at: datetime


class BillAnswer(BaseModel):
    id: UUID
    reference: str
    issued_on: date
    due_on: date
    amount: MoneyAnswer
    status: Literal["open", "paid", "overdue"]
    paid_on: date | None


class ReasonAnswer(BaseModel):
    attribute: str
    contribution: float


class RiskAnswer(BaseModel):
    score: float
    band: Literal["low", "medium", "high"]
    reasons: list[str]
    drivers: list[ReasonAnswer]
    version: int
    """Of the catalogue whose model it is."""
    as_of: date


class CustomerAnswer(BaseModel):
    id: UUID
    number: str
    name: str
    email: str | None
    phone: str | None
    birth_date: date | None
    timezone: str
    language: str
    made_up: bool
    version: int
    masked: list[str]
    """What this key may not read: an attribute that is named here is left out, a phone number or e-mail shows its place only."""
    life_cycle: str
    segments: list[str]
    memberships: list[SegmentMember]
    """The same segments with why."""
    scores: ScoresAnswer | None
    protective: list[str]
    risk: RiskAnswer | None
    value: ValueAnswer | None
    experience: ExperienceAnswer
    states: dict[str, Any] | None
    """Since when: life cycle, segments, protective states."""
    attributes: dict[str, Any]
    sources: dict[str, SourceAnswer]
    facts: dict[str, Any]
    bad_experience: dict[str, Any] | None
    moment: MomentAnswer | None
    consents: list[ConsentAnswer]
    balance: MoneyAnswer
    bills: list[BillAnswer]


class TimelineQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    kind: str | None = Field(default=None, max_length=400)
    """One kind of event, or several with commas between."""
    channel: str | None = Field(default=None, max_length=20)
    stage: str | None = Field(default=None, max_length=60)
    limit: Limit = 25
    cursor: Cursor | None = None


class ActorAnswer(BaseModel):
    kind: str
    name: str


class EventAnswer(BaseModel):
    id: UUID
    at: datetime
    kind: str
    channel: str | None
    stage: str | None
    interaction_id: UUID | None
    actor: ActorAnswer
    title: str
    detail: str
    data: dict[str, Any]


class TimelineAnswer(BaseModel):
    items: list[EventAnswer]
    next_cursor: str | None


class MomentBody(problems.Body):
    """Why the customer is here, as they said it. `intent` may be null: the stage alone is known."""

    stage: str = Field(min_length=1, max_length=60)
    intent: str | None = Field(default=None, min_length=1, max_length=60)
    channel: str = Field(min_length=1, max_length=20)


@bp.post("/customers/search", responses={200: SearchAnswer}, summary="Recognise, search or list customers")
@requires(Permission.SEARCH_CUSTOMERS)
def search(body: SearchBody) -> problems.Answer:
    """Matches, surest first; a POST, so that nobody's number or name stands in an address."""
    with db.reading() as session:
        found = profiles.search(
            session, identifier=body.identifier, query=body.query, limit=body.limit, cursor=body.cursor
        )
    return {"items": list(found.items), "next_cursor": found.next_cursor}


@bp.get("/customers/<uuid:customer_id>", responses={200: CustomerAnswer}, summary="The 360° profile")
@requires(Permission.SEE_CUSTOMER)
def show(path: CustomerPath) -> problems.Answer:
    """What staff may see, under the canonical id whichever was asked for."""
    now = clock.now()
    with db.reading() as session:
        profile = profiles.profile(session, path.customer_id)
        configuration = catalogues.in_force(session)
        pack = configuration.catalogue.pack
        bills = profiles.bill_heads(session, profile.customer_id)
        sources = profiles.sources(session, profile.customer_id, pack)
        snapshot = profiles.snapshot(profile, now, pack)
        mask = interactions.mask_for(session, profile, pack, current_actor(), (snapshot,))
        cuts = profiles.cuts_now(session, pack)
    found = service.described(profile, snapshot, pack, cuts, mask)
    today = date.fromisoformat(snapshot.today)
    visible = {a.key for a in pack.attributes.values() if "agent" in a.visible} - mask.hidden
    head = lines.header(profile, snapshot, pack, mask)
    risk = lines.risk(profile, snapshot, pack, mask)
    drivers = [{"attribute": a, "contribution": c} for a, c in snapshot.risk_reasons if a not in mask.hidden]
    return {
        **{name: getattr(head, name) for name in ("id", "number", "name", "email", "phone", "birth_date", "timezone")},
        **{name: getattr(head, name) for name in ("language", "made_up", "version", "life_cycle")},
        "masked": list(head.masked),
        "segments": list(snapshot.segments),
        "memberships": list(found.segments),
        "scores": _scores(found),
        "protective": list(snapshot.protective),
        "risk": {
            "score": risk.score,
            "band": risk.band,
            "reasons": risk.reasons,
            "drivers": drivers,
            "version": configuration.version,
            "as_of": today,
        }
        if risk
        else None,
        "value": lines.value(profile, snapshot, pack),
        "experience": lines.experience(profile, snapshot, pack),
        "states": mask.plain(profile.states),
        "attributes": {key: value for key, value in snapshot.attributes.items() if key in visible},
        "sources": {key: _source(found) for key, found in sources.items() if key in visible},
        "facts": snapshot.facts,
        "bad_experience": mask.plain(snapshot.bad_experience),
        "moment": _moment(profile.moment, now),
        "consents": [
            {"purpose": c.purpose, "channel": c.channel, "state": c.state, "at": c.at} for c in profile.consents
        ],
        "balance": lines.balance(bills, pack.currency),
        "bills": [_bill(lines.bill_line(bill, today)) for bill in bills],
    }


@bp.get(
    "/customers/<uuid:customer_id>/timeline", responses={200: TimelineAnswer}, summary="What happened, newest first"
)
@requires(Permission.SEE_CUSTOMER)
def timeline(path: CustomerPath, query: TimelineQuery) -> problems.Answer:
    """Every event with its data, and in an agent's words."""
    kinds = {kind.strip() for kind in query.kind.split(",")} if query.kind else None
    with db.reading() as session:
        profile = profiles.profile(session, path.customer_id)
        found = interactions.timeline(
            session, profile.customer_id, kinds=kinds, channel=query.channel, stage=query.stage,
            limit=query.limit, cursor=query.cursor,
        )  # fmt: skip
        mask = interactions.mask_for(session, profile, catalogues.pack_in_force(session), current_actor())
    return {"items": [_event(e, profile.language, mask) for e in found.items], "next_cursor": found.next_cursor}


@bp.put("/customers/<uuid:customer_id>/moment", responses={200: MomentAnswer}, summary="Say why the customer is here")
@requires(Permission.SET_MOMENT)
def set_moment(path: CustomerPath, body: MomentBody) -> problems.Answer:
    """The moment that holds now, in every channel. The same again keeps its version and lasts longer."""
    now = clock.now()
    with db.transaction() as session:
        service.set_moment(session, path.customer_id, body.stage, body.intent, body.channel, current_actor(), now)
        profile = profiles.profile(session, path.customer_id)
    answer = _moment(profile.moment, now)
    assert answer is not None  # noqa: S101 — it was written above
    return answer


def _moment(moment: profiles.Moment | None, now: datetime) -> dict[str, Any] | None:
    if moment is None:
        return None
    names = ("stage", "intent", "source", "channel", "version", "set_at", "fades_at", "evidence")
    shown = {name: getattr(moment, name) for name in names}
    return {**shown, "live": moment.live(now), "strength": moment.strength_at(now)}


def _scores(found: service.Described) -> dict[str, Any] | None:
    if found.as_of is None:
        return None
    names = ("name", "score", "value", "cuts")
    items = [{name: getattr(one, name) for name in names} for one in found.scores]
    return {"items": items, "as_of": found.as_of, "customers": found.customers, "version": found.version}


def _source(found: profiles.Sourced) -> dict[str, Any]:
    others = [
        {"source": one.source or "us", "value": one.value, "at": one.at, "verified": one.verified}
        for one in found.others
    ]
    return {"source": found.source or "us", "at": found.at, "why": found.why, "others": others}


def _bill(bill: BillLine) -> dict[str, Any]:
    names = ("reference", "issued_on", "due_on", "amount", "status", "paid_on")
    return {"id": bill.bill_id, **{name: getattr(bill, name) for name in names}}


def _event(event: interactions.Event, language: str, mask: profiles.Mask) -> dict[str, Any]:
    words = interactions.in_words(event, "agent", language)
    names = ("at", "kind", "channel", "stage", "interaction_id")
    return {
        "id": event.event_id,
        **{name: getattr(event, name) for name in names},
        "actor": {"kind": event.actor_kind, "name": event.actor_name},
        "title": mask.text(words.title),
        "detail": mask.text(words.detail),
        "data": mask.plain(event.data),
    }
