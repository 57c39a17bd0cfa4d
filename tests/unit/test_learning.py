"""The learner's pure core: what is fitted, what is drawn, with which chance each comes first, and how well it comes true."""

import math

import numpy as np
import pytest

from backend.learning.epoch import NOTHING_LEARNED, Epoch, Exploring, Odds, epoch_of, lots
from backend.learning.firsts import Contender, first_places
from backend.learning.fitting import Answers, Arm, Believed, decayed, fit, sums
from backend.learning.judging import area, histogram, judged, shifted, stability
from backend.learning.normal import below, chance_of, chances_of, logit, quantile

WIDTH = 8
COLUMNS = ("base", *(f"c{n}" for n in range(1, WIDTH)))
BELIEVED = Believed(np.full(WIDTH, 1.0), np.full(WIDTH, 4.0))
ARMS = tuple(Arm(f"t{n}", f"g{n % 3}", 0.05 + 0.03 * (n % 5)) for n in range(9))


def _world(many, seed=7, arms=ARMS):
    rng = np.random.default_rng(seed)
    truth = rng.normal(0, 0.6, (len(arms), WIDTH))
    x = rng.uniform(-1, 1, (many, WIDTH))
    x[:, 0] = 1
    arm = rng.integers(0, len(arms), many)
    offsets = np.array([logit(one.prior) for one in arms])
    p = chances_of(offsets[arm] + (truth[arm] * x).sum(axis=1))
    y = (rng.random(many) < p).astype(float)
    return truth, Answers(arm, x, y, np.ones(many)), p


def test_with_answers_the_weights_come_to_the_truth_and_their_spread_says_how_near():
    off = []
    for many in (2_000, 20_000, 200_000):
        truth, answers, _ = _world(many)
        found = fit(ARMS, answers, BELIEVED)
        off.append(float(np.sqrt(((found.weights - truth) ** 2).mean())))
    assert off[0] > off[1] > off[2]
    assert off[2] < 0.05
    sd = np.sqrt(np.einsum("tii->ti", found.spread))
    assert 0.88 <= (np.abs(found.weights - truth) < 1.96 * sd).mean() <= 1.0


def test_in_whatever_order_and_from_wherever_it_starts_the_fit_is_the_same():
    _, answers, _ = _world(3_000)
    found = fit(ARMS, answers, BELIEVED)
    mixed = np.random.default_rng(1).permutation(3_000)
    other = Answers(*(getattr(answers, name)[mixed] for name in ("arm", "x", "y", "weight")))
    again = fit(ARMS, other, BELIEVED, start=found.weights + 0.3)
    assert np.abs(found.weights - again.weights).max() < 1e-9
    assert np.abs(found.spread - again.spread).max() < 1e-9


def test_the_sums_of_parts_add_up_to_the_sums_of_all():
    _, answers, _ = _world(2_000)
    order = np.argsort(answers.arm, kind="stable")
    x, y, v, arm = answers.x[order], answers.y[order], answers.weight[order], answers.arm[order]
    u = np.full((len(ARMS), WIDTH), 0.1)
    offsets = np.array([logit(one.prior) for one in ARMS])

    def of(keep):
        ends = np.searchsorted(arm[keep], np.arange(len(ARMS) + 1))
        parts = [slice(ends[n], ends[n + 1]) for n in range(len(ARMS))]
        return sums(x[keep], y[keep], v[keep], parts, offsets, u)

    every = np.arange(2_000)
    whole, odd, even = of(every), of(every[every % 2 == 1]), of(every[every % 2 == 0])
    for place in range(2):
        assert np.abs(whole[place] - odd[place] - even[place]).max() < 1e-9


def test_a_small_prior_and_many_who_say_yes_are_no_leap_beyond_the_truth():
    arms = (Arm("rare", "g", 0.01),)
    y = (np.arange(4_000) % 10 < 9).astype(float)
    found = fit(
        arms,
        Answers(np.zeros(4_000, int), np.ones((4_000, 1)), y, np.ones(4_000)),
        Believed(np.array([0.01]), np.array([0.01])),
    )
    assert chance_of(logit(0.01) + found.weights[0, 0]) == pytest.approx(0.9, abs=0.002)
    assert found.rounds < 30


