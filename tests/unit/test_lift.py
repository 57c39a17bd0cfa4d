"""Lift by kinds of customers: intervals hold, a kind is told apart only where its lift surely differs, and rarely by chance."""

from __future__ import annotations

from typing import Any

import numpy as np

from backend.trials.lifting import Seen, by_quality, measured
from backend.trials.outcomes import METRICS


def seen(random: np.random.Generator, n: int, base: float, lift: Any) -> Seen:
    treated = random.random(n) < 0.7
    happened = (random.random(n) < base + np.where(treated, lift, 0.0)).astype(float)
    return Seen(treated, {key: happened if one.share else happened * 20 for key, one in METRICS.items()})


def test_the_lift_of_all_is_within_its_interval_as_often_as_it_says() -> None:
    random = np.random.default_rng(21)
    held = {"acceptance": 0, "value": 0}
    for _ in range(1_000):
        found = measured(seen(random, 1_500, 0.2, np.full(1_500, 0.05)), np.ones(1_500, dtype=bool))
        for metric, true in (("acceptance", 0.05), ("value", 1.0)):
            held[metric] += found[metric]["low"] <= true <= found[metric]["high"]
    assert all(0.93 <= many / 1_000 <= 0.97 for many in held.values()), held


def test_a_kind_whose_lift_is_another_is_told_apart() -> None:
    random = np.random.default_rng(22)
    kinds = [("young",) if nth % 4 == 0 else ("old",) for nth in range(12_000)]
    lift = np.array([0.2 if kind == ("young",) else 0.0 for kind in kinds])
    lines = {line["key"]: line for line in by_quality(seen(random, 12_000, 0.2, lift), kinds)}
    assert lines["young"]["apart"]["acceptance"]
    assert list(lines) == ["old", "young"]


def test_kinds_whose_lift_is_alike_are_hardly_ever_told_apart() -> None:
    random = np.random.default_rng(23)
    told = 0
    for _ in range(200):
        kinds = [(f"k{random.integers(8)}",) for _ in range(2_400)]
        lines = by_quality(seen(random, 2_400, 0.3, np.full(2_400, 0.1)), kinds)
        told += any(line["apart"].get("acceptance") for line in lines)
    assert told / 200 <= 0.1


def test_a_kind_with_too_few_in_a_group_is_not_told_of() -> None:
    random = np.random.default_rng(24)
    kinds = [("few",) if nth < 150 else ("many",) for nth in range(3_000)]
    assert [line["key"] for line in by_quality(seen(random, 3_000, 0.2, np.zeros(3_000)), kinds)] == ["many"]
