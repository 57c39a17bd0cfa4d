"""Decisions and offers as JSON, the same wherever they are asked for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from backend.engine.service import Factors, Goal, Parts, Ranked, Withheld, deliver
from backend.profiles.service import OPEN, Mask
from backend.treatments import cards
from backend.treatments.asking import Decided
from backend.treatments.cards import OfferLine, TermLine
from backend.treatments.chosen import Asked
from backend.treatments.explaining import DecisionPage, WhatIf
from backend.treatments.masked import masked, masked_withheld
from backend.treatments.recommending import rules_context
from shared.kernel import clock
from shared.kernel.errors import Conflict


def decided_json(
    decided: Decided, rows: dict[str, Any], withheld: Sequence[Withheld], channel: str, limit: int, mask: Mask = OPEN
) -> dict[str, Any]:
    """A decision as one channel may deliver it: the first `limit` of its ranking, and all that was withheld.

    `mask` hides what whoever asks must not read.
    """
    inputs = masked(decided.inputs, mask)
    delivery = deliver(decided.ranked, inputs.snapshot, inputs.configuration, channel)
    context = rules_context(inputs)
    treatments = []
    for rank, item in enumerate(delivery.here[:limit], 1):
        t = inputs.configuration.catalogue_of(item.catalogue_version).treatments[item.treatment]
        row = rows.get(str(item.offer_id)) or cards.stand_in(item)
        card = cards.agent_card(t, item, rank, row, inputs, context)
        treatments.append(_treatment(item, card, rank, channel, t.rendered_text(channel)))
    snapshot, configuration = inputs.snapshot, inputs.configuration
    return {
        "decision_id": decided.decision_id,
        "customer_id": inputs.profile.customer_id,
        "profile_version": snapshot.profile_version,
        "ledger_version": inputs.ledger.version,
        "configuration_version": configuration.version,
        "catalogue_version": configuration.catalogue.version,
        "model_epoch": configuration.model_epoch,
        "engine_version": decided.engine_version,
        "stands_until": clock.utc(decided.stands_until).isoformat(),
        "treatments": treatments,
        "withheld": [_withheld(masked_withheld(w, mask)) for w in [*(w for _, w in delivery.elsewhere), *withheld]],
    }


def _treatment(item: Ranked, card: cards.AgentCard, rank: int, channel: str, text: str | None) -> dict[str, Any]:
    rendering: dict[str, Any] = {"headline": card.card.headline, "acknowledgement": card.card.acknowledgement}
    if channel == "phone":
        rendering |= {"script": card.script, "acknowledgement": card.script_acknowledgement}
    elif channel == "portal":
        rendering |= {"body": card.card.body, "reason": card.card.reason, "accept": card.card.accept_label}
    else:
        rendering |= {"text": text, "reason": card.card.reason}
    return {
        "offer_id": item.offer_id,
        "treatment": item.treatment,
        "subject": item.subject,
        "rank": rank,
        "priority": item.priority,
        "factors": factors_json(item.factors),
        "terms": terms_json(card.card.terms),
        "valid_until": card.card.valid_until.isoformat(),
        "state": card.card.state,
        "reasons": list(card.reasons),
        "rendering": rendering,
    }


def decision_json(page: DecisionPage) -> dict[str, Any]:
    """A stored decision explained: the whole ranking, whatever channel asked."""
    return {
        "decision_id": page.decision_id,
        "customer_id": page.customer_id,
        "made_at": clock.utc(page.made_at).isoformat(),
        "stands_until": clock.utc(page.stands_until).isoformat(),
        "profile_version": page.profile_version,
        "ledger_version": page.ledger_version,
        "configuration_version": page.configuration_version,
        "catalogue_version": page.catalogue_version,
        "model_epoch": page.model_epoch,
        "engine_version": page.engine_version,
        "stage": page.stage,
        "intent": page.intent,
        "treatments": [
            {
                "offer_id": line.offer_id,
                "treatment": line.treatment,
                "subject": line.subject,
                "rank": line.rank,
                "priority": line.priority,
                "factors": factors_json(line.factors),
                "terms": terms_json(line.terms),
                "valid_until": line.valid_until.isoformat(),
                "state": "presented" if line.live else "open",
                "reasons": list(line.reasons),
                "rendering": {"headline": line.headline},
                "parts": parts_json(line.parts) if line.parts else None,
                "margin": line.gap,
                "lead": line.lead,
            }
            for line in page.ranked
        ],
        "withheld": [_withheld(w) for w in page.removed],
        "funnel": [{"step": line.step, "removed": line.removed} for line in page.funnel],
    }


def changes_json(page: DecisionPage, found: WhatIf) -> dict[str, Any]:
    """What would change a decision: each suggestion was tried, and holds."""
    changes = found.changes
    return {
        "decision_id": page.decision_id,
        "treatment": found.treatment or None,
        "goal": _goal(changes.goal) if changes else None,
        "suggestions": [
            {
                "steps": [{"kind": s.kind, "key": s.key, "by": s.by, "text": s.text} for s in one.steps],
                "first": one.first,
                "rank": one.rank,
            }
            for one in (changes.suggestions if changes else ())
        ],
        "tried": changes.tried if changes else 0,
        "complete": changes.complete if changes else True,
        "waiting": changes.waiting if changes else False,
    }


def _goal(goal: Goal) -> dict[str, Any]:
    return {"kind": goal.kind, "treatment": goal.treatment or None, "other": goal.other or None}


def parts_json(parts: Parts) -> dict[str, Any]:
    return {
        "objectives": [{"objective": o, "weight": weight, "score": score} for o, weight, score in parts.objectives],
        "value": {
            "equity": parts.equity, "cost": parts.cost, "experience": parts.experience, "beta": parts.beta,
            "company": parts.company, "customer": parts.customer,
        },
        "prices": [{"budget": budget, "amount": amount, "bid": bid} for budget, amount, bid in parts.prices],
        "attention": {"base": parts.attention_base, "per_recent": parts.attention_per_recent, "recent": parts.recent},
    }  # fmt: skip


def told_json(refused: Conflict) -> Conflict:
    """The refusal with the offer that it tells of as JSON."""
    offer = refused.extra.get("offer")
    if isinstance(offer, OfferLine):
        refused.extra["offer"] = offer_json(offer)
    return refused


def offer_json(line: OfferLine) -> dict[str, Any]:
    return {
        "offer_id": line.offer_id,
        "treatment": line.treatment,
        "headline": line.headline,
        "state": line.state,
        "terms": terms_json(line.terms),
        "valid_until": line.valid_until.isoformat(),
        "until": line.until.isoformat() if line.until else None,
        "at": clock.utc(line.at).isoformat() if line.at else None,
        "channel": line.channel,
        "by": line.by,
        "person": asdict(line.person) if line.person else None,
        "version": line.version,
        "reference": line.reference,
        "can_reverse": line.can_reverse,
        "undo_until": line.undo_until.isoformat() if line.undo_until else None,
        "inputs": [
            {"key": c.key, "kind": c.kind, "label": c.label, "value": c.value, "text": c.text} for c in line.chosen
        ],
    }


def asked_json(asked: Iterable[Asked]) -> list[dict[str, Any]]:
    return [
        {
            "key": one.key,
            "kind": one.kind,
            "label": one.label,
            "hint": one.hint,
            "required": one.required,
            "value": one.value,
            "options": [{"value": answer.value, "label": answer.label} for answer in one.answers],
            "first": one.first.isoformat() if one.first else None,
            "last": one.last.isoformat() if one.last else None,
        }
        for one in asked
    ]


def factors_json(factors: Factors) -> dict[str, Any]:
    return factors._asdict()


def terms_json(terms: Sequence[TermLine]) -> list[dict[str, Any]]:
    return [{"key": t.key, "label": t.label, "value": t.value, "unit": t.unit, "text": t.text} for t in terms]


def _withheld(w: Withheld) -> dict[str, Any]:
    return {
        "treatment": w.treatment,
        "step": w.step,
        "rule": w.rule,
        "detail": w.detail,
        "values": dict(w.values),
        "failed": w.failed,
    }
