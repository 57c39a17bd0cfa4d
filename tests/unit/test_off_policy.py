"""Off-policy estimators agree with the reference implementation, find what is true, and their intervals hold it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from backend.learning import off_policy
from backend.learning.off_policy import ESTIMATORS, Rounds, effective_size, rounds_of
from tests import open_bandit

REFERENCE = json.loads(open_bandit.KEPT.read_text())["logs"]
LOGS = 1000
ROUNDS = 2000


@pytest.mark.parametrize("name", REFERENCE)
def test_each_estimator_agrees_with_the_reference_implementation(name: str) -> None:
    found = open_bandit.ours(open_bandit.made()[name])
    assert found == pytest.approx(REFERENCE[name], abs=1e-6)
    assert found.keys() == REFERENCE[name].keys()


def chance_log(rng: np.random.Generator, n: int, who: bool = False, wrong: float = 1.0) -> tuple[Rounds, float]:
    """A log of an exploring choice, beside another choice whose true value is known; the model foresees `wrong` times the truth."""
    people = np.arange(n) // 4 if who else np.arange(n)
    kind = rng.random(n)[people] if who else rng.random(n)
    true = np.stack([0.1 + 0.2 * kind, 0.3 - 0.2 * kind, np.full(n, 0.2)], axis=1)
    liked = np.stack([0.5 - 0.3 * kind, 0.2 + 0.3 * kind, np.full(n, 0.3)], axis=1)
    target = np.stack([0.1 + 0.6 * kind, 0.7 - 0.6 * kind, np.full(n, 0.2)], axis=1)
    taken = (np.cumsum(liked, axis=1) < rng.random(n)[:, None]).sum(axis=1).clip(0, 2)
    reward = (rng.random(n) < true[np.arange(n), taken]).astype(float)
    worth = float(
        (0.1 + 0.6 / 2) * 0.1 + 0.2 * (0.1 / 2 + 0.6 / 3) + 0.3 * (0.7 - 0.3) - 0.2 * (0.7 / 2 - 0.6 / 3) + 0.04
    )
    return rounds_of(taken, liked[np.arange(n), taken], reward, target, wrong * true, people), worth


@pytest.mark.parametrize("who", [False, True])
def test_intervals_hold_the_truth_as_often_as_they_say(who: bool) -> None:
    rng = np.random.default_rng(20261123)
    held = dict.fromkeys(ESTIMATORS, 0)
    for _ in range(LOGS):
        rounds, worth = chance_log(rng, ROUNDS, who)
        for name, estimator in ESTIMATORS.items():
            estimate = estimator(rounds)
            held[name] += estimate.low <= worth <= estimate.high
    assert {name: count for name, count in held.items() if not 0.93 <= count / LOGS <= 0.97} == {}


def test_what_corrects_the_model_is_right_though_the_model_is_wrong() -> None:
    rounds, worth = chance_log(np.random.default_rng(1), 200_000, wrong=2.0)
    assert off_policy.direct(rounds).value == pytest.approx(2 * worth, rel=0.05)
    for name in ("inverse_propensity", "self_normalised", "doubly_robust"):
        assert ESTIMATORS[name](rounds).value == pytest.approx(worth, rel=0.03)


def test_a_good_model_makes_the_interval_narrower() -> None:
    rounds, _ = chance_log(np.random.default_rng(2), 5_000)
    width = {name: (e := estimator(rounds)).high - e.low for name, estimator in ESTIMATORS.items()}
    assert width["direct"] < width["switch"] <= width["doubly_robust"] * 1.001 < width["inverse_propensity"]


def test_the_switch_leaves_out_what_weighs_too_much() -> None:
    log = open_bandit.made()["far_apart"]
    rounds = rounds_of(log.taken, log.propensity, log.reward, log.target, log.foreseen)
    assert off_policy.best_switch(rounds) < rounds.weight.max()
    assert off_policy.best_switch(replace(rounds, weight=np.ones(len(rounds)))) == 1
    switched, robust = off_policy.switch(rounds), off_policy.doubly_robust(rounds)
    assert switched.high - switched.low < robust.high - robust.low
    assert off_policy.switch(rounds, float("inf")).value == pytest.approx(robust.value)
    assert off_policy.switch(rounds, 0.0).value == pytest.approx(off_policy.direct(rounds).value)


def test_rounds_of_one_person_are_no_independent_evidence() -> None:
    once, four = np.array([1.0, 0.0] * 50), np.repeat(np.array([1.0, 0.0] * 50), 4)

    def width(reward: Any, who: Any) -> float:
        even = np.ones(len(reward))
        estimate = off_policy.inverse_propensity(Rounds(even, reward, even * 0, even * 0, who))
        return estimate.high - estimate.low

    assert width(four, np.repeat(np.arange(100), 4)) == pytest.approx(width(once, None))
    assert width(four, None) < 0.6 * width(once, None)
    assert width(np.array([1.0, 1.0]), ["A", "A"]) == float("inf")


def test_the_effective_size_counts_rounds_of_equal_weight() -> None:
    assert effective_size(np.ones(50)) == pytest.approx(50)
    assert effective_size(np.array([1000.0] + [0.001] * 999)) == pytest.approx(1, abs=0.01)
    assert effective_size(np.zeros(3)) == 0


def test_nothing_in_common_gives_no_number_where_none_can_be() -> None:
    none = np.zeros(10)
    assert np.isnan(off_policy.self_normalised(Rounds(none, none, none, none)).value)
    empty = np.zeros(0)
    for name, estimator in ESTIMATORS.items():
        assert np.isnan(estimator(Rounds(empty, empty, empty, empty)).value), name


def test_a_log_without_probabilities_is_refused() -> None:
    with pytest.raises(ValueError, match="above 0"):
        rounds_of([0], [0.0], [1.0], [[1.0]], [[0.5]])


def test_foresight_is_put_right_by_the_answers_of_other_folds() -> None:
    n = 4000
    groups, folds = ["modem"] * n, [nth % 2 for nth in range(n)]
    came = np.array([1.0 if fold else 0.0 for fold in folds])
    put_right = off_policy.calibrated(np.full(n, 0.5), came, groups, folds)
    mine = put_right([0.5, 0.5], ["modem", "modem"], [0, 1])
    assert mine[0] == pytest.approx(1.0, abs=0.02)  # fold 0 learns from fold 1, where all was taken
    assert mine[1] == pytest.approx(0.0, abs=0.02)
    assert put_right([0.5], ["never seen"], [0])[0] == pytest.approx(0.5)
