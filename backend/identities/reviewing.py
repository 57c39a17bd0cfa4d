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
from backend.matrix.service import Pack, attribute_text, day_text
from backend.profiles import service as profiles
from backend.profiles.service import Identified, Profile
from backend.treatments import service as treatments
from shared.kernel.actors import SYSTEM
from shared.kernel.errors import Invalid

_LABELS = {
    "number": "Customer number", "name": "Name", "phone": "Phone", "email": "E-mail", "birth_date": "Birth date",
    "timezone": "Time zone", "language": "Language",
}  # fmt: skip
LATELY = 20


def compare(session: Session, ours: UUID, theirs: UUID) -> Comparison:
    """The two side by side, `ours` as the survivor. Raises NotFound, and Invalid where they are one and the same."""
    first, second = profiles.profile(session, ours), profiles.profile(session, theirs)
    if first.customer_id == second.customer_id:
        raise Invalid("These are one and the same customer.", {"with": "another customer"})
    pack = catalogues.pack_in_force(session)
    return Comparison(
        _side(session, first),
        _side(session, second),
        tuple(_fields(first, second, pack)),
        suggesting.suggestion(session, first.customer_id, second.customer_id),
        tuple(_consents(first, second, pack)),
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


def _fields(ours: Profile, theirs: Profile, pack: Pack) -> Iterator[FieldLine]:
    """What is known of either, and may be seen by an agent; the rest stays the survivor's."""
    for key in profiles.FIELDS:
        mine, other = getattr(ours, key), getattr(theirs, key)
        if mine is not None or other is not None:
            yield FieldLine(key, _LABELS[key], mine, other, _text(mine), _text(other))
    for attribute in pack.attributes.values():
        if "agent" not in attribute.visible:
            continue
        mine, other = ours.attributes.get(attribute.key), theirs.attributes.get(attribute.key)
        if mine is not None or other is not None:
            key = f"{profiles.ATTRIBUTE}{attribute.key}"
            texts = [attribute_text(attribute, one, pack.currency) if one is not None else "" for one in (mine, other)]
            yield FieldLine(key, attribute.label, mine, other, *(text[:1].upper() + text[1:] for text in texts))


def _consents(ours: Profile, theirs: Profile, pack: Pack) -> Iterator[tuple[str, str]]:
    """What both say of each purpose and channel together: a no of either stands."""
    states: dict[tuple[str, str], set[str]] = {}
    for one in (*ours.consents, *theirs.consents):
        states.setdefault((one.purpose, one.channel), set()).add(one.state)
    for (purpose, channel), said in sorted(states.items()):
        words = f"{purpose.replace('_', ' ').capitalize()} by {pack.label_of(pack.channels, channel).lower()}"
        yield words, "denied" if said & set(profiles.REFUSED) else "granted"


def _text(value: Any) -> str:
    if value is None or value == "":
        return ""
    return day_text(value) if isinstance(value, date) else str(value)
