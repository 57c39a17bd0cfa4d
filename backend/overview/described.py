"""What segments a customer is in, those by rule and those that describe, and why: what each rule saw, by which cut-offs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from backend.matrix.service import Pack
from backend.profiles import service as profiles
from backend.profiles.service import OPEN, Cuts, Mask, Profile, Snapshot


@dataclass(frozen=True, slots=True)
class SegmentLine:
    """A segment that the customer is in: since when, and what its rule saw (label, value); nothing of what this viewer may not read."""

    key: str
    label: str
    kind: Literal["rule", "descriptive"]
    since: datetime | None
    why: tuple[tuple[str, Any], ...]


@dataclass(frozen=True, slots=True)
class ScoreLine:
    """One of the three scores: 1 to 5, the value today, and the cut-offs by which it has that score."""

    name: str
    label: str
    score: int
    value: float
    value_label: str
    cuts: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Described:
    """Segments in the pack's order. `scores` is empty for who is not scored; `as_of` the day of the cut-offs, over `customers`."""

    segments: tuple[SegmentLine, ...]
    scores: tuple[ScoreLine, ...]
    as_of: date | None
    customers: int
    version: int


def described(profile: Profile, seen: Snapshot, pack: Pack, cuts: Cuts | None, mask: Mask = OPEN) -> Described:
    """Pure: from the profile as it is seen now."""
    since = (profile.states or {}).get("segments", {})
    lines = tuple(
        SegmentLine(
            one.key, one.label, one.kind, datetime.fromisoformat(since[one.key]) if one.key in since else None,
            () if mask.names(one.rule.text) else profiles.why(one.rule, seen, pack),
        )
        for one in pack.segments
        if one.key in seen.segments
    )  # fmt: skip
    scores = _scores(seen, pack, cuts) if cuts is not None else ()
    if cuts is None or not scores:
        return Described(lines, (), None, 0, 0)
    return Described(lines, scores, cuts.day, cuts.customers, cuts.version)


def _scores(seen: Snapshot, pack: Pack, cuts: Cuts) -> tuple[ScoreLine, ...]:
    if pack.rfm is None:
        return ()
    kept = {fact.value: key for key, fact in pack.facts.items() if fact.value}
    found = []
    for name, of in pack.rfm.facts().items():
        score = int(seen.facts.get(kept.get(profiles.SCORES[name], ""), 0))
        if not score:
            return ()
        label, part = pack.facts[kept[profiles.SCORES[name]]].label, pack.facts[of]
        found.append(ScoreLine(name, label, score, float(seen.facts[of]), part.label, getattr(cuts, name)))
    return tuple(found)
