"""How much each objective weighs for this customer now, and how much their own gain weighs. Plain Python."""

from __future__ import annotations

import math
from typing import Any

from tests.unit.reference.customer import Customer


def weights_of(customer: Customer, body: dict[str, Any]) -> dict[str, float]:
    """w ∝ Π (x/Σx + ε) over life-cycle state, stage (the pack's default without a moment) and intent, in the segments' version."""
    stage = customer.stage or body["pack"]["default_stage"]
    voices = [
        _own(s["weights"], "life_cycle_weights", s["key"], customer, body)
        for s in body["lifecycle"]["state"]
        if s["key"] == customer.life_cycle
    ]
    voices += [
        _own(s["weights"], "stage_weights", stage, customer, body)
        for s in body["matrix"]["stage_weights"]
        if s["stage"] == stage
    ]
    voices += [
        _own(i["weights"], "intent_weights", i["key"], customer, body)
        for i in body["intents"]["intent"]
        if i["key"] == customer.intent
    ]
    epsilon = body["pack"]["policies"]["epsilon"]
    raw = {
        o: math.prod(voice.get(o, 0.0) / math.fsum(voice.values()) + epsilon for voice in voices)
        for o in body["matrix"]["objectives"]
    }
    return {o: x / math.fsum(raw.values()) for o, x in raw.items()}


def _own(base: dict[str, float], what: str, key: str, customer: Customer, body: dict[str, Any]) -> dict[str, float]:
    """Objective by objective, what the first of the customer's segments in the pack's order says of it; else the base."""
    merged = dict(base)
    for segment in reversed(body["segments"]["segment"]):
        if segment["key"] in customer.segments:
            merged |= segment.get(what, {}).get(key, {})
    return merged


def beta_of(customer: Customer, body: dict[str, Any]) -> float:
    """The dial of the first segment that has one, else the pack's; never below the floor."""
    policies = body["pack"]["policies"]
    for segment in body["segments"]["segment"]:
        if segment["key"] in customer.segments and "beta" in segment:
            return max(segment["beta"], policies["beta_floor"])
    return max(policies["beta"], policies["beta_floor"])
