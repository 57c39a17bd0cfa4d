"""C, the match of a treatment with the customer's objectives here and now. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from backend.matrix.service import BASE, Pack, Vector
from backend.profiles.snapshot import Snapshot

FLOOR = "floor"
"""The source of a balance that would else lie below the pack's floor."""
MOST_KNOWN = 4096
"""Kinds of moments and customers whose weights are kept."""


def objective_weights(snapshot: Snapshot, pack: Pack) -> Mapping[str, float]:
    """The weight of each objective for this customer in this moment; they sum to 1.

    w[o] ∝ Π (n[o] + ε) over the life-cycle state, the stage and, where one is known, the intent, with n = x / Σ x: the
    product lets each voice speak, ε (the pack's smoothing) lets none veto. Each voice speaks in the version of the customer's
    segments.
    """
    known = pack.worked_out.setdefault("weights", {})
    key = (snapshot.life_cycle, snapshot.stage, snapshot.intent, snapshot.segments)
    weights: Mapping[str, float] | None = known.get(key)
    if weights is None:
        if len(known) >= MOST_KNOWN:
            known.clear()
        weights = known[key] = _weights(snapshot, pack)
    return weights


def _weights(snapshot: Snapshot, pack: Pack) -> Mapping[str, float]:
    product = dict.fromkeys(pack.objectives, 1.0)
    for voice in voices(snapshot, pack):
        total = sum(voice.values())
        for objective in product:
            product[objective] *= voice.get(objective, 0.0) / total + pack.policies.epsilon
    whole = sum(product.values())
    return {objective: value / whole for objective, value in product.items()}


def voices(snapshot: Snapshot, pack: Pack) -> list[Vector]:
    """The weights that life-cycle state, stage and intent give the objectives, in the version of the customer's segments."""
    states = {state.key: state.weights for state in pack.life_cycle}
    found = []
    if snapshot.life_cycle in states:
        found.append(segments_own(pack, snapshot.segments, "life_cycle_weights", snapshot.life_cycle, states)[0])
    stage = snapshot.stage or pack.default_stage
    found.append(segments_own(pack, snapshot.segments, "stage_weights", stage, pack.stage_weights)[0])
    if snapshot.intent in pack.intents:
        intents = {key: intent.weights for key, intent in pack.intents.items()}
        found.append(segments_own(pack, snapshot.segments, "intent_weights", str(snapshot.intent), intents)[0])
    return found


def segments_own(
    pack: Pack, segments: Collection[str], what: str, key: str, base: Mapping[str, Vector]
) -> tuple[Vector, Mapping[str, str]]:
    """A vector of weights with the segments' own merged over it, and where each came from: "base" or a segment's key.

    `what` is one of Segment's mappings of weights. The first segment in the pack's order that has its own weight for an
    objective gives it.
    """
    weights = dict(base[key])
    sources = dict.fromkeys(weights, BASE)
    for segment in pack.segments:
        if segment.key in segments:
            for objective, weight in getattr(segment, what).get(key, {}).items():
                if sources.get(objective, BASE) == BASE:
                    weights[objective], sources[objective] = weight, segment.key
    return weights, sources


def context_value(weights: Mapping[str, float], scores: Iterable[tuple[str, float]]) -> float:
    """C = Σ w[o]·q[o], between 0 and 1."""
    context = 0.0
    for objective, score in scores:
        context += weights.get(objective, 0.0) * score
    return context


def balance(snapshot: Snapshot, pack: Pack) -> float:
    """β, the weight of the customer's gain against the company's."""
    return balance_of(pack, snapshot.segments)[0]


def balance_of(pack: Pack, segments: Collection[str]) -> tuple[float, str]:
    """β and where it came from: the first of these segments that has its own, else the pack's ("base"), never below its floor ("floor")."""
    own: Iterable[tuple[float, str]] = (
        (s.beta, s.key) for s in pack.segments if s.key in segments and s.beta is not None
    )
    beta, source = next(iter(own), (pack.policies.beta, BASE))
    return (beta, source) if beta >= pack.policies.beta_floor else (pack.policies.beta_floor, FLOOR)
