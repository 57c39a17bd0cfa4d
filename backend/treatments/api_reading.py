"""JSON routes that only read: what was decided and offered, what would change it, the catalogue and the matrix in force."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, get_args
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from backend import db, problems
from backend.engine.catalogue import Channel, Treatment
from backend.matrix.service import EffectiveCell, as_plain
from backend.people.service import Permission, current_actor, requires
from backend.profiles import service as profiles
from backend.treatments import explaining, listing
from backend.treatments.api import CustomerPath, DecisionPath, OfferAnswer, bp
from backend.treatments.views import changes_json, offer_json
from shared.kernel import clock

Cursor = Annotated[str, Field(min_length=1, max_length=130)]
Key = Annotated[str, Field(min_length=1, max_length=60)]


class TreatmentPath(BaseModel):
    key: Key


class PageQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    limit: int = Field(default=25, ge=1, le=100)
    cursor: Cursor | None = None


class MatrixQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    segment: Key | None = None
    limit: int = Field(default=100, ge=1, le=100)
    cursor: Cursor | None = None


class CellsQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    limit: int = Field(default=100, ge=1, le=100)
    cursor: Cursor | None = None


class ChangesQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    treatment: Key | None = None


class DecisionHead(BaseModel):
    decision_id: UUID
    made_at: datetime
    stands_until: datetime
    profile_version: int
    ledger_version: int
    configuration_version: int
    catalogue_version: int
    model_epoch: int
    engine_version: int
    treatments: list[str]


class DecisionsAnswer(BaseModel):
    items: list[DecisionHead]
    next_cursor: str | None


class OffersAnswer(BaseModel):
    items: list[OfferAnswer]
    next_cursor: str | None


class GoalAnswer(BaseModel):
    kind: Literal["offered", "before", "first", "anything"]
    treatment: str | None
    other: str | None


class StepAnswer(BaseModel):
    kind: Literal["act", "consent", "answer", "moment", "wait"]
    key: str
    by: Literal["customer", "us", "time"]
    text: str


class SuggestionAnswer(BaseModel):
    steps: list[StepAnswer]
    first: str
    rank: int


class ChangesAnswer(BaseModel):
    decision_id: UUID
    treatment: str | None
    goal: GoalAnswer | None
    suggestions: list[SuggestionAnswer]
    tried: int
    complete: bool
    waiting: bool


class TreatmentHead(BaseModel):
    key: str
    name: str
    issue: str
    group: str
    purpose: str
    objective: str
    concession: bool
    channels: list[str]
    in_force_from: str | None
    in_force_until: str | None


class CatalogueAnswer(BaseModel):
    version: int
    digest: str
    configuration_version: int
    pack: str
    label: str
    currency: str
    published_at: datetime
    published_by: str
    items: list[TreatmentHead]
    next_cursor: str | None


class DefinedAnswer(TreatmentHead):
    catalogue_version: int
    definition: dict[str, Any]


class CellAnswer(BaseModel):
    stage: str
    channel: str
    values: dict[str, Any]
    sources: dict[str, str]


class WeightsAnswer(BaseModel):
    of: Literal["stage", "life_cycle", "intent"]
    key: str
    values: dict[str, float]
    sources: dict[str, str]


class BalanceAnswer(BaseModel):
    """`source`: "base", the key of a segment, or "floor" where the pack's floor lifts it."""

    value: float
    source: str


class MatrixAnswer(BaseModel):
    catalogue_version: int
    segments: list[str]
    weights: list[WeightsAnswer]
    beta: BalanceAnswer
    items: list[CellAnswer]
    next_cursor: str | None


@bp.get(
    "/customers/<uuid:customer_id>/decisions",
    responses={200: DecisionsAnswer},
    summary="What was decided, newest first",
)
@requires(Permission.SEE_DECISIONS)
def decisions(path: CustomerPath, query: PageQuery) -> problems.Answer:
    """Each stored decision at a glance; it is explained under its own id."""
    with db.reading() as session:
        found = listing.decisions_of(session, path.customer_id, query.limit, query.cursor)
    heads = [{name: getattr(line, name) for name in listing.DecisionLine.__slots__} for line in found.items]
    return {"items": heads, "next_cursor": found.next_cursor}


@bp.get("/customers/<uuid:customer_id>/offers", responses={200: OffersAnswer}, summary="What was offered, newest first")
@requires(Permission.SEE_DECISIONS)
def offers(path: CustomerPath, query: PageQuery) -> problems.Answer:
    """Every offer that the customer got in any channel, as it stands now."""
    with db.reading() as session:
        found = listing.offers_page(session, path.customer_id, current_actor(), clock.now(), query.limit, query.cursor)
    return {"items": [offer_json(line) for line in found.items], "next_cursor": found.next_cursor}


