"""Why treatments are not offered to a customer: read when somebody asks, since it makes a decision that stands once more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from backend import db
from backend.interactions import service as interactions
from backend.treatments import service as treatments
from backend.treatments.service import WithheldLine
from shared.kernel.actors import Actor
from shared.kernel.errors import Forbidden


@dataclass(frozen=True, slots=True)
class FunnelPage:
    """`withheld` in the order in which the funnel removed them; `decision_id` is the decision that they are of."""

    customer_id: UUID
    decision_id: UUID | None
    withheld: tuple[WithheldLine, ...]
    timezone: str


def funnel_page(customer_id: UUID, channel: str, actor: Actor, now: datetime) -> FunnelPage:
    """Every treatment that this customer is not offered in this channel, and why. Raises NotFound, and Forbidden for a customer."""
    if actor.kind == "customer":
        raise Forbidden("This page is for our staff.")
    decided = treatments.decide(customer_id, now)
    inputs = decided.inputs
    with db.reading() as session:
        mask = interactions.mask_for(session, inputs.profile, inputs.pack, actor, (inputs.snapshot,))
    found = treatments.recommend_for_agent(customer_id, channel, actor, now, decided=decided, mask=mask)
    return FunnelPage(inputs.profile.customer_id, found.decision_id, found.withheld, inputs.profile.timezone)
