"""The closed loop in worlds with hidden effects: a short form of `evenhand bench loop`, and what its log tells of other choices."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from backend.benching import hidden, looping, proving
from backend.benching.hidden import Visits
from backend.learning import off_policy
from backend.learning.firsts import Contender, first_places
from backend.learning.turning import turned_at
from backend.matrix import service as matrix


@pytest.mark.parametrize("seed", [101])
def test_the_loop_is_near_the_best_that_anybody_could_do_and_ahead_of_all_others(seed: int) -> None:
    found = looping.race(seed, answers=6_000)
    assert found["learner"] > 0.83
    others = {name: share for name, share in found.items() if name != "learner"}
    assert max(others.values()) < found["learner"] - 0.02, others


def test_a_new_best_treatment_is_found() -> None:
    assert looping.found_after_change(103, before=6_000, afterwards=3_500) <= 3_000


def test_what_is_proven_is_what_runs() -> None:
    """The loop learns by what a pack says that says nothing else, and so does the pack that comes with us."""
    ours = matrix.load_pack(matrix.folder_of("telecom")).learning
    own = {"window_days", "exploring", "left", "left_days", "feature"}
    assert ours.model_dump(exclude=own) == looping.WANTED.model_dump(exclude=own)
    assert ours.exploring[0] == looping.WANTED.exploring[0]


def test_a_mix_of_channels_changes_no_order() -> None:
    found = looping.skewed(104, answers=5_000)
    assert found.differing == 0
    assert found.agreement > found.naive + 0.05


def test_the_same_seed_is_the_same_world() -> None:
    one, other = looping.race(105, 2_500), looping.race(105, 2_500)
    assert one == other
    assert looping.race(106, 2_500) != one


def test_what_another_choice_would_have_earned_is_read_from_the_log_of_one_that_explores() -> None:
    """The oracle of the world knows what averages would have earned; the estimators know the log alone."""
    of, learner = hidden.world(7), looping.Learner(hidden.world(7))
    looping.play([(of, 4_000)], learner, 7)
    seen = hidden.visits(8, 2_000, from_day=40.0)
    values, rng = of.values(seen), np.random.default_rng(9)
    odds, spread = learner.odds(seen)
    other = 1 / (1 + np.exp(-odds)) * values
    first = np.array([_firsts(*row) for row in zip(odds, np.maximum(spread, 1.0), values, strict=True)])
    taken = (np.cumsum(first, axis=1) < rng.random(len(first))[:, None]).sum(axis=1).clip(0, of.many - 1)
    rows, true = np.arange(len(taken)), of.chances(seen)
    reward = (rng.random(len(taken)) < true[rows, taken]) * values[rows, taken]
    target = first * np.exp(other / 20)
    target /= target.sum(axis=1, keepdims=True)
    worth = float((target * true * values).sum(axis=1).mean())
    rounds = off_policy.rounds_of(taken, first[rows, taken], reward, target, other)
    assert off_policy.effective_size(rounds.weight) > off_policy.LEAST_EFFECTIVE
    for name in ("self_normalised", "doubly_robust", "switch"):
        estimate = off_policy.ESTIMATORS[name](rounds)
        assert estimate.low < worth < estimate.high, (name, estimate, worth)


def _firsts(odds: np.ndarray, spread: np.ndarray, values: np.ndarray) -> list[float]:
    chance = 1 / (1 + np.exp(-odds))
    return first_places([Contender(*one, 0.0) for one in zip(odds, spread, chance, values, strict=True)])


def test_the_mean_of_few_seeds_says_no_more_than_it_knows() -> None:
    found = looping.mean_of([0.90, 0.92, 0.94] * 7)
    assert found.value == pytest.approx(0.92)
    assert found.high - found.value == pytest.approx(2.086 * np.std([0.90, 0.92, 0.94] * 7, ddof=1) / 21**0.5, rel=1e-3)
    with pytest.raises(ValueError, match="no interval"):
        looping.mean_of([1.0])


def test_what_is_not_known_of_a_customer_is_said_to_be_unknown() -> None:
    seen = hidden.visits(1, 50)
    vectors = hidden.vectors(seen)
    assert vectors.shape == (50, len(hidden.columns()))
    assert not np.isnan(vectors).any()
    assert (vectors[:, -hidden.UNKNOWN :] == np.isnan(seen.known[:, -hidden.UNKNOWN :])).all()
    assert isinstance(replace(seen, day=seen.day + 1), Visits)


def test_a_turn_is_noticed_soon_and_seldom_where_there_is_none() -> None:
    rng = np.random.default_rng(11)
    even = (rng.random(20_000) < 0.2).astype(float)
    alarms = sum(turned_at([0.2] * 1000, even[nth : nth + 1000].tolist()) > 0 for nth in range(0, 20_000, 1000))
    assert alarms <= 3
    for chance in (0.6, 0.02):
        turned = [*even[:500], *(rng.random(150) < chance).astype(float)]
        assert 480 <= turned_at([0.2] * len(turned), turned) <= 560
    assert turned_at([], []) == 0


def test_the_rows_of_the_bench_tell_of_every_world(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proving, "SEEDS", (1, 2))
    monkeypatch.setattr(proving, "cores", lambda: 1)
    monkeypatch.setattr(
        looping, "race", lambda seed, _: {name: nth / 10 + seed / 100 for nth, name in enumerate(looping.CHOOSERS)}
    )
    monkeypatch.setattr(looping, "found_after_change", lambda seed: 1000.0 * seed)
    monkeypatch.setattr(looping, "skewed", lambda seed: looping.Skewed(0, 0.9, 0.7 + seed / 100))
    said: list[str] = []
    found = {row["name"]: row for row in proving.loop(500, said.append)}
    assert said[-1] == "2 of 2 worlds are played."
    assert found["loop_learner"]["share"][0] == pytest.approx(0.015)
    assert found["loop_averages"]["ahead"] == [-0.3, -0.3, -0.3]
    assert found["loop_change"]["answers"] == [1000.0, 2000.0]
    assert found["loop_channels"]["differing"] == 0
    assert json.loads(json.dumps(found)) == found
