"""Which of several sources is believed about an attribute, and why. Pure.

What was known before any source spoke, and what we changed ourselves, is the base: sources that tell of a later time go
before it, what is older than it is history. Among these a verified value goes before all others; then, as the attribute says,
the source trusted more, or the newer word. Equal in all, the source's key decides, so that the order of arrival never does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

Rule = Literal["trust", "newest"]
Why = Literal["base", "only", "verified", "trusted", "newer"]
BASE = ""
"""The source of what was known before, or changed by an act of ours."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What one source says of one attribute, and for which instant."""

    source: str
    value: Any
    at: datetime
    verified: bool = False

    def to_json(self) -> list[Any]:
        return [self.value, self.at.isoformat(), self.verified]


def claims_from(plain: Mapping[str, list[Any]]) -> dict[str, Claim]:
    """The claims on one attribute by their source, as `Claim.to_json` wrote them."""
    return {
        source: Claim(source, value, datetime.fromisoformat(at), bool(verified))
        for source, (value, at, verified) in plain.items()
    }


def told(claims: Mapping[str, Claim], claim: Claim) -> dict[str, Claim]:
    """The claims after this one: a source's later word replaces its earlier one, an earlier word that comes late does not.

    What a source once verified stays its word until it verifies another.
    """
    before = claims.get(claim.source)
    if before is not None and (before.at > claim.at or (before.verified and not claim.verified)):
        return dict(claims)
    return {**claims, claim.source: claim}


def surviving(claims: Mapping[str, Claim], rule: Rule, trust: Mapping[str, int]) -> tuple[Claim, Why]:
    """The claim that is believed, and by which rule it stands above the next one. `claims` is not empty."""
    base = claims.get(BASE)
    later = [c for c in claims.values() if c.source != BASE and (base is None or c.at > base.at)]
    if not later:
        return (base, "base") if base is not None else (max(claims.values(), key=lambda c: c.at), "only")

    def rank(claim: Claim) -> tuple[Any, ...]:
        trusted, newer = trust.get(claim.source, 0), claim.at
        return (claim.verified, *((trusted, newer) if rule == "trust" else (newer, trusted)), claim.source)

    ordered = sorted(later, key=rank, reverse=True)
    best = ordered[0]
    if len(ordered) == 1:
        return best, "only" if base is None else "newer"
    second = ordered[1]
    if best.verified != second.verified:
        return best, "verified"
    same_trust = trust.get(best.source, 0) == trust.get(second.source, 0)
    if rule == "trust":
        return best, "newer" if same_trust else "trusted"
    return best, "trusted" if best.at == second.at and not same_trust else "newer"