def test_an_arm_without_answers_starts_from_its_kin_and_is_less_sure_than_they():
    arms = (Arm("a", "kin", 0.1), Arm("b", "kin", 0.1), Arm("new", "kin", 0.1), Arm("stranger", "other", 0.1))
    rng = np.random.default_rng(3)
    y = (rng.random(4_000) < 0.4).astype(float)
    answers = Answers(np.arange(4_000) % 2, np.ones((4_000, 1)), y, np.ones(4_000))
    found = fit(arms, answers, Believed(np.array([1.0]), np.array([10.0])))
    start = chances_of(logit(0.1) + found.weights[:, 0])
    assert start[0] == pytest.approx(0.4, abs=0.03)
    assert start[2] == pytest.approx(0.38, abs=0.05)
    assert start[3] == pytest.approx(0.1)
    assert found.spread[0, 0, 0] < found.spread[2, 0, 0] < found.spread[3, 0, 0]
    epoch = epoch_of(
        1,
        ("base",),
        arms[:2],
        fit(arms[:2], Answers(answers.arm, answers.x, y, answers.weight), Believed(np.array([1.0]), np.array([10.0]))),
        {},
        {},
    )
    aligned = epoch.aligned(("base",))
    place = aligned.place_of("never heard of", "kin")
    assert aligned.is_kin(place)
    assert aligned.odds(place, np.ones(1), 0.1).chance == pytest.approx(0.38, abs=0.05)
    assert aligned.place_of("never heard of", "nobody") is None


def test_what_is_old_is_forgotten_by_its_half_life():
    assert decayed(np.array([0.0, 30.0, 60.0, -2.0]), 30.0).tolist() == [1.0, 0.5, 0.25, 1.0]
    arms = (Arm("a", "g", 0.3),)
    y = np.array([1.0] * 500 + [0.0] * 500)
    age = np.array([200.0] * 500 + [0.0] * 500)
    found = fit(
        arms,
        Answers(np.zeros(1_000, int), np.ones((1_000, 1)), y, decayed(age, 20.0)),
        Believed(np.array([1.0]), np.array([1.0])),
    )
    assert chance_of(logit(0.3) + found.weights[0, 0]) < 0.03


def test_a_channel_is_known_in_learning_and_mixed_out_in_ranking():
    """Most of A's answers are by phone, where everybody says yes more often; of themselves A and B are alike."""
    rng = np.random.default_rng(5)
    arms = (Arm("a", "g", 0.2), Arm("b", "g", 0.2))
    arm = rng.integers(0, 2, 40_000)
    phone = rng.random(40_000) < np.where(arm == 0, 0.9, 0.1)
    y = (rng.random(40_000) < np.where(phone, 0.5, 0.1)).astype(float)
    x = np.column_stack([np.ones(40_000), phone, ~phone]).astype(float)
    columns = ("base", "channel:phone", "channel:portal")
    found = fit(arms, Answers(arm, x, y, np.ones(40_000)), Believed(np.ones(3), np.full(3, 4.0)))
    epoch = epoch_of(1, columns, arms, found, {"channel:phone": 0.5, "channel:portal": 0.5}, {})
    aligned = epoch.aligned(("base",))
    chances = [aligned.odds(n, np.ones(1), 0.2).chance for n in (0, 1)]
    assert chances[0] == pytest.approx(chances[1], abs=0.03)
    assert y[arm == 0].mean() - y[arm == 1].mean() > 0.25


def test_columns_that_were_not_learned_weigh_nothing_and_those_gone_are_left_out():
    _, answers, _ = _world(3_000)
    epoch = epoch_of(1, COLUMNS, ARMS, fit(ARMS, answers, BELIEVED), {}, {})
    x = np.concatenate([[1.0], np.linspace(-1, 1, WIDTH - 1)])
    here = epoch.aligned(COLUMNS).odds(2, x, 0.1)
    more = epoch.aligned((*COLUMNS, "new")).odds(2, np.append(x, 0.7), 0.1)
    assert more == here
    fewer = epoch.aligned(COLUMNS[:3]).odds(2, x[:3], 0.1)
    assert fewer == epoch.aligned(COLUMNS).odds(2, np.where(np.arange(WIDTH) < 3, x, 0.0), 0.1)
    means, spreads = epoch.aligned(COLUMNS).means_and_spreads(x)
    assert (means[2], spreads[2]) == pytest.approx(tuple(here))