@bp.get(
    "/decisions/<uuid:decision_id>/changes",
    responses={200: ChangesAnswer, 410: problems.Problem},
    summary="What would change a decision",
)
@requires(Permission.SEE_DECISIONS)
def changes(path: DecisionPath, query: ChangesQuery) -> problems.Answer:
    """The smallest changes that bring a treatment in, or put it first; each was tried. Without a treatment: what flips the first two."""
    with db.reading() as session:
        page = explaining.decision_page(session, path.decision_id, clock.now(), current_actor())
    return changes_json(page, explaining.what_would_change(page, query.treatment or ""))


@bp.get("/catalogue", responses={200: CatalogueAnswer}, summary="The catalogue in force")
@requires(Permission.SEE_DECISIONS)
def catalogue(query: PageQuery) -> problems.Answer:
    """Its version and its treatments; each is told in full under its own key."""
    with db.reading() as session:
        known = listing.catalogue_in_force(session)
    pack = known.catalogue.pack
    found = listing.treatments_page(known.catalogue, query.limit, query.cursor)
    return {
        "version": known.catalogue.version,
        "digest": known.catalogue.digest,
        "configuration_version": known.configuration_version,
        "pack": pack.name,
        "label": pack.label,
        "currency": pack.currency,
        "published_at": known.published_at,
        "published_by": known.published_by,
        "items": [_head(t) for t in found.items],
        "next_cursor": found.next_cursor,
    }


@bp.get("/treatments/<string:key>", responses={200: DefinedAnswer}, summary="One treatment of the catalogue in force")
@requires(Permission.SEE_DECISIONS)
def treatment(path: TreatmentPath) -> problems.Answer:
    """All that is written of it: rules and values as their text, terms, words, fulfilment."""
    with db.reading() as session:
        known = listing.catalogue_in_force(session).catalogue
    found = listing.treatment_of(known, path.key)
    return {**_head(found), "catalogue_version": known.version, "definition": as_plain(found)}


@bp.get("/matrix", responses={200: MatrixAnswer}, summary="The matrix in force, or as a segment has it")
@requires(Permission.SEE_DECISIONS)
def matrix(query: MatrixQuery) -> problems.Answer:
    """The cells where anything may be done, page by page; with each page the weights of stages, states and intents, and β.

    `sources` says for each value whether the base or a segment gives it.
    """
    with db.reading() as session:
        known = listing.catalogue_in_force(session).catalogue
    return _cells(known, [query.segment] if query.segment else [], query.limit, query.cursor)


@bp.get(
    "/customers/<uuid:customer_id>/matrix",
    responses={200: MatrixAnswer},
    summary="The matrix as it holds for a customer",
)
@requires(Permission.SEE_DECISIONS)
def customers_matrix(path: CustomerPath, query: CellsQuery) -> problems.Answer:
    """The cells, the weights and β with what the customer's segments change of them, and which of them does."""
    with db.reading() as session:
        profile = profiles.profile(session, path.customer_id)
        known = listing.catalogue_in_force(session).catalogue
    seen = profiles.snapshot(profile, clock.now(), known.pack)
    return _cells(known, list(seen.segments), query.limit, query.cursor)


def _cells(known: Any, segments: list[str], limit: int, cursor: str | None) -> dict[str, Any]:
    found = listing.cells_page(known.pack, segments, limit, cursor)
    weighed = listing.weighing(known.pack, segments)
    return {
        "catalogue_version": known.version,
        "segments": segments,
        "weights": [
            {"of": one.of, "key": one.key, "values": dict(one.weights), "sources": dict(one.sources)}
            for one in weighed.weights
        ],
        "beta": {"value": weighed.beta, "source": weighed.beta_source},
        "items": [_cell(one) for one in found.items],
        "next_cursor": found.next_cursor,
    }


def _cell(one: EffectiveCell) -> dict[str, Any]:
    values = as_plain(one.cell)
    return {
        "stage": values.pop("stage"),
        "channel": values.pop("channel"),
        "values": values,
        "sources": dict(one.sources),
    }


def _head(t: Treatment) -> dict[str, Any]:
    names = ("key", "name", "issue", "group", "purpose", "objective", "concession")
    return {
        **{name: getattr(t, name) for name in names},
        "channels": [c for c in get_args(Channel) if t.rendered_in(c)],
        "in_force_from": t.in_force_from.isoformat() if t.in_force_from else None,
        "in_force_until": t.in_force_until.isoformat() if t.in_force_until else None,
    }
