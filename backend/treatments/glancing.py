"""A customer at one glance, for whoever watches many at once. It decides nothing and writes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from backend.engine.service import Words
from backend.treatments import asking, cards
from backend.treatments.masked import seen_by_anybody

LATELY = timedelta(hours=1)
"""An answer older than this is no news of the contact that goes on now."""


@dataclass(frozen=True, slots=True)
class Glance:
    """Who it is, why they are here, what stands recommended, and what they answered lately; empty where there is nothing."""

    name: str
    why: str
    recommended: str
    answered: str


def glance(customer_id: UUID, now: datetime) -> Glance:
    """The decision that stands, or the one that would be made. Raises NotFound. Opens its own transaction."""
    decided = asking.standing(customer_id, now)
    if decided is None:
        decided = asking.preview(customer_id, now)
    inputs = seen_by_anybody(decided.inputs)
    moment = inputs.profile.moment
    why = ""
    if moment is not None and moment.live(now):
        why = inputs.pack.intent_label(moment.intent) or inputs.pack.label_of(inputs.pack.stages, moment.stage)
    recommended = ""
    if decided.ranked:
        first = decided.ranked[0]
        catalogue = inputs.configuration.catalogue_of(first.catalogue_version)
        words = Words(inputs.snapshot, inputs.pack, inputs.profile.first_name, first.terms, inputs.mask)
        recommended = cards.headline(catalogue.treatments[first.treatment], words, catalogue.pack)
    latest = max((row for row in decided.offers if row.answered_at), key=lambda row: row.answered_at, default=None)
    answered = latest.state if latest is not None and now - latest.answered_at < LATELY else ""
    return Glance(inputs.profile.name, why, recommended, answered)
