"""JSON routes of what staff do with offers and budgets: other terms, another treatment, approvals, what is left and what it is worth."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from backend import db, edge, problems
from backend.budgets import service as budgets
from backend.budgets.service import BudgetLine
from backend.catalogue import service as catalogues
from backend.engine.catalogue import Channel
from backend.people.service import Permission, current_actor, requires
from backend.treatments import altering, recommending
from backend.treatments.api import CustomerPath, OfferAnswer, OfferPath, bp
from backend.treatments.api_reading import Key
from backend.treatments.views import asked_json, offer_json, told_json
from shared.kernel import clock
from shared.kernel.errors import Conflict

Number = Annotated[float, Field(ge=-1e9, le=1e9, allow_inf_nan=False)]


class OptionAnswer(BaseModel):
    value: str
    label: str


class AskedAnswer(BaseModel):
    """`value` stands there already. `options`: of a choice or a time; a day lies between `first` and `last`."""

    key: str
    kind: str
    label: str
    hint: str
    required: bool
    value: str
    options: list[OptionAnswer]
    first: str | None
    last: str | None


class AskedList(BaseModel):
    items: list[AskedAnswer]
    next_cursor: None


class BudgetPath(BaseModel):
    budget: Key


class TermsBody(problems.Body):
    """Terms by key, money in major units. `version` is the offer's as the asker saw it."""

    terms: dict[Key, Number] = Field(min_length=1, max_length=20)
    channel: Channel
    reason: str | None = Field(default=None, max_length=500)
    version: int | None = Field(default=None, ge=1)


class OverrideBody(problems.Body):
    treatment: Key
    subject: str = Field(default="", max_length=60)
    channel: Channel
    reason: str = Field(min_length=1, max_length=500)


class ApprovalBody(problems.Body):
    approved: bool
    reason: str | None = Field(default=None, max_length=500)


class PriceBody(problems.Body):
    """What one unit is worth at the margin, in major units."""

    price: float = Field(ge=0, le=1e6, allow_inf_nan=False)


class WaitingAnswer(BaseModel):
    offer: OfferAnswer
    before: OfferAnswer | None
    customer_id: UUID
    customer_name: str
    asked_by: str
    asked_at: str
    reason: str


class WaitingList(BaseModel):
    items: list[WaitingAnswer]
    next_cursor: None


class PeriodAnswer(BaseModel):
    period: str
    amount: float
    used: float
    left: float


class BudgetAnswer(BaseModel):
    budget: str
    label: str
    unit: str
    per: str
    price: float
    left: float
    exhausted: bool
    periods: list[PeriodAnswer]


class BudgetList(BaseModel):
    items: list[BudgetAnswer]
    next_cursor: None


@bp.get("/offers/<uuid:offer_id>/inputs", responses={200: AskedList}, summary="What accepting it asks for")
@requires(Permission.DECIDE_OFFERS)
def asked(path: OfferPath) -> problems.Answer:
    """What goes into `inputs` of an acceptance, with the times that are free now."""
    with db.reading() as session:
        found = recommending.asked_with(session, path.offer_id, current_actor(), clock.now())
    return {"items": asked_json(found), "next_cursor": None}


@bp.post("/offers/<uuid:offer_id>/terms", responses={201: OfferAnswer}, summary="Offer it on other terms")
@requires(Permission.DECIDE_OFFERS)
def alter(path: OfferPath, body: TermsBody) -> problems.Answer:
    """A new offer in the place of this one, in every channel; pending approval where the terms go beyond an agent's authority."""
    try:
        with db.transaction() as session:
            line = altering.alter(
                session, path.offer_id, body.terms, channel=body.channel, actor=current_actor(), now=edge.came_in(),
                seen=body.version, reason=body.reason,
            )  # fmt: skip
    except Conflict as refused:
        raise told_json(refused) from None
    return offer_json(line), 201


@bp.post("/customers/<uuid:customer_id>/overrides", responses={201: OfferAnswer}, summary="Offer another treatment")
@requires(Permission.DECIDE_OFFERS)
def override(path: CustomerPath, body: OverrideBody) -> problems.Answer:
    """In place of the recommended: among those that passed consent, suitability and contact policy, with the reason on record."""
    try:
        with db.transaction() as session:
            line = altering.override(
                session, path.customer_id, body.treatment, channel=body.channel, actor=current_actor(), now=edge.came_in(),
                reason=body.reason, subject=body.subject,
            )  # fmt: skip
    except Conflict as refused:
        raise told_json(refused) from None
    return offer_json(line), 201


@bp.post("/offers/<uuid:offer_id>/approval", responses={200: OfferAnswer}, summary="Approve or refuse altered terms")
@requires(Permission.APPROVE_TERMS)
def approve(path: OfferPath, body: ApprovalBody) -> problems.Answer:
    """By somebody else than who asked. Approved terms are accepted and fulfilled; refused ones give way to the offer before."""
    try:
        with db.transaction() as session:
            line = altering.decide_terms(
                session,
                path.offer_id,
                approved=body.approved,
                actor=current_actor(),
                now=edge.came_in(),
                reason=body.reason,
            )
    except Conflict as refused:
        raise told_json(refused) from None
    return offer_json(line)


@bp.get("/approvals", responses={200: WaitingList}, summary="Terms that wait for an approval")
@requires(Permission.APPROVE_TERMS)
def approvals() -> problems.Answer:
    """The longest waiting first; at most a hundred."""
    with db.reading() as session:
        found = altering.waiting(session, current_actor(), clock.now())
    return {
        "items": [
            {
                "offer": offer_json(one.offer),
                "before": offer_json(one.before) if one.before else None,
                "customer_id": one.customer_id,
                "customer_name": one.customer_name,
                "asked_by": one.asked_by,
                "asked_at": clock.utc(one.asked_at).isoformat(),
                "reason": one.reason,
            }
            for one in found
        ],
        "next_cursor": None,
    }


@bp.get("/budgets", responses={200: BudgetList}, summary="What is left of each budget")
@requires(Permission.SEE_DECISIONS)
def all_budgets() -> problems.Answer:
    """In the periods that can be taken now; money in major units."""
    with db.reading() as session:
        found = budgets.lines(session, catalogues.pack_in_force(session), clock.now())
    return {"items": [_budget(line) for line in found], "next_cursor": None}


@bp.put("/budgets/<string:budget>/price", responses={200: BudgetAnswer}, summary="Write a bid price")
@requires(Permission.AUTHOR)
def set_price(path: BudgetPath, body: PriceBody) -> problems.Answer:
    """What one unit of the budget is worth at the margin; decisions count with it within seconds."""
    now = clock.now()
    with db.transaction() as session:
        budgets.set_price(session, path.budget, body.price, current_actor(), now)
        found = budgets.lines(session, catalogues.pack_in_force(session), now)
    return _budget(next(line for line in found if line.key == path.budget))


def _budget(line: BudgetLine) -> dict[str, object]:
    periods = [{"period": p.period, "amount": p.amount, "used": p.used, "left": p.left} for p in line.periods]
    return {
        "budget": line.key, "label": line.label, "unit": line.unit, "per": line.per, "price": line.price, "left": line.left,
        "exhausted": line.exhausted, "periods": periods,
    }  # fmt: skip
