"""JSON routes of segments: which there are, how large a new one would be, and saving it in a draft of the catalogue."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from backend import db, problems
from backend.overview import segmenting
from backend.people.service import Permission, current_actor, requires
from shared.kernel import clock

bp = problems.blueprint("segments", __name__, "Sets of customers by rule, before and after they are saved")


class SegmentAnswer(BaseModel):
    key: str
    label: str
    kind: Literal["rule", "descriptive"]
    rule: str
    beta: float | None


class SegmentsAnswer(BaseModel):
    items: list[SegmentAnswer]
    next_cursor: str | None


class PreviewBody(problems.Body):
    """A rule over what is known of a customer, as `segments.toml` has it."""

    rule: str = Field(min_length=1, max_length=4000)


class MemberAnswer(BaseModel):
    id: UUID
    number: str
    name: str
    why: list[list[Any]]


class PreviewAnswer(BaseModel):
    """Not `exact`: an estimate from those looked at, with 95 % between `low` and `high`."""

    customers: int
    looked_at: int
    size: int
    low: int
    high: int
    exact: bool
    undecided: int
    sample: list[MemberAnswer]


class SegmentBody(problems.Body):
    """`draft_id`: an open draft to write it in; null begins one."""

    key: str = Field(pattern="^[a-z][a-z0-9_]{0,59}$")
    label: str = Field(min_length=1, max_length=120)
    rule: str = Field(min_length=1, max_length=4000)
    beta: float | None = Field(default=None, ge=0, le=1)
    draft_id: UUID | None = Field(default=None, strict=False)


class SavedAnswer(BaseModel):
    draft_id: UUID
    file: str


@bp.get("/segments", responses={200: SegmentsAnswer}, summary="The segments in force, in the pack's order")
@requires(Permission.SEE_CATALOGUE)
def show() -> problems.Answer:
    with db.reading() as session:
        found = segmenting.segments(session)
    items = [
        {"key": one.key, "label": one.label, "kind": one.kind, "rule": one.rule.text, "beta": one.beta} for one in found
    ]
    return {"items": items, "next_cursor": None}


@bp.post("/segments/preview", responses={200: PreviewAnswer}, summary="How large a segment would be, and who is in it")
@requires(Permission.SEE_CATALOGUE)
def preview(body: PreviewBody) -> problems.Answer:
    """Size and a sample with what the rule saw of each; nothing is saved."""
    with db.reading() as session:
        found = segmenting.preview(session, body.rule, current_actor(), clock.now())
    names = ("customers", "looked_at", "size", "low", "high", "exact", "undecided")
    sample = [{"id": one.customer_id, "number": one.number, "name": one.name, "why": one.why} for one in found.sample]
    return {**{name: getattr(found, name) for name in names}, "sample": sample}


@bp.post("/segments", responses={201: SavedAnswer}, summary="Save a segment in a draft of the catalogue")
@requires(Permission.AUTHOR)
def save(body: SegmentBody) -> problems.Answer:
    """It counts once the draft was checked, approved by a second person and put in force."""
    with db.transaction() as session:
        draft_id = segmenting.save(
            session, body.key, body.label, body.rule, body.beta, body.draft_id, current_actor(), clock.now()
        )  # fmt: skip
    return {"draft_id": draft_id, "file": segmenting.FILE}, 201
