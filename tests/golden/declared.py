"""Where later engines are meant to differ from the golden decisions of earlier ones: engine version → what differs → why."""

from collections.abc import Mapping

_PRICES = "Bid prices are of budgets, no longer of treatments: one that names a treatment counts for nothing."
_LIMITS = "The cap and the gap of sales are two limits among others, and are called as the pack calls them."

DECLARED: Mapping[int, Mapping[str, str]] = {
    1: {
        "ranked": _PRICES, "ranked.factors": _PRICES, "ranked.priority": _PRICES, "withheld.rule": _LIMITS, "withheld.values": _LIMITS,
    },
}  # fmt: skip
