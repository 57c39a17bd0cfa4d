"""JSON routes of decisions and offers. Numbers are unrounded; the audience is a system that acts for staff."""

from __future__ import annotations

import time
from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from flask import Response, current_app
from pydantic import BaseModel, Field

from backend import db, edge, problems
from backend.engine.catalogue import Channel
from backend.interactions import service as interactions
from backend.people.service import Permission, current_actor, requires
from backend.record import service as record
from backend.treatments import asking, explaining, ledger, recommending, replaying, standing, undoing
from backend.treatments.views import decided_json, decision_json, offer_json, told_json
from shared.kernel import clock
from shared.kernel.errors import Conflict, Invalid

_TOLD = standing.Answers()
record.forget_by(lambda: _TOLD.forget())

bp = problems.blueprint("treatments", __name__, "Decisions, and the offers that come of them")


class CustomerPath(BaseModel):
    customer_id: UUID


class DecisionPath(BaseModel):
    decision_id: UUID


class OfferPath(BaseModel):
    offer_id: UUID


class DecisionBody(problems.Body):
    """What is asked. `limit` cuts the answer, never the decision; `stage` and `intent` go with `preview` alone."""

    channel: Channel
    limit: int = Field(default=3, ge=1, le=100)
    preview: bool = False
    stage: str | None = Field(default=None, max_length=60)
    intent: str | None = Field(default=None, max_length=60)


class ResponseBody(problems.Body):
    """An answer to an offer. `until` (deferred only) is an ISO day.

    `inputs` (accepted only) has by key what the treatment asks for: see GET …/inputs. `version` is the offer's as the asker saw it. Without it, an answer that came in before an earlier one was acknowledged has
    lost to that one; a decline or deferral is then acknowledged a moment later, so that this can be told.
    """

    response: Literal["presented", "accepted", "declined", "deferred"]
    channel: Channel
    reason: str | None = Field(default=None, max_length=500)
    until: str | None = Field(default=None, max_length=10)
    version: int | None = Field(default=None, ge=1)
    inputs: dict[str, Annotated[str, Field(max_length=1000)]] = Field(default_factory=dict, max_length=20)


class UndoBody(problems.Body):
    """A change of mind. `version` is the offer's as the asker saw it."""

    channel: Channel
    reason: str | None = Field(default=None, max_length=500)
    version: int | None = Field(default=None, ge=1)


class Term(BaseModel):
    key: str
    label: str
    value: int | float | str
    unit: str
    text: str


class FactorsAnswer(BaseModel):
    propensity: float
    draw: float | None
    context: float
    value: float
    lever: float
    price: float
    attention: float


class TreatmentAnswer(BaseModel):
    offer_id: UUID | None
    treatment: str
    subject: str
    rank: int
    priority: float
    factors: FactorsAnswer
    terms: list[Term]
    valid_until: str
    state: str
    reasons: list[str]
    rendering: dict[str, Any]


class WithheldAnswer(BaseModel):
    treatment: str
    step: str
    rule: str
    detail: str
    values: dict[str, Any]
    failed: bool


class DecisionAnswer(BaseModel):
    decision_id: UUID | None
    customer_id: UUID
    profile_version: int
    ledger_version: int
    configuration_version: int
    catalogue_version: int
    model_epoch: int
    engine_version: int
    stands_until: str
    treatments: list[TreatmentAnswer]
    withheld: list[WithheldAnswer]


class ObjectivePart(BaseModel):
    objective: str
    weight: float
    score: float


class ValueParts(BaseModel):
    equity: float
    cost: float
    experience: float
    beta: float
    company: float
    customer: float


class PricePart(BaseModel):
    budget: str
    amount: float
    bid: float


class AttentionParts(BaseModel):
    base: float
    per_recent: float
    recent: int


class PartsAnswer(BaseModel):
    objectives: list[ObjectivePart]
    value: ValueParts
    prices: list[PricePart]
    attention: AttentionParts


class ExplainedTreatment(TreatmentAnswer):
    parts: PartsAnswer | None
    margin: float | None
    lead: str


class FunnelStep(BaseModel):
    step: str
    removed: int


class ExplainedAnswer(BaseModel):
    decision_id: UUID
    customer_id: UUID
    made_at: str
    stands_until: str
    profile_version: int
    ledger_version: int
    configuration_version: int
    catalogue_version: int
    model_epoch: int
    engine_version: int
    stage: str | None
    intent: str | None
    treatments: list[ExplainedTreatment]
    withheld: list[WithheldAnswer]
    funnel: list[FunnelStep]


class ReplayAnswer(BaseModel):
    identical: bool
    differences: list[str]


class ActingPerson(BaseModel):
    """Someone who acts for the customer."""

    id: UUID
    name: str
    relation: str


class ChosenAnswer(BaseModel):
    key: str
    kind: str
    label: str
    value: str
    text: str


class OfferAnswer(BaseModel):
    """`by` is who put it or entered the answer; `person` who heard it or answered in the customer's place, if anybody did."""

    offer_id: UUID
    treatment: str
    headline: str
    state: str
    terms: list[Term]
    valid_until: str
    until: str | None
    at: str | None
    channel: str | None
    by: str
    person: ActingPerson | None
    version: int
    reference: str
    can_reverse: bool
    undo_until: str | None
    inputs: list[ChosenAnswer]
    """What was chosen when it was accepted."""


class UndoneAnswer(OfferAnswer):
    """`left` names what was not put back, because somebody had changed it since."""

    left: list[str]


