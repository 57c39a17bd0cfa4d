"""C, the match of a treatment with the customer's objectives here and now. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from backend.matrix.service import Pack, Vector
from backend.profiles.snapshot import Snapshot


def objective_weights(snapshot: Snapshot, pack: Pack) -> dict[str, float]:
    """The weight of each objective for this customer in this moment; they sum to 1.

    w[o] ∝ Π (n[o] + ε) over the life-cycle state, the stage and, where one is known, the intent, with n = x / Σ x: the
    product lets each voice speak, ε (the pack's smoothing) lets none veto.
    """
    vectors: list[Vector] = [state.weights for state in pack.life_cycle if state.key == snapshot.life_cycle]
    vectors.append(pack.stage_weights[snapshot.stage or pack.default_stage])
    if snapshot.intent in pack.intents:
        vectors.append(pack.intents[str(snapshot.intent)].weights)
    product = dict.fromkeys(pack.objectives, 1.0)
    for vector in vectors:
        total = sum(vector.values())
        for objective in product:
            product[objective] *= vector.get(objective, 0.0) / total + pack.policies.epsilon
    whole = sum(product.values())
    return {objective: value / whole for objective, value in product.items()}


def context_value(weights: Mapping[str, float], scores: Vector) -> float:
    """C = Σ w[o]·q[o], between 0 and 1."""
    return sum([weights.get(objective, 0.0) * score for objective, score in scores.items()])


def balance(snapshot: Snapshot, pack: Pack) -> float:
    """β, the weight of the customer's gain against the company's: the first segment that has its own, else the pack's; floored."""
    own: Iterable[float] = (s.beta for s in pack.segments if s.key in snapshot.segments and s.beta is not None)
    return max(next(iter(own), pack.policies.beta), pack.policies.beta_floor)
