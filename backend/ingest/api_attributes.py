"""JSON routes of a customer's attributes: where each value comes from, and what a program tells of them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from backend import db, problems
from backend.ingest import telling
from backend.overview import service as overview
from backend.overview.service import Claimed, Traced
from backend.people.service import Permission, current_actor, requires
from shared.kernel import clock

bp = problems.blueprint("attributes", __name__, "What is known of a customer, who told it, and what stands")
Key = Annotated[str, Field(pattern="^[a-z][a-z0-9_]{0,59}$")]
Value = bool | int | float | Annotated[str, Field(max_length=500)]


class AttributesPath(BaseModel):
    customer_id: UUID


class AttributesBody(problems.Body):
    """`source` is the system that tells, as the pack calls it; left out, the one that the key was made for.

    `at` is the instant of which it tells, now if left out. `verified`: it was checked with the customer; needs the scope
    `attributes:verified`.
    """

    attributes: dict[Key, Value] = Field(min_length=1, max_length=100)
    source: str | None = Field(default=None, pattern="^[a-z][a-z0-9_-]{0,59}$")
    at: str | None = Field(default=None, min_length=10, max_length=40, json_schema_extra={"format": "date-time"})
    verified: bool = False


class ClaimAnswer(BaseModel):
    """What one source tells; `value` is null where it is masked for this key. `at` is null for what was known from the beginning."""

    source: str
    value: Any
    at: datetime | None
    verified: bool


class TracedAnswer(ClaimAnswer):
    """What stands, and why: our own act (base), nobody told otherwise (only), verified, trusted more, newer; told by none (told)."""

    attribute: str
    label: str
    masked: bool
    why: Literal["base", "only", "verified", "trusted", "newer", "told"]
    others: list[ClaimAnswer]


class AttributesAnswer(BaseModel):
    customer_id: UUID
    version: int
    items: list[TracedAnswer]
    next_cursor: None


@bp.get(
    "/customers/<uuid:customer_id>/attributes", responses={200: AttributesAnswer}, summary="Where each attribute comes from"
)  # fmt: skip
@requires(Permission.SEE_CUSTOMER)
def show(path: AttributesPath) -> problems.Answer:
    """Every attribute that is known and that this key may see: what stands, the rule that decided, and what others tell."""
    with db.reading() as session:
        found = overview.sources_page(session, path.customer_id, current_actor())
    return _answer(found.customer_id, found.version, found.attributes)


@bp.patch(
    "/customers/<uuid:customer_id>/attributes", responses={200: AttributesAnswer}, summary="Tell what a source knows of the customer"
)  # fmt: skip
@requires(Permission.TELL_ATTRIBUTES)
def tell(path: AttributesPath, body: AttributesBody) -> problems.Answer:
    """All of them or none; which value stands is decided one by one, and the answer says by which rule."""
    with db.transaction() as session:
        done = telling.tell(
            session,
            path.customer_id,
            body.attributes,
            body.source,
            body.at,
            body.verified,
            current_actor(),
            clock.now(),
        )
    return _answer(done.customer_id, done.version, done.items)


def _answer(customer_id: UUID, version: int, items: tuple[Traced, ...]) -> dict[str, Any]:
    return {
        "customer_id": customer_id,
        "version": version,
        "items": [_traced(one) for one in items],
        "next_cursor": None,
    }


def _traced(one: Traced) -> dict[str, Any]:
    told = {"attribute": one.key, "label": one.label, "masked": one.masked, "why": one.why}
    return told | _claim(one.stands) | {"others": [_claim(other) for other in one.others]}


def _claim(one: Claimed) -> dict[str, Any]:
    return {name: getattr(one, name) for name in ("source", "value", "at", "verified")}
