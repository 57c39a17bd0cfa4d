"""The arithmetic of proof against known answers, and by thousands of made-up trials: intervals hold what they promise."""

from __future__ import annotations

from math import inf, sqrt

import numpy as np
import pytest

from backend.proving.statistics import (
    LEAST,
    Group,
    chi_square_above,
    customers_needed,
    group_of,
    look,
    newcombe,
    settled,
    split_chance,
    student,
    welch,
    wilson,
)

_LOOKS = 60


def _share(happened: float, n: int) -> Group:
    return Group(n, happened / n, happened / n * (1 - happened / n) * n / (n - 1))


@pytest.mark.parametrize(
    ("chance", "freedom", "known"),
    [
        (0.975, 1, 12.706205), (0.975, 2, 4.302653), (0.975, 3, 3.182446), (0.975, 5, 2.570582), (0.975, 10, 2.228139),
        (0.975, 30, 2.042272), (0.975, 200, 1.971896), (0.995, 4, 4.604095), (0.025, 10, -2.228139), (0.975, inf, 1.959964),
    ],
)  # fmt: skip
def test_students_quantiles_are_those_of_the_tables(chance: float, freedom: float, known: float) -> None:
    assert student(chance, freedom) == pytest.approx(known, abs=2e-5)


@pytest.mark.parametrize(
    ("value", "freedom", "known"), [(3.841459, 1, 0.05), (5.991465, 2, 0.05), (7.814728, 3, 0.05), (11.070498, 5, 0.05), (29.5883, 10, 0.001)]
)  # fmt: skip
def test_chi_squares_tail_is_that_of_the_tables(value: float, freedom: int, known: float) -> None:
    assert chi_square_above(value, freedom) == pytest.approx(known, rel=1e-4)


def test_newcombes_interval_is_that_of_his_paper() -> None:
    """Statistics in Medicine 17 (1998), table II, method 10: 56/70 against 48/80, and 10/10 against 0/10."""
    found = newcombe((56, 70), (48, 80))
    assert (found.low, found.high) == (pytest.approx(0.0524, abs=5e-5), pytest.approx(0.3339, abs=5e-5))
    found = newcombe((10, 10), (0, 10))
    assert (found.low, found.high) == (pytest.approx(0.6075, abs=5e-5), pytest.approx(1.0, abs=5e-5))


def test_wilsons_interval_stays_within_nothing_and_all() -> None:
    assert wilson(0, 0) == (0.0, 0.0, 1.0)
    assert wilson(0, 10).low == 0.0
    assert wilson(10, 10).high == pytest.approx(1.0)
    assert wilson(81, 263).low == pytest.approx(0.2553, abs=5e-5)


def test_newcombes_intervals_hold_the_true_difference_as_often_as_they_say() -> None:
    random = np.random.default_rng(11)
    held = 0
    for _ in range(4_000):
        n, m = int(random.integers(150, 900)), int(random.integers(150, 900))
        p, q = random.uniform(0.05, 0.6, 2)
        found = newcombe((int(random.binomial(n, p)), n), (int(random.binomial(m, q)), m))
        held += found.low <= p - q <= found.high
    assert 0.93 <= held / 4_000 <= 0.97


def test_welchs_intervals_hold_the_true_difference_as_often_as_they_say() -> None:
    random = np.random.default_rng(12)
    held = 0
    for _ in range(4_000):
        n, m = int(random.integers(80, 500)), int(random.integers(80, 500))
        ours, theirs = random.gamma(2.0, 3.0, n), random.gamma(1.5, 2.0, m)
        found = welch(group_of(ours), group_of(theirs))
        held += found.low <= 3.0 <= found.high
    assert 0.93 <= held / 4_000 <= 0.97


def test_a_thousand_trials_of_nothing_looked_at_sixty_times_each_flag_no_more_than_six_in_a_hundred() -> None:
    random = np.random.default_rng(13)
    flagged = sum(_flags(random, 0.2, 0.2, 6_000) for _ in range(1_000))
    assert flagged / 1_000 <= 0.06


