"""JSON routes of who is who: suggestions, two customers side by side, merging, taking a merge back."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from backend import db, problems
from backend.identities import merging, reviewing, suggesting, words
from backend.identities.types import Comparison, Merge, Side, Suggestion
from backend.people.service import Permission, current_actor, requires
from backend.profiles import service as profiles
from shared.kernel import clock
from shared.kernel.errors import Invalid

bp = problems.blueprint("identities", __name__, "Customers who may be one person, and merging them")


class CustomerPath(BaseModel):
    customer_id: UUID


class PairPath(BaseModel):
    customer_id: UUID
    other_id: UUID


class MergePath(BaseModel):
    merge_id: UUID


class QueueQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    limit: Annotated[int, Field(ge=1, le=100)] = 25
    cursor: Annotated[str, Field(min_length=1, max_length=80)] | None = None


class MergeBody(problems.Body):
    """Who becomes a part of this customer. `choose` names the fields that are taken from them: "name", "attribute.<key>".

    All others are the survivor's, or the merged one's where the survivor has none. `version` and `merged_version` are the two
    profiles' as the asker saw them.
    """

    merged_id: str = Field(min_length=36, max_length=36, json_schema_extra={"format": "uuid"})
    choose: list[Annotated[str, Field(min_length=1, max_length=100)]] = Field(default=[], max_length=300)
    version: int | None = Field(default=None, ge=1)
    merged_version: int | None = Field(default=None, ge=1)


class FieldAgreementAnswer(BaseModel):
    field: str
    level: str
    weight: float
    text: str


class DuplicateAnswer(BaseModel):
    customer_id: UUID
    other_id: UUID
    score: float
    agreements: list[FieldAgreementAnswer]
    state: Literal["open", "merged", "distinct"]
    found_at: datetime
    decided_at: datetime | None
    decided_by: str | None


class DuplicatesAnswer(BaseModel):
    items: list[DuplicateAnswer]
    next_cursor: str | None


class ComparedSideAnswer(BaseModel):
    id: UUID
    number: str
    name: str
    version: int
    counts: dict[str, int]


class ComparedFieldAnswer(BaseModel):
    key: str
    label: str
    ours: Any
    theirs: Any
    same: bool
    masked: bool


class JointConsentAnswer(BaseModel):
    what: str
    state: Literal["granted", "denied"]


class CustomerComparisonAnswer(BaseModel):
    ours: ComparedSideAnswer
    theirs: ComparedSideAnswer
    fields: list[ComparedFieldAnswer]
    consents: list[JointConsentAnswer]
    suggestion: DuplicateAnswer | None


class MergeAnswer(BaseModel):
    """`refusal` says why it cannot be taken back now; empty where it can."""

    id: UUID
    customer_id: UUID
    merged_id: UUID
    merged_number: str
    merged_name: str
    merged_at: datetime
    merged_by: str
    unmerged_at: datetime | None
    unmerged_by: str | None
    refusal: str


class MergesAnswer(BaseModel):
    items: list[MergeAnswer]
    next_cursor: None


@bp.get("/duplicates", responses={200: DuplicatesAnswer}, summary="Customers who may be one person")
@requires(Permission.MERGE_CUSTOMERS)
def queue(query: QueueQuery) -> problems.Answer:
    """Open suggestions, the likeliest first; `score` in bits, each field with its weight."""
    with db.reading() as session:
        items, follows = suggesting.queue(session, limit=query.limit, cursor=query.cursor)
    return {"items": [_suggestion(one) for one in items], "next_cursor": follows}


@bp.get(
    "/customers/<uuid:customer_id>/duplicates",
    responses={200: DuplicatesAnswer},
    summary="Who may be this customer too",
)
@requires(Permission.MERGE_CUSTOMERS)
def of_customer(path: CustomerPath) -> problems.Answer:
    """At most a hundred."""
    with db.reading() as session:
        found = suggesting.of_customer(session, profiles.resolve(session, path.customer_id))
    return {"items": [_suggestion(one) for one in found], "next_cursor": None}


@bp.get(
    "/customers/<uuid:customer_id>/duplicates/<uuid:other_id>", responses={200: CustomerComparisonAnswer}, summary="Two customers side by side"
)  # fmt: skip
@requires(Permission.MERGE_CUSTOMERS)
def compare(path: PairPath) -> problems.Answer:
    """Field by field, with what speaks for and against one person; the first as the survivor.

    Of a field that is `masked` for whoever asks only `same` is told. Both customers are looked at.
    """
    with db.reading() as session:
        return _comparison(reviewing.compare(session, path.customer_id, path.other_id, current_actor()))


@bp.post(
    "/customers/<uuid:customer_id>/duplicates/<uuid:other_id>/distinction", responses={200: DuplicateAnswer},
    summary="Say that they are two people",
)  # fmt: skip
@requires(Permission.MERGE_CUSTOMERS)
def keep_apart(path: PairPath) -> problems.Answer:
    """It is not suggested again. 409 where somebody decided otherwise."""
    with db.transaction() as session:
        pair = (profiles.resolve(session, path.customer_id), profiles.resolve(session, path.other_id))
        said = suggesting.keep_apart(session, *pair, actor=current_actor(), now=clock.now())
    return _suggestion(said)


@bp.post("/customers/<uuid:customer_id>/merges", responses={201: MergeAnswer}, summary="Merge a customer into this one")
@requires(Permission.MERGE_CUSTOMERS)
def merge(path: CustomerPath, body: MergeBody) -> problems.Answer:
    """All that was the merged one's follows, and their id goes on working as another name of this customer's."""
    seen = None
    if body.version is not None and body.merged_version is not None:
        seen = (body.version, body.merged_version)
    with db.transaction() as session:
        made = merging.merge(
            session, _id(body.merged_id), path.customer_id, choose=body.choose, actor=current_actor(), now=clock.now(), seen=seen
        )  # fmt: skip
    return _merge(made), 201


@bp.get(
    "/customers/<uuid:customer_id>/merges", responses={200: MergesAnswer}, summary="Who became part of this customer"
)
@requires(Permission.SEE_CUSTOMER)
def merges(path: CustomerPath) -> problems.Answer:
    """The newest first, with those that were taken back."""
    with db.reading() as session:
        found = merging.merges(session, profiles.resolve(session, path.customer_id))
    return {"items": [_merge(one) for one in found], "next_cursor": None}


@bp.post(
    "/merges/<uuid:merge_id>/undoing", responses={200: MergeAnswer, 410: problems.Problem}, summary="Take a merge back"
)
@requires(Permission.MERGE_CUSTOMERS)
def unmerge(path: MergePath) -> problems.Answer:
    """Both are as they were, with what came since by its source. 409 where a later merge must be taken back first."""
    with db.transaction() as session:
        return _merge(merging.unmerge(session, path.merge_id, actor=current_actor(), now=clock.now()))


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Invalid("That is no id of a customer.", {"merged_id": "a customer's id"}) from None


def _suggestion(one: Suggestion) -> dict[str, Any]:
    names = ("customer_id", "other_id", "score", "state", "found_at", "decided_at", "decided_by")
    parts = [
        {"field": part.field, "level": part.level, "weight": part.weight, "text": words.in_words(part)}
        for part in one.agreements
    ]
    return {**{name: getattr(one, name) for name in names}, "agreements": parts}


def _comparison(one: Comparison) -> dict[str, Any]:
    return {
        "ours": _side(one.ours),
        "theirs": _side(one.theirs),
        "fields": [
            {name: getattr(f, name) for name in ("key", "label", "ours", "theirs", "same", "masked")}
            for f in one.fields
        ],
        "consents": [{"what": what, "state": state} for what, state in one.consents],
        "suggestion": _suggestion(one.suggestion) if one.suggestion else None,
    }


def _side(one: Side) -> dict[str, Any]:
    return {
        "id": one.customer_id,
        "number": one.number,
        "name": one.name,
        "version": one.version,
        "counts": dict(one.counts),
    }


def _merge(one: Merge) -> dict[str, Any]:
    names = ("customer_id", "merged_at", "merged_by", "unmerged_at", "unmerged_by", "refusal")
    told = {name: getattr(one, name) for name in names}
    return {"id": one.merge_id, "merged_id": one.from_id, "merged_number": one.number, "merged_name": one.name, **told}
