"""Cards and explanations as somebody may read them who must not see all of the customer. Pure."""

from __future__ import annotations

from dataclasses import replace

from backend.engine.service import Withheld
from backend.profiles.service import Mask
from backend.treatments.cards import AgentCard

UNSAID = "It depends on something that is masked until the caller is verified, or that your role does not see."


def masked_card(card: AgentCard, mask: Mask) -> AgentCard:
    """The card, its words without what is hidden."""
    if not mask.words:
        return card
    own = replace(card.card, body=mask.text(card.card.body), reason=mask.text(card.card.reason))
    reasons = tuple(mask.text(reason) for reason in card.reasons)
    return replace(card, card=own, script=mask.text(card.script), reasons=reasons)


def masked_withheld(w: Withheld, mask: Mask) -> Withheld:
    """Why not, unless the reason would tell what is hidden: then that there is such a reason."""
    if not mask.names(w.rule, w.detail, *w.values):
        return w
    return w._replace(rule="masked", detail=UNSAID, values={})
