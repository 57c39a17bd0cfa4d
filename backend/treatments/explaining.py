"""A stored decision explained to staff: every candidate, its numbers or the rule that removed it, made again from what was stored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlmodel import Session

from backend.profiles import service as profiles
from backend.treatments.asking import ranked_from
from backend.treatments.cards import TermLine, WithheldLine, agent_card, stand_in, term_lines, withheld_line
from backend.treatments.engine import Factors, Withheld
from backend.treatments.inputs import Inputs
from backend.treatments.recommending import rules_context
from backend.treatments.replaying import recall


@dataclass(frozen=True)
class RankLine:
    """One ranked treatment: `gap` is the priority by which it leads the next, None for the last."""

    rank: int
    offer_id: UUID | None
    treatment: str
    subject: str
    name: str
    headline: str
    issue: str
    priority: float
    factors: Factors
    terms: tuple[TermLine, ...]
    valid_until: date
    reasons: tuple[str, ...]
    live: bool
    first: bool
    gap: float | None
    objectives: tuple[tuple[str, float, float], ...]
    """(objective, its weight in this moment, the treatment's score on it), for those that it scores on."""


@dataclass(frozen=True)
class DecisionPage:
    """A decision with all that it was made from by version, its ranking and its withheld."""

    decision_id: UUID
    customer_id: UUID
    customer_name: str
    made_at: datetime
    stands_until: datetime
    profile_version: int
    ledger_version: int
    configuration_version: int
    catalogue_version: int
    model_epoch: int
    engine_version: int
    stage: str | None
    intent: str | None
    ranked: tuple[RankLine, ...]
    withheld: tuple[WithheldLine, ...]
    removed: tuple[Withheld, ...]
    """The withheld as the engine put them, for programs."""


def decision_page(session: Session, decision_id: UUID) -> DecisionPage:
    """The decision explained. Raises NotFound, and Erased where its inputs were."""
    recalled = recall(session, decision_id)
    row, snapshot = recalled.row, recalled.snapshot
    inputs = Inputs(profiles.profile(session, row.customer_id), snapshot, recalled.ledger, recalled.configuration)
    context = rules_context(inputs)
    ranked = ranked_from(row.ranked)
    lines = []
    for place, item in enumerate(ranked):
        t = recalled.configuration.catalogue_of(item.catalogue_version).treatments[item.treatment]
        card = agent_card(t, item, place + 1, stand_in(item), inputs, context)
        follower = ranked[place + 1].priority if place + 1 < len(ranked) else None
        lines.append(
            RankLine(
                rank=place + 1,
                offer_id=UUID(item.offer_id) if item.offer_id else None,
                treatment=item.treatment,
                subject=item.subject,
                name=t.name,
                headline=card.card.headline,
                issue=t.issue,
                priority=item.priority,
                factors=item.factors,
                terms=term_lines(item.terms, inputs),
                valid_until=item.valid_until,
                reasons=card.reasons,
                live=item.live,
                first=item.pinned,
                gap=item.priority - follower if follower is not None else None,
                objectives=tuple(
                    (o, recalled.ruling.weights.get(o, 0.0), score) for o, score in t.objectives.items() if score
                ),
            )
        )
    return DecisionPage(
        decision_id=decision_id,
        customer_id=row.customer_id,
        customer_name=inputs.profile.name,
        made_at=row.made_at,
        stands_until=row.stands_until,
        profile_version=row.profile_version,
        ledger_version=row.ledger_version,
        configuration_version=row.configuration_version,
        catalogue_version=row.catalogue_version,
        model_epoch=row.model_epoch,
        engine_version=row.engine_version,
        stage=snapshot.stage,
        intent=snapshot.intent,
        ranked=tuple(lines),
        withheld=tuple(withheld_line(w, inputs) for w in recalled.ruling.withheld),
        removed=recalled.ruling.withheld,
    )
