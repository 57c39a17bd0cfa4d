"""To what a customer belongs, as staff and programs are shown it: who else is in it, by name once the caller is verified."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from backend.catalogue import service as catalogues
from backend.interactions import service as interactions
from backend.matrix.service import Pack
from backend.people.service import Permission
from backend.profiles import service as profiles
from backend.profiles.service import Group, Mask
from shared.kernel.actors import Actor
from shared.kernel.errors import Forbidden

GROUP_WORDS = {"household": "Household", "billing": "Billing account", "business": "Business account"}


@dataclass(frozen=True, slots=True)
class Fellow:
    """Somebody else of a household or account. `name` and `number` have dots where they are masked; `customer_id` None for who may not open them."""

    customer_id: UUID | None
    number: str
    name: str


@dataclass(frozen=True, slots=True)
class Belonging:
    """One household or account of a customer. `title` is fit for the viewer; `others` empty once they have left, `many` how many there are."""

    group: Group
    title: str
    since: datetime
    until: datetime | None
    source: str
    source_label: str
    masked: bool
    others: tuple[Fellow, ...]
    many: int


def belongings(session: Session, customer_id: UUID, actor: Actor) -> tuple[UUID, tuple[Belonging, ...]]:
    """The canonical id, and all to which they belong or belonged. Raises NotFound, and Forbidden for a customer."""
    if actor.kind == "customer":
        raise Forbidden("This is for our staff.")
    profile = profiles.profile(session, customer_id)
    pack = catalogues.pack_in_force(session)
    mask = interactions.mask_for(session, profile, pack, actor)
    return profile.customer_id, of_customer(session, profile.customer_id, pack, mask, actor)


def of_customer(
    session: Session, customer_id: UUID, pack: Pack, mask: Mask, actor: Actor, *, now_alone: bool = False
) -> tuple[Belonging, ...]:
    """The same where profile and mask are read already; with `now_alone` nothing that they have left."""
    labels = {one.key: one.label for one in pack.tracking.source}
    hidden = bool(mask.masked)
    found = []
    for one in profiles.memberships(session, customer_id):
        if one.until is not None and now_alone:
            continue
        group = one.group
        others, many = profiles.members(session, group.group_id, customer_id) if one.until is None else ((), 0)
        fellows = tuple(
            Fellow(
                other.customer_id if actor.may(Permission.SEE_CUSTOMER) else None,
                profiles.DOTS if hidden else other.number,
                profiles.name_text(other.name) if hidden else other.name,
            )
            for other in others
        )
        # What a household is called may name who else lives there.
        title = "" if hidden and group.kind == "household" else group.name or group.key
        found.append(
            Belonging(group, title, one.since, one.until, one.source, labels.get(one.source, one.source), hidden, fellows, many)
        )  # fmt: skip
    return tuple(found)