@bp.post(
    "/customers/<uuid:customer_id>/decisions",
    responses={200: DecisionAnswer, 201: DecisionAnswer},
    summary="Decide what to do for a customer",
)
@requires(Permission.SEE_DECISIONS)
def decide(path: CustomerPath, body: DecisionBody) -> problems.Answer:
    """201 with a decision newly stored; 200 with the one that stands, or with a preview, which stores nothing."""
    now = clock.now()
    actor = current_actor()
    turn = _TOLD.turn
    asked = (path.customer_id, body.channel, body.limit, actor.may(Permission.SEE_SENSITIVE))
    if not body.preview and (before := _told_before(asked, now)):
        return before
    if not body.preview and (body.stage or body.intent):
        raise Invalid(
            "A stage and an intent can be tried in a preview; else the customer's moment says them.",
            {"stage": "only with preview"},
        )
    if body.preview:
        decided = asking.preview(path.customer_id, now, body.stage, body.intent)
    else:
        decided = asking.decide(path.customer_id, now)
    channels = [c.key for c in decided.inputs.pack.channels]
    if body.channel not in channels:
        raise Invalid(f"There is no channel {body.channel}.", {"channel": f"one of {', '.join(channels)}"})
    rows, withheld = recommending.by_id(decided.offers), recommending.withheld_of(decided)
    inputs = decided.inputs
    with db.reading() as session:
        mask = interactions.mask_for(session, inputs.profile, inputs.pack, actor, (inputs.snapshot,))
    told = decided_json(decided, rows, withheld, body.channel, body.limit, mask)
    answer = current_app.json.dumps(told).encode()
    if decided.decision_id is not None and decided.inputs.profile.customer_id == path.customer_id:
        record.remember()
        _TOLD.keep(asked, standing.stamp_of(decided), decided.stands_until, answer, turn)
    return _as_json(answer, 201 if decided.newly else 200)


def _as_json(body: bytes, status: int = 200) -> Response:
    return Response(body, status, content_type="application/json")


def _told_before(asked: tuple[UUID, str, int, bool], now: datetime) -> Response | None:
    def holds(stamp: standing.Stamp) -> bool:
        with db.reading() as session:
            return standing.holds(session, asked[0], stamp)

    body = _TOLD.found(asked, now, holds)
    return _as_json(body) if body else None


@bp.get(
    "/decisions/<uuid:decision_id>",
    responses={200: ExplainedAnswer, 410: problems.Problem},
    summary="A stored decision explained",
)
@requires(Permission.SEE_DECISIONS)
def show(path: DecisionPath) -> problems.Answer:
    """The decision with all its ranked and withheld, made again from what was stored; 410 where that was erased."""
    with db.reading() as session:
        return decision_json(explaining.decision_page(session, path.decision_id, clock.now(), current_actor()))


@bp.post(
    "/decisions/<uuid:decision_id>/replay",
    responses={200: ReplayAnswer, 410: problems.Problem},
    summary="Make a stored decision again",
)
@requires(Permission.REPLAY)
def replay(path: DecisionPath) -> problems.Answer:
    """Whether it comes out identical, and what differs. It writes nothing."""
    with db.reading() as session:
        result = replaying.replay(session, path.decision_id)
    return {"identical": result.identical, "differences": list(result.differences)}


@bp.post("/offers/<uuid:offer_id>/undo", responses={200: UndoneAnswer}, summary="Take back what was accepted")
@requires(Permission.DECIDE_OFFERS)
def undo(path: OfferPath, body: UndoBody) -> problems.Answer:
    """Reverses exactly what fulfilment did, once, or keeps it from being done. 409 tells why that cannot be."""
    try:
        with db.transaction() as session:
            undone = undoing.undo(
                session, path.offer_id, channel=body.channel, actor=current_actor(), now=edge.came_in(), reason=body.reason,
                seen=body.version,
            )  # fmt: skip
    except Conflict as refused:
        raise told_json(refused) from None
    return offer_json(undone.line) | {"left": list(undone.left)}


@bp.post("/offers/<uuid:offer_id>/responses", responses={200: OfferAnswer}, summary="Answer an offer")
@requires(Permission.DECIDE_OFFERS)
def respond(path: OfferPath, body: ResponseBody) -> problems.Answer:
    """Counts in every channel at once, exactly once. 409 tells what was answered before, by whom, when and where."""
    now, settled = edge.came_in(), None
    try:
        with db.transaction() as session:
            line = ledger.answer(
                session, path.offer_id, body.response, channel=body.channel, actor=current_actor(), now=now,
                reason=body.reason, until=_day(body.until), seen=body.version, given=_given(body),
            )  # fmt: skip
            if body.version is None and body.response in ("declined", "deferred"):
                settled = ledger.settle_later(session, line, now)
    except Conflict as refused:
        raise told_json(refused) from None
    except Invalid as refused:
        raise Invalid(str(refused), {_named(name): why for name, why in refused.errors.items()}) from None
    if settled is not None:
        time.sleep(max(0.0, (settled - clock.now()).total_seconds()))
    return offer_json(line)


def _named(name: str) -> str:
    """What is wrong, by its place in the body."""
    return f"inputs.{name.removeprefix('input-')}" if name.startswith("input-") else name


def _given(body: ResponseBody) -> dict[str, str]:
    if body.inputs and body.response != "accepted":
        raise Invalid("Inputs go with an acceptance.", {"inputs": "only with accepted"})
    return body.inputs


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Invalid("Write the day as in 2026-12-31.", {"until": "a day as in 2026-12-31"}) from None
