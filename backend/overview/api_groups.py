"""JSON routes of households and accounts: to what a customer belongs, joining and leaving. One blueprint with the rest of this room."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from backend import db, problems
from backend.catalogue import service as catalogues
from backend.interactions import service as interactions
from backend.overview import belonging
from backend.overview.api import CustomerPath, bp
from backend.overview.belonging import Belonging
from backend.people.service import Permission, current_actor, requires
from shared.kernel import clock
from shared.kernel.errors import Forbidden, Invalid

__all__ = ["bp"]

Kind = Literal["household", "billing", "business"]
Trait = bool | int | float | Annotated[str, Field(max_length=500)]
FIRST_YEAR = 1990


class GroupPath(BaseModel):
    customer_id: UUID
    group_id: UUID


class GroupBody(problems.Body):
    """`key` is what other systems call it, one of all kinds. `kind` left out: as it is known, else a business account.

    `source` is the system that tells, or the one that the key was made for; `since` an instant, now if left out.
    """

    key: str = Field(min_length=1, max_length=255, pattern=r"^\S(.*\S)?$")
    kind: Kind | None = None
    name: str = Field(default="", max_length=200)
    traits: dict[Annotated[str, Field(min_length=1, max_length=100)], Trait] = Field(
        default_factory=dict, max_length=40
    )
    source: str | None = Field(default=None, pattern="^[a-z][a-z0-9_-]{0,59}$")
    since: str | None = Field(default=None, min_length=10, max_length=40, json_schema_extra={"format": "date-time"})


class FellowAnswer(BaseModel):
    """`name` and `number` show dots for a key that may not read what is masked."""

    id: UUID
    number: str
    name: str


class GroupAnswer(BaseModel):
    """`others` are at most fifty of the `size` customers who belong to it beside this one."""

    id: UUID
    kind: Kind
    key: str
    name: str
    traits: dict[str, Any]
    since: datetime
    until: datetime | None
    source: str
    size: int
    others: list[FellowAnswer]


class GroupsAnswer(BaseModel):
    items: list[GroupAnswer]
    next_cursor: None


@bp.get("/customers/<uuid:customer_id>/groups", responses={200: GroupsAnswer}, summary="Their household and accounts")
@requires(Permission.SEE_CUSTOMER)
def groups(path: CustomerPath) -> problems.Answer:
    """Those to which they belong, with who else does, then those that they have left."""
    return _groups(path.customer_id)


@bp.post(
    "/customers/<uuid:customer_id>/groups", responses={200: GroupsAnswer}, summary="Join a household or an account"
)
@requires(Permission.KEEP_GROUPS)
def join_group(path: CustomerPath, body: GroupBody) -> problems.Answer:
    """From now on, or from `since`. Who joins a household leaves the one they lived in. Told again it changes what is known of it."""
    now, actor = clock.now(), current_actor()
    if actor.source and body.source not in (None, actor.source):
        raise Forbidden(f"This key speaks for {actor.source} alone.")
    source = body.source or actor.source
    if not source:
        raise Invalid("Say which system tells this.", {"source": "the system's key, such as crm"})
    with db.transaction() as session:
        sources = catalogues.pack_in_force(session).tracking.source
        label = next((one.label for one in sources if one.key == source), source)
        interactions.join_group(
            session, path.customer_id, body.key, kind=body.kind, name=body.name, traits=body.traits, source=source, label=label,
            since=_since(body.since, now), actor=actor, now=now,
        )  # fmt: skip
    return _groups(path.customer_id)


@bp.post(
    "/customers/<uuid:customer_id>/groups/<uuid:group_id>/ending", responses={200: GroupsAnswer}, summary="Leave it"
)
@requires(Permission.KEEP_GROUPS)
def leave_group(path: GroupPath) -> problems.Answer:
    """From now on; 409 where they had left already. That they belonged to it stays on record."""
    with db.transaction() as session:
        interactions.leave_group(session, path.customer_id, path.group_id, actor=current_actor(), now=clock.now())
    return _groups(path.customer_id)


def _since(text: str | None, now: datetime) -> datetime:
    if text is None:
        return now
    try:
        since = datetime.fromisoformat(text.replace("Z", "+00:00"))
        fits = since.tzinfo is not None and since.year >= FIRST_YEAR and since <= now
    except (ValueError, OverflowError):
        fits = False
    if not fits:
        raise Invalid(
            "That is no instant in the past.", {"since": "an instant such as 2026-03-01T10:00:00Z, not to come"}
        )
    return since


def _groups(customer_id: UUID) -> problems.Answer:
    with db.reading() as session:
        _, found = belonging.belongings(session, customer_id, current_actor())
    return {"items": [_answer(one) for one in found], "next_cursor": None}


def _answer(one: Belonging) -> dict[str, Any]:
    group = one.group
    others = [{"id": o.customer_id, "number": o.number, "name": o.name} for o in one.others if o.customer_id]
    traits = {} if one.masked and group.kind == "household" else group.traits
    return {
        "id": group.group_id, "kind": group.kind, "key": group.key, "name": one.title, "traits": traits, "since": one.since,
        "until": one.until, "source": one.source, "size": one.many, "others": others,
    }  # fmt: skip
