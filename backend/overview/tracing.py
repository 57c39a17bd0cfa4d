"""Where all that is known of a customer comes from: who told it, when, what made it stand, and who else told otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session

from backend.catalogue import service as catalogues
from backend.interactions import service as interactions
from backend.matrix.service import Attribute, Pack, day_text
from backend.profiles import service as profiles
from backend.profiles.service import Mask, Profile, Sourced
from shared.kernel.actors import Actor
from shared.kernel.errors import Forbidden

OURS = "us"
CONTACT = {"name": "Name", "phone": "Telephone number", "email": "E-mail address", "birth_date": "Date of birth"}
_WHY = {
    "base": "What we entered or changed ourselves goes before all that was told of an earlier time.",
    "only": "Nobody has told otherwise.",
    "verified": "Checked with the customer: it goes before all that was not.",
    "trusted": "This source is trusted more than those that differ.",
    "newer": "It is the newer word.",
    "told": "Known from the beginning: no source has told of it since.",
}


@dataclass(frozen=True, slots=True)
class Claimed:
    """What one source tells. `text` is as this viewer may read it; `value` None where it is masked."""

    source: str
    source_label: str
    value: Any
    text: str
    at: datetime | None
    verified: bool


@dataclass(frozen=True, slots=True)
class Traced:
    """One thing that is known of a customer, what stands of it and why, and what other sources tell, newest first."""

    key: str
    label: str
    masked: bool
    stands: Claimed
    why: str
    why_text: str
    others: tuple[Claimed, ...]


@dataclass(frozen=True, slots=True)
class SourcesPage:
    customer_id: UUID
    name: str
    timezone: str
    version: int
    contact: tuple[Traced, ...]
    attributes: tuple[Traced, ...]

    @property
    def told(self) -> tuple[Traced, ...]:
        """What somebody told of, the person first."""
        return tuple(one for one in (*self.contact, *self.attributes) if one.why != "told")

    @property
    def untold(self) -> tuple[Traced, ...]:
        """The rest, known from the beginning; what is known of the person is not said twice."""
        known = {one.key for one in self.contact}
        rest = (*self.contact, *(one for one in self.attributes if one.key not in known))
        return tuple(one for one in rest if one.why == "told")

    @property
    def masked(self) -> bool:
        return any(one.masked for one in (*self.contact, *self.attributes))


def sources_page(session: Session, customer_id: UUID, actor: Actor) -> SourcesPage:
    """All that is known of the customer and that this viewer may see, each with its sources. Raises NotFound, Forbidden for a customer."""
    if actor.kind == "customer":
        raise Forbidden("This page is for our staff.")
    profile = profiles.profile(session, customer_id)
    pack = catalogues.pack_in_force(session)
    mask = interactions.mask_for(session, profile, pack, actor)
    told = profiles.sources(session, profile.customer_id, pack)
    contact = profiles.contact_sources(session, profile.customer_id, pack)
    return SourcesPage(
        profile.customer_id, profile.name, profile.timezone, profile.version,
        tuple(_contact(profile, contact, pack, mask)), tuple(_attributes(profile, told, pack, mask)),
    )  # fmt: skip


def _attributes(profile: Profile, told: Mapping[str, Sourced], pack: Pack, mask: Mask) -> Iterator[Traced]:
    for attribute in pack.attributes.values():
        value, found = profile.attributes.get(attribute.key), told.get(attribute.key)
        if "agent" not in attribute.visible or attribute.key in mask.withheld or (value is None and found is None):
            continue
        yield _traced(
            attribute.key, attribute.label, value, found, attribute.key in mask.masked,
            lambda one, a=attribute: _attribute_text(a, one, profile, pack, mask), pack,
        )  # fmt: skip


def _contact(profile: Profile, told: Mapping[str, Sourced], pack: Pack, mask: Mask) -> Iterator[Traced]:
    born = pack.attributes.get("birth_date")
    for key, label in CONTACT.items():
        hidden = key == "birth_date" and born is not None and (born.key in mask.withheld or "agent" not in born.visible)
        value = getattr(profile, key)
        if hidden or (value is None and key not in told):
            continue
        plain = value.isoformat() if key == "birth_date" and value is not None else value
        masked = key in mask.masked
        yield _traced(
            key, label, plain, told.get(key), masked, lambda one, k=key, m=masked: _contact_text(k, one, m, born, profile, pack, mask), pack
        )  # fmt: skip


def _traced(key: str, label: str, value: Any, found: Sourced | None, masked: bool, text: Any, pack: Pack) -> Traced:
    labels = {one.key: one.label for one in pack.tracking.source}

    def claimed(source: str, said: Any, at: datetime | None, verified: bool) -> Claimed:
        when = None if at is None or at <= profiles.LONG_AGO else at
        name = labels.get(source, source) if source else "Us"
        return Claimed(source or OURS, name, None if masked else said, text(said), when, verified)

    if found is None:
        return Traced(key, label, masked, claimed("", value, None, False), "told", _WHY["told"], ())
    others = tuple(claimed(one.source, one.value, one.at, one.verified) for one in found.others)
    stands = claimed(found.source, value, found.at, found.verified)
    return Traced(key, label, masked, stands, found.why, _WHY[found.why], others)


def _attribute_text(attribute: Attribute, value: Any, profile: Profile, pack: Pack, mask: Mask) -> str:
    if value is None:
        return "unknown"
    said = mask.value(attribute, value, pack.currency, profile.language)
    return said or ("no" if value is False else "none")


def _contact_text(
    key: str, value: Any, masked: bool, born: Attribute | None, profile: Profile, pack: Pack, mask: Mask
) -> str:
    if not value:
        return "unknown"
    if masked and key == "phone":
        return profiles.phone_text(str(value))
    if masked and key == "email":
        return profiles.email_text(str(value))
    if key == "birth_date":
        return mask.value(born, value, pack.currency, profile.language) if born else day_text(value)
    return str(value)
