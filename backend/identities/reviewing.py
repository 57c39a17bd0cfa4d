"""Two customers side by side: what a person needs to see before they are merged, and what would follow to the survivor."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlmodel import Session

from backend.catalogue import service as catalogues
from backend.identities import suggesting
from backend.identities.merging import MERGE, merge_of
from backend.identities.types import Comparison, FieldLine, Merge, Side, Suggestion
from backend.interactions import service as interactions
from backend.matrix.service import Pack, day_text
from backend.profiles import service as profiles
from backend.profiles.service import Identified, Mask, Profile
from backend.treatments import service as treatments
from shared.kernel.actors import SYSTEM, Actor
from shared.kernel.errors import Forbidden, Invalid

_LABELS = {
    "number": "Customer number", "name": "Name", "phone": "Phone", "email": "E-mail", "birth_date": "Birth date",
    "timezone": "Time zone", "language": "Language",
}  # fmt: skip
LATELY = 20
IN_CLEAR = "compare_in_clear"
"""The permission to compare what is masked; whoever merges wrongly does more harm than whoever reads on record."""


def compare(session: Session, ours: UUID, theirs: UUID, actor: Actor, *, in_clear: bool = False) -> Comparison:
    """The two side by side, `ours` as the survivor, masked as everywhere: of what is masked is told whether it is the same.

    `in_clear` is for those who may ask for it; whoever asks sees to it that it is on record as a look at both. Raises NotFound,
    Forbidden, and Invalid where they are one and the same.
    """
    if in_clear and not actor.may(IN_CLEAR):
        raise Forbidden("To compare what is masked is for those who may see it.")
    first, second = profiles.profile(session, ours), profiles.profile(session, theirs)
    if first.customer_id == second.customer_id:
        raise Invalid("These are one and the same customer.", {"with": "another customer"})
    pack = catalogues.pack_in_force(session)
    masks = [interactions.mask_for(session, one, pack, actor, in_clear=in_clear) for one in (first, second)]
    return Comparison(
        _side(session, first),
        _side(session, second),
        tuple(_fields(first, second, pack, *masks)),
        suggesting.suggestion(session, first.customer_id, second.customer_id),
        tuple(_consents(first, second, pack)),
        in_clear,
    )


def named(session: Session, suggestions: Sequence[Suggestion], merges: Sequence[Merge] = ()) -> dict[UUID, Identified]:
    """Who is who of everyone in these suggestions and merges."""
    ids = {one for pair in suggestions for one in (pair.customer_id, pair.other_id)} | {
        one.customer_id for one in merges
    }
    return {one.customer_id: one for one in profiles.identified(session, sorted(ids))}


def lately(session: Session) -> tuple[Merge, ...]:
    """The latest merges by people, those that were taken back too; not of devices that joined who signed in on them."""
    by_people = select(MERGE.c.merge_id).where(MERGE.c.merged_by_id != SYSTEM.id)
    rows = session.execute(by_people.order_by(MERGE.c.merge_id.desc()).limit(LATELY)).scalars().all()
    return tuple(merge_of(session, merge_id) for merge_id in rows)


def _side(session: Session, one: Profile) -> Side:
    held = interactions.row_counts(session, one.customer_id)
    offers = treatments.offers_told(session, one.customer_id)
    bills = len(profiles.bill_heads(session, one.customer_id, most=1_000))
    counts = (("events", held["event"]), ("contacts", held["interaction"]), ("offers", offers), ("bills", bills))
    return Side(one.customer_id, one.number, one.name, one.version, one.created_at, counts)


def _fields(ours: Profile, theirs: Profile, pack: Pack, our_mask: Mask, their_mask: Mask) -> Iterator[FieldLine]:
    """What is known of either, and may be seen by an agent of this role; the rest stays the survivor's."""
    masks = (our_mask, their_mask)
    for key in profiles.FIELDS:
        both = (getattr(ours, key), getattr(theirs, key))
        if any(one is not None for one in both):
            yield _line(
                key,
                _LABELS[key],
                both,
                [_text(key, one, key in m.hidden) for one, m in zip(both, masks, strict=True)],
                key,
                masks,
            )
    for attribute in pack.attributes.values():
        if "agent" not in attribute.visible or any(attribute.key in mask.withheld for mask in masks):
            continue
        both = (ours.attributes.get(attribute.key), theirs.attributes.get(attribute.key))
        if any(one is not None for one in both):
            texts = [
                mask.value(attribute, one, pack.currency, "en") if one is not None else ""
                for one, mask in zip(both, masks, strict=True)
            ]
            yield _line(
                f"{profiles.ATTRIBUTE}{attribute.key}", attribute.label, both, [t[:1].upper() + t[1:] for t in texts], attribute.key, masks
            )  # fmt: skip


def _line(
    key: str, label: str, both: tuple[Any, Any], texts: Sequence[str], name: str, masks: tuple[Mask, Mask]
) -> FieldLine:
    """A value that is masked leaves only as its text; `name` is what the masks call the field."""
    hidden = [name in mask.hidden for mask in masks]
    ours, theirs = (
        text if masked and one is not None else one for one, text, masked in zip(both, texts, hidden, strict=True)
    )
    return FieldLine(key, label, ours, theirs, texts[0], texts[1], same=bool(both[0] == both[1]), masked=any(hidden))


def _consents(ours: Profile, theirs: Profile, pack: Pack) -> Iterator[tuple[str, str]]:
    """What both say of each purpose and channel together: a no of either stands."""
    states: dict[tuple[str, str], set[str]] = {}
    for one in (*ours.consents, *theirs.consents):
        states.setdefault((one.purpose, one.channel), set()).add(one.state)
    for (purpose, channel), said in sorted(states.items()):
        words = f"{purpose.replace('_', ' ').capitalize()} by {pack.label_of(pack.channels, channel).lower()}"
        yield words, "denied" if said & set(profiles.REFUSED) else "granted"


def _text(key: str, value: Any, masked: bool) -> str:
    if value is None or value == "":
        return ""
    if masked and key == "phone":
        return profiles.phone_text(value)
    if masked and key == "email":
        return profiles.email_text(value)
    if masked:
        return f"{profiles.DOTS} {value.year}" if isinstance(value, date) else profiles.DOTS
    return day_text(value) if isinstance(value, date) else str(value)
