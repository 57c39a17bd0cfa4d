"""Many customers at once, for whoever watches many: name, why they are here, and what moves the score of their experience."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlmodel import Session

from backend.profiles.queries import CUSTOMER, MOMENT
from backend.profiles.rewriting import moment_of
from backend.profiles.types import Moment

AT_ONCE = 500
_STAMPS = select(CUSTOMER.c.customer_id, CUSTOMER.c.version, CUSTOMER.c.restricted).outerjoin_from(
    CUSTOMER, MOMENT, MOMENT.c.customer_id == CUSTOMER.c.customer_id
)
_MOMENT = (
    MOMENT.c.version.label("moment_version"),
    *(
        MOMENT.c[name]
        for name in ("stage", "intent", "source", "channel", "set_by", "evidence", "strength", "set_at", "fades_at")
    ),
)
_KNOWN = select(CUSTOMER.c.customer_id, CUSTOMER.c.name, CUSTOMER.c.timezone, CUSTOMER.c.facts)


@dataclass(frozen=True, slots=True)
class Brief:
    """A customer in a few words. `truths` are the moments of truth, as `score` takes them."""

    customer_id: UUID
    name: str
    timezone: str
    version: int
    moment: Moment | None
    truths: tuple[Any, ...]
    restricted: str = ""
    """The group of customers that only some teams may open: who draws from it for somebody looks who they are."""

    @property
    def first_name(self) -> str:
        return self.name.split(" ", 1)[0]


def briefs(session: Session, customer_ids: Collection[UUID], known: Mapping[UUID, Brief]) -> dict[UUID, Brief]:
    """Those of these customers that are there; what is `known` already is read anew only where it has changed since."""
    found: dict[UUID, Brief] = {}
    some = sorted(customer_ids)
    for start in range(0, len(some), AT_ONCE):
        found |= _some(session, some[start : start + AT_ONCE], known)
    return found


def _some(session: Session, some: list[UUID], known: Mapping[UUID, Brief]) -> dict[UUID, Brief]:
    stamps = session.execute(_STAMPS.add_columns(*_MOMENT).where(CUSTOMER.c.customer_id.in_(some))).all()
    found: dict[UUID, Brief] = {}
    changed: dict[UUID, Any] = {}
    for row in stamps:
        before = known.get(row.customer_id)
        if before is None or before.version != row.version or before.restricted != row.restricted:
            changed[row.customer_id] = row
        elif (before.moment.version if before.moment else None) == row.moment_version:
            found[row.customer_id] = before
        else:
            found[row.customer_id] = replace(before, moment=moment_of(row))
    if changed:
        for one in session.execute(_KNOWN.where(CUSTOMER.c.customer_id.in_(sorted(changed)))):
            row = changed[one.customer_id]
            truths = tuple(tuple(truth) for truth in one.facts.get("truths", ()))
            found[one.customer_id] = Brief(
                one.customer_id, one.name, one.timezone, row.version, moment_of(row), truths, row.restricted
            )
    return found