@pytest.mark.parametrize(("usual", "power"), [(0.3, 0.8), (0.3, 0.9), (0.1, 0.8)])
def test_a_true_lift_of_a_tenth_is_found_with_the_planned_power(usual: float, power: float) -> None:
    n = customers_needed(usual, usual * (1 - usual), 0.1, power=power, shares=True)
    assert n is not None
    random = np.random.default_rng(14)
    found = sum(_flags(random, usual * 1.1, usual, n) for _ in range(400)) / 400
    assert found >= power - 2 * sqrt(power * (1 - power) / 400)


def test_the_interval_that_may_be_looked_at_early_holds_the_truth_at_every_look() -> None:
    random = np.random.default_rng(15)
    lost = 0
    for _ in range(500):
        ours, theirs = random.random(4_000) < 0.25, random.random(4_000) < 0.2
        mine, other = ours.cumsum(), theirs.cumsum()
        for n in range(200, 4_001, 100):
            low, _, high = look(_share(mine[n - 1], n), _share(other[n - 1], n), 0.02).interval
            if not low <= 0.05 <= high:
                lost += 1
                break
    assert lost / 500 <= 0.05


def test_too_few_customers_say_nothing() -> None:
    found = look(Group(LEAST - 1, 0.9, 0.09), Group(5_000, 0.1, 0.09), 0.02)
    assert found.p == 1.0
    assert (found.interval.low, found.interval.high) == (-inf, inf)


def test_no_number_of_customers_finds_what_is_not_there() -> None:
    assert customers_needed(0.0, 0.0, 0.1) is None
    assert customers_needed(0.2, 0.16, 0.0001, shares=True) is None


def test_what_was_before_takes_noise_away_and_leaves_the_difference() -> None:
    random = np.random.default_rng(16)
    estimates, plain = [], []
    for _ in range(300):
        before = [random.normal(10, 3, 400) for _ in range(2)]
        outcomes = [0.8 * before[0] + random.normal(0, 1, 400) + 0.5, 0.8 * before[1] + random.normal(0, 1, 400)]
        (ours, theirs), part = settled(outcomes, before)
        estimates.append(ours.mean() - theirs.mean())
        plain.append(outcomes[0].mean() - outcomes[1].mean())
        assert 0.7 < part < 0.95
    assert np.mean(estimates) == pytest.approx(0.5, abs=0.02)
    assert np.std(estimates) < 0.5 * np.std(plain)


def test_what_says_nothing_of_the_outcome_changes_nothing() -> None:
    outcomes = [np.array([1.0, 0.0, 1.0]), np.array([0.0, 1.0, 0.0])]
    kept, part = settled(outcomes, [np.ones(3), np.ones(3)])
    assert part == 0.0
    assert [list(one) for one in kept] == [list(one) for one in outcomes]


def test_groups_of_another_size_than_meant_are_noticed() -> None:
    assert split_chance([5_000, 5_050], [0.5, 0.5]) > 0.5
    assert split_chance([5_000, 5_600], [0.5, 0.5]) < 0.001
    assert split_chance([900, 9_100], [0.1, 0.9]) < 0.001
    assert split_chance([1_010, 8_990], [0.1, 0.9]) > 0.5
    assert split_chance([0, 0], [0.5, 0.5]) == 1.0


def _flags(random: np.random.Generator, ours: float, theirs: float, n: int) -> bool:
    """Whether any of many looks on the way finds a difference; the mixture is made for a lift of a tenth."""
    mine, other = (random.random(n) < ours).cumsum(), (random.random(n) < theirs).cumsum()
    for at in np.linspace(n / _LOOKS, n, _LOOKS).astype(int):
        if look(_share(mine[at - 1], at), _share(other[at - 1], at), 0.1 * theirs).p < 0.05:
            return True
    return False
