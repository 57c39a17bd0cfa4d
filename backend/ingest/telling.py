"""A program tells what it knows of one customer: each attribute is weighed against what other sources told, and the answer says how."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session

from backend.catalogue import service as catalogues
from backend.ingest.applying import labels_of
from backend.ingest.messages import AHEAD, EARLIEST, instant
from backend.ingest.planning import fitting
from backend.ingest.service import source_of
from backend.interactions import service as interactions
from backend.matrix.service import Pack
from backend.overview import service as overview
from backend.overview.service import Traced
from backend.people.service import Permission
from backend.profiles import service as profiles
from shared.kernel.actors import SYSTEM, Actor
from shared.kernel.errors import Forbidden, Invalid


@dataclass(frozen=True, slots=True)
class Told:
    """The customer's version, and for each attribute that was told what stands now."""

    customer_id: UUID
    version: int
    items: tuple[Traced, ...]


def tell(
    session: Session, customer_id: UUID, given: Mapping[str, Any], source: str | None, at: str | None, verified: bool,
    actor: Actor, now: datetime,
) -> Told:  # fmt: skip
    """Writes down what a source tells of the customer and gives what stands; what changed is on the timeline.

    A key that was made for one system speaks for no other. `at` is the instant of which it tells. Raises NotFound, Invalid by
    field, and Forbidden for another system's word and for `verified` without the permission to say so.
    """
    spoken_by = _source(source, actor)
    if verified and not actor.may(Permission.VERIFY_ATTRIBUTES):
        raise Forbidden("This key may not say that something was checked with the customer.")
    pack = catalogues.pack_in_force(session)
    values = _values(given, pack)
    instant_of = _instant(at, now)
    before = profiles.held(session, profiles.resolve(session, customer_id))
    version = profiles.learn_from(
        session, before.customer_id, spoken_by, values, pack, now, at=instant_of, verified=verified
    )
    after = profiles.held(session, before.customer_id)
    changed = {key: value for key, value in after.attributes.items() if before.attributes.get(key) != value}
    if changed:
        label = source_of(spoken_by, pack).label
        data = {
            "summary": f"{', '.join(labels_of(changed, pack))} · {label}",
            "source": spoken_by,
            "verified": verified,
            "changed": changed,
        }
        teller = replace(SYSTEM, name=label)
        interactions.record(session, before.customer_id, "profile.changed", None, teller, data, now)
    page = overview.sources_page(session, before.customer_id, actor)
    return Told(before.customer_id, version, tuple(one for one in page.attributes if one.key in values))


def _source(source: str | None, actor: Actor) -> str:
    if actor.source and source not in (None, actor.source):
        raise Forbidden(f"This key speaks for {actor.source} alone.")
    found = source or actor.source
    if not found:
        raise Invalid("Say which system tells this.", {"source": "the system's key, such as crm"})
    return found


def _values(given: Mapping[str, Any], pack: Pack) -> dict[str, Any]:
    values, errors = {}, {}
    for key, value in given.items():
        attribute = pack.attributes.get(key)
        if attribute is None:
            errors[f"attributes.{key[:60]}"] = "no attribute of the pack in force"
            continue
        fit = fitting(attribute, value)
        if fit is None:
            of = f"one of {', '.join(attribute.choices)}" if attribute.choices else f"of type {attribute.type}"
            errors[f"attributes.{key}"] = of
        values[key] = fit
    if errors:
        raise Invalid("Some attributes cannot be taken.", errors)
    return values


def _instant(at: str | None, now: datetime) -> datetime:
    if at is None:
        return now
    found = instant(at)
    if found is None or found < EARLIEST or found > now + AHEAD:
        raise Invalid(
            "That is no instant in the past.", {"at": "an instant such as 2026-03-01T10:00:00Z, after 1990 and not to come"}
        )  # fmt: skip
    return min(found, now)
