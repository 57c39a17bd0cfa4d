"""What is wrong with what a pack scores customers by, and with segments that only describe."""

from __future__ import annotations

from collections.abc import Iterator

from backend.matrix.tracking_checks import Fault
from backend.matrix.types import Pack, Segment

SCORES = frozenset({"rfm_recency", "rfm_frequency", "rfm_monetary"})
_CHANGES = ("beta", "cell", "stage_weights", "life_cycle_weights", "intent_weights")


def scoring_faults(pack: Pack) -> Iterator[Fault]:
    """Facts that are none, or of the wrong shape; descriptive segments that change a decision or read anything but scores."""
    if pack.rfm is not None:
        for part, key in pack.rfm.facts().items():
            fact = pack.facts.get(key)
            if fact is None:
                yield "segments.toml", "rfm", 0, f"rfm.{part}", f"no fact is called {key}"
            elif not (fact.since if part == "recency" else fact.window):
                how = "counts the days since something" if part == "recency" else "has a window of days"
                yield "segments.toml", "rfm", 0, f"rfm.{part}", f"{key} is no fact that {how}"
        kept = {fact.value for fact in pack.facts.values()}
        for missing in sorted(SCORES - kept):
            yield "segments.toml", "rfm", 0, "rfm", f"no fact keeps the value {missing}"
    for nth, segment in enumerate(pack.segments):
        if segment.kind == "descriptive":
            yield from (("segments.toml", "segment", nth, segment.key, why) for why in _describing(segment, pack))


def _describing(segment: Segment, pack: Pack) -> Iterator[str]:
    if pack.rfm is None:
        yield "is descriptive, but the pack says nothing of what customers are scored by: [rfm]"
    known = {key for key, fact in pack.facts.items() if fact.value in SCORES}
    for name in sorted(set(segment.rule.names) - known):
        yield f"is descriptive: its rule reads scores alone, and {name} is none"
    for name in _CHANGES:
        if getattr(segment, name):
            yield f"is descriptive: it has no {name} of its own"