def test_the_same_customer_draws_the_same_in_every_channel_and_moments_draw_apart():
    assert lots("c", "t", "", "3") == lots("c", "t", "", "3")
    many = np.array([lots("c", "t", "", str(n)) for n in range(20_000)])
    for side in (0, 1):
        assert histogram(2 * many[:, side] - 1) == pytest.approx([2_000] * 10, abs=200)
    assert abs(np.corrcoef(many[:, 0], many[:, 1])[0, 1]) < 0.03
    odds = Odds(-1.0, 0.5)
    drawn = np.array([odds.draw(float(u)) for u in many[:, 0]])
    assert drawn.mean() == pytest.approx(odds.chance, abs=0.003)


def test_nothing_learned_is_epoch_zero_and_explores_nothing():
    assert not NOTHING_LEARNED.learned
    assert Epoch(0) == NOTHING_LEARNED
    assert NOTHING_LEARNED.exploring_of("any").share == 0
    assert (
        epoch_of(1, COLUMNS, (), fit((Arm("a", "g", 0.1),), _world(0)[1], BELIEVED), {}, {"": Exploring(0.5)})
        .exploring_of("any")
        .share
        == 0.5
    )


@pytest.mark.parametrize("seed", range(6))
def test_the_chance_of_the_first_place_is_how_often_draws_give_it(seed):
    rng = np.random.default_rng(seed)
    many = int(rng.integers(2, 9))
    those = []
    for _ in range(many):
        mean, spread = rng.normal(-1.2, 0.5), rng.choice([0.0, 0.3, 0.8])
        those.append(
            Contender(mean, spread, Odds(mean, spread).chance, rng.uniform(5, 15), 0.2, rng.choice([1.0, 0.4, 0.0]))
        )
    told = first_places(those)
    assert sum(told) == pytest.approx(1, abs=1e-7)
    m = np.array(those)
    z = rng.normal(size=(300_000, many))
    drawn = (m[:, 1] > 0) & (rng.random(z.shape) < m[:, 5])
    values = np.where(drawn, chances_of(m[:, 0] + m[:, 1] * z), m[:, 2]) * m[:, 3] - m[:, 4]
    assert told == pytest.approx(np.bincount(values.argmax(axis=1), minlength=many) / 300_000, abs=0.008)


def test_who_cannot_come_first_never_does_and_of_equal_ones_the_earlier_does():
    assert first_places([]) == []
    assert first_places([Contender(0, 1, 0.5, 1, 0)]) == [1.0]
    plain = Contender(0, 0, 0.5, 10, 0)
    assert first_places([plain, plain]) == [1.0, 0.0]
    assert first_places([Contender(0, 0.5, 0.5, -5, 0), plain]) == [0.0, 1.0]


def test_chances_that_come_true_are_called_so_and_others_not():
    rng = np.random.default_rng(11)
    p = rng.uniform(0.05, 0.6, 20_000)
    y = (rng.random(20_000) < p).astype(float)
    good, bad = judged(p, y), judged(np.minimum(p * 1.6, 0.99), y)
    assert good.gap < 0.015 < 0.1 < bad.gap
    assert abs(good.surprise) < 3 < 20 < -bad.surprise
    assert good.area == pytest.approx(bad.area)
    assert sum(one.many for one in good.curve) == 20_000
    assert judged([], []).gap is None


def test_the_area_counts_equal_chances_half():
    assert area([0.1, 0.2, 0.3, 0.4], [0, 0, 1, 1]) == 1.0
    assert area([0.5, 0.5], [0, 1]) == 0.5
    assert area([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1]) == 0.75
    assert area([0.1], [1]) is None


def test_drift_is_seen_in_people_and_in_answers():
    rng = np.random.default_rng(2)
    before, same, other = (histogram(rng.normal(mean, 0.3, 3_000)) for mean in (0, 0, 0.4))
    assert stability(before, same) < 0.02 < 0.25 < stability(before, other)
    assert abs(shifted(300, 1_000, 310, 1_000)) < 2 < 5 < shifted(300, 1_000, 450, 1_000)
    assert shifted(0, 0, 1, 2) is None


def test_the_normal_is_as_the_tables_have_it():
    z = np.array([-3.0, -1.0, 0.0, 1.96, 5.0])
    exact = [0.5 * math.erfc(-one / math.sqrt(2)) for one in z]
    assert below(z) == pytest.approx(exact, abs=1e-7)
    assert quantile(0.975) == pytest.approx(1.959964, abs=1e-6)
    assert math.isfinite(quantile(0.0))
    assert math.isfinite(quantile(1.0))
    assert chance_of(logit(0.3)) == pytest.approx(0.3)
    assert chance_of(-800) == 0.0
