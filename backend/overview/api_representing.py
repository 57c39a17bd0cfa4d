"""JSON routes of who may act for a customer: listed, put on record, ended. One blueprint with the rest of this room."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field
from sqlmodel import Session

from backend import db, problems
from backend.interactions import service as interactions
from backend.overview import lines
from backend.overview.api import CustomerPath, bp
from backend.overview.types import Represents
from backend.people.service import Permission, current_actor, requires
from backend.profiles import service as profiles
from shared.kernel import clock
from shared.kernel.errors import Invalid

__all__ = ["bp"]

Relation = Literal["representative", "carer", "executor"]
Day = Annotated[str, Field(min_length=10, max_length=10, json_schema_extra={"format": "date"})]


class RepresentativePath(BaseModel):
    customer_id: UUID
    representative_id: UUID


class RepresentativeBody(problems.Body):
    """`authority` says what was seen; who may not act may only be told. Days are the customer's own; `from` is today if left out."""

    name: str = Field(min_length=1, max_length=120)
    relation: Relation
    authority: str = Field(min_length=1, max_length=300)
    may_act: bool
    from_day: Day | None = Field(default=None, alias="from")
    until: Day | None = None


class RepresentativeAnswer(BaseModel):
    """`state` is as of the customer's today: its day is not yet come (begins), over, or somebody ended it."""

    id: UUID
    name: str
    relation: Relation
    authority: str
    may_act: bool
    from_day: date = Field(alias="from")
    until: date | None
    state: Literal["holds", "begins", "over", "ended"]
    recorded_by: str
    recorded_at: datetime
    ended_by: str | None
    ended_at: datetime | None


class RepresentativesAnswer(BaseModel):
    items: list[RepresentativeAnswer]
    next_cursor: None


@bp.get(
    "/customers/<uuid:customer_id>/representatives", responses={200: RepresentativesAnswer}, summary="Who may act for them"
)  # fmt: skip
@requires(Permission.SEE_CUSTOMER)
def representatives(path: CustomerPath) -> problems.Answer:
    """All on record, those whose authority holds today first, those that were ended too."""
    now = clock.now()
    with db.reading() as session:
        customer_id = profiles.resolve(session, path.customer_id)
        known = profiles.representatives(session, customer_id)
        today = profiles.local_today(session, customer_id, now)
    return {"items": [_representative(one) for one in lines.representatives(known, today)], "next_cursor": None}


@bp.post(
    "/customers/<uuid:customer_id>/representatives", responses={201: RepresentativeAnswer}, summary="Put a representative on record"
)  # fmt: skip
@requires(Permission.RECORD_REPRESENTATIVES)
def record_representative(path: CustomerPath, body: RepresentativeBody) -> problems.Answer:
    """The customer reads of it in their activity."""
    with db.transaction() as session:
        made = interactions.record_representative(
            session, path.customer_id, name=body.name, relation=body.relation, authority=body.authority, may_act=body.may_act,
            from_day=_day("from", body.from_day), until=_day("until", body.until), actor=current_actor(), now=clock.now(),
        )  # fmt: skip
        return _seen(session, path.customer_id, made), 201


@bp.post(
    "/customers/<uuid:customer_id>/representatives/<uuid:representative_id>/ending", responses={200: RepresentativeAnswer},
    summary="End a representative's authority",
)  # fmt: skip
@requires(Permission.RECORD_REPRESENTATIVES)
def end_representative(path: RepresentativePath) -> problems.Answer:
    """From now on; 409 where it was ended already."""
    with db.transaction() as session:
        ended = interactions.end_representative(
            session, path.customer_id, path.representative_id, actor=current_actor(), now=clock.now()
        )
        return _seen(session, path.customer_id, ended)


def _day(name: str, text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Invalid("Write the day as in 2026-12-31.", {name: "a day as in 2026-12-31"}) from None


def _seen(session: Session, customer_id: UUID, one: profiles.Representative) -> dict[str, Any]:
    today = profiles.local_today(session, profiles.resolve(session, customer_id), clock.now())
    return _representative(lines.representatives([one], today)[0])


def _representative(known: Represents) -> dict[str, Any]:
    one = known.one
    names = ("name", "relation", "authority", "may_act", "until", "recorded_by", "recorded_at", "ended_by", "ended_at")
    told = {name: getattr(one, name) for name in names}
    return {"id": one.representative_id, **told, "from": one.from_day, "state": known.state}
