"""The closed loop in a world whose effects are hidden: how near it comes to the best that anybody could do, and against whom.

Everybody meets the same customers in the same order, each with the same luck: whoever would take a treatment from one would
take it from all. What is compared is the true worth of what each chooses, not the luck of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import Any, Protocol

import numpy as np

from backend.benching import hidden
from backend.benching.hidden import GROUPS, Numbers, Visits, World
from backend.learning.epoch import NOTHING_LEARNED, Epoch, Exploring, Odds, epoch_of
from backend.learning.fitting import Answers, Arm, decayed, fit
from backend.learning.turning import REMEMBERED, turned_at
from backend.matrix.service import Learning
from backend.teaching import service as teaching

WANTED = Learning(window_days=int(hidden.WINDOW))
"""What a pack says that says nothing else: what is proven here is what runs. Only the window is the world's own, as a business sets
it by how late its customers answer: here a day and a half after they were asked."""
ANSWERS = 20_000
PER_EPOCH = WANTED.every_answers
"""An epoch is published every so many presentations."""
LAST = 2_000
"""The loop is judged by so many presentations before its end."""
BELIEVED = 4.0
"""So many answers an author's guess is worth to whoever goes by averages."""
RARELY = 0.05
"""What is the best for fewer than this share was hardly chosen."""
SOME = 500
"""Visits by which the truth is looked at where nothing is chosen."""
EXPLORING = Exploring(WANTED.exploring[0].share, WANTED.exploring[0].floor)


class Chooser(Protocol):
    """Somebody who chooses a treatment for each of some visits, and is told what came of it, late."""

    def choose(self, seen: Visits, values: Numbers, rng: np.random.Generator) -> Numbers: ...

    def told(self, known: Told, day: float) -> None: ...


@dataclass
class Told:
    """All answers that are known by a day: of which treatment, for which vector, in which channel, taken or not, when."""

    treatment: Numbers
    x: Numbers
    channel: Numbers
    taken: Numbers
    day: Numbers
    visit: Numbers
    """The place of the visit among all."""


class Learner:
    """The engine's own: chances learned by treatment and quality, drawn where exploring; the channel known, but not ranked by."""

    def __init__(self, of: World, shares: tuple[float, ...] = hidden.SHARES, exploring: Exploring = EXPLORING) -> None:
        self.arms = [Arm(f"t{nth:02}", f"g{nth % GROUPS}", float(of.guessed[nth])) for nth in range(of.many)]
        self.columns = (*hidden.columns(), *(f"channel_{name}" for name in hidden.CHANNELS))
        self.believed = teaching.believed(WANTED, len(self.columns))
        self.mix = {f"channel_{name}": share for name, share in zip(hidden.CHANNELS, shares, strict=True)}
        self.exploring = exploring
        self.epoch: Epoch = NOTHING_LEARNED
        self._start: Any = None
        self._reach = np.zeros((of.many, len(hidden.CHANNELS)))
        self.foreseen: list[float] = []
        """The chance of each that was chosen, as it was learned by then."""

    def choose(self, seen: Visits, values: Numbers, rng: np.random.Generator) -> Numbers:
        odds, spread = self.odds(seen)
        draws = rng.standard_normal(odds.shape)
        chosen = (values / (1 + np.exp(-(odds + spread * draws)))).argmax(axis=1)
        self.presented(seen, chosen, odds, spread)
        return chosen

    def presented(self, seen: Visits, chosen: Numbers, odds: Numbers, spread: Numbers) -> None:
        """Keeps what is foreseen of what is presented: by the channel too, in which the customer is told of it."""
        rows = np.arange(len(chosen))
        means = (odds[rows, chosen] + self._reach[chosen, seen.channel]).tolist()
        spreads = spread[rows, chosen].tolist()
        self.foreseen += [Odds(*one).chance for one in zip(means, spreads, strict=True)]

    def odds(self, seen: Visits) -> tuple[Numbers, Numbers]:
        """(n, treatments) The mean of the log odds and how unsure it is, the same in every channel."""
        x = hidden.vectors(seen)
        if not self.epoch.learned:
            prior = np.array([arm.prior for arm in self.arms])
            return np.tile(np.log(prior / (1 - prior)), (len(x), 1)), np.full((len(x), len(self.arms)), 0.0)
        aligned = self.epoch.aligned(hidden.columns())
        found = [aligned.means_and_spreads(one) for one in x]
        many = len(self.arms)
        means, spreads = (np.array([one[side][:many] for one in found]) for side in (0, 1))
        return means, np.maximum(spreads, self.exploring.floor) if self.exploring.share else 0 * spreads

    def told(self, known: Told, day: float) -> None:
        channels = np.eye(len(hidden.CHANNELS))[known.channel]
        weight = decayed(day - known.day, WANTED.half_life_days)
        foreseen = np.array(self.foreseen)[known.visit]
        # A yes comes sooner than a no that nobody says: until their window is over, the latest answers look too good.
        whole = known.day <= day - WANTED.window_days
        for arm in range(len(self.arms)):
            own = np.flatnonzero((known.treatment == arm) & whole)
            weight[own[: turned_at(foreseen[own].tolist(), known.taken[own].tolist())]] *= REMEMBERED
        answers = Answers(known.treatment, np.hstack([known.x, channels]), known.taken, weight)
        found = fit(self.arms, answers, self.believed, self._start)
        self._start = found.weights
        channel = found.weights[:, -len(hidden.CHANNELS) :]
        self._reach = channel - (channel @ np.array([*self.mix.values()]))[:, None]
        self.epoch = epoch_of(self.epoch.number + 1, self.columns, self.arms, found, self.mix, {"": self.exploring})


class PriorsOnly:
    """By what the authors wrote down, for ever."""

    def __init__(self, of: World) -> None:
        self.guessed = of.guessed

    def choose(self, seen: Visits, values: Numbers, rng: np.random.Generator) -> Numbers:
        return (values * self.guessed).argmax(axis=1)

    def told(self, known: Told, day: float) -> None:
        """It hears nothing."""


class AtRandom(PriorsOnly):
    """Any, by chance."""

    def choose(self, seen: Visits, values: Numbers, rng: np.random.Generator) -> Numbers:
        return rng.integers(0, values.shape[1], len(values))


class Averages(PriorsOnly):
    """By each treatment's share of yes, whoever the customer is; drawn too, and forgetting as the learner does."""

    def __init__(self, of: World) -> None:
        super().__init__(of)
        self.yes, self.no = BELIEVED * of.guessed, BELIEVED * (1 - of.guessed)

    def choose(self, seen: Visits, values: Numbers, rng: np.random.Generator) -> Numbers:
        return (values * rng.beta(self.yes, self.no, values.shape)).argmax(axis=1)

    def told(self, known: Told, day: float) -> None:
        weight, many = decayed(day - known.day, WANTED.half_life_days), len(self.guessed)
        self.yes = BELIEVED * self.guessed + np.bincount(known.treatment, weight * known.taken, many)
        self.no = BELIEVED * (1 - self.guessed) + np.bincount(known.treatment, weight * (1 - known.taken), many)


class Oracle(PriorsOnly):
    """Who knows every effect, of the day too; only not by which channel, since one decision is for all of them."""

    def __init__(self, of: World) -> None:
        self.world = of

    def choose(self, seen: Visits, values: Numbers, rng: np.random.Generator) -> Numbers:
        return (values * self.world.chances(seen)).argmax(axis=1)


@dataclass
class Played:
    """What somebody chose, visit by visit, and what it was truly worth beside the best there was."""

    chosen: Numbers
    worth: Numbers
    best: Numbers

    def share(self, first: int | None = None, last: int | None = None) -> float:
        """The part of the best's worth over these visits."""
        part = slice(first, last)
        return float(self.worth[part].sum() / self.best[part].sum())


def play(
    worlds: Sequence[tuple[World, int]],
    chooser: Chooser,
    seed: int,
) -> Played:
    """The chooser meets so many visits of each world in turn, and is told every PER_EPOCH visits of all whose answer has come."""
    total = sum(count for _, count in worlds)
    seen = hidden.visits(seed, total)
    rng = np.random.default_rng((seed, 3))
    chosen, taken = np.zeros(total, dtype=int), np.zeros(total)
    worth, best, due = np.zeros(total), np.zeros(total), np.zeros(total)
    x, done, played = hidden.vectors(seen), 0, Played(chosen, worth, best)
    for of, count in worlds:
        for first in range(done, done + count, PER_EPOCH):
            part = slice(first, min(first + PER_EPOCH, done + count))
            own = _part(seen, part)
            values, true = of.values(own), of.chances(own)
            rows = np.arange(len(own.day))
            chosen[part] = mine = chooser.choose(own, values, rng)
            expected = true * values
            worth[part], best[part] = expected[rows, mine], expected.max(axis=1)
            taken[part] = own.luck < of.chances(own, own.channel)[rows, mine]
            due[part] = own.day + np.where(taken[part] > 0, own.later[:, 0], own.later[:, 1])
            day = float(own.day[-1])
            known = np.flatnonzero(due[: part.stop] <= day)
            chooser.told(Told(chosen[known], x[known], seen.channel[known], taken[known], seen.day[known], known), day)
        done += count
    return played


CHOOSERS: dict[str, Callable[[World], Chooser]] = {
    "learner": Learner,
    "priors_only": PriorsOnly,
    "random": AtRandom,
    "averages": Averages,
}


def race(seed: int, answers: int = ANSWERS) -> dict[str, float]:
    """The share of the oracle's worth that each has over the last LAST of so many presentations in the seed's world."""
    of = hidden.world(seed)
    return {name: play([(of, answers)], make(of), seed).share(-LAST) for name, make in CHOOSERS.items()}


def found_after_change(seed: int, before: int = 8_000, afterwards: int = 6_000) -> float:
    """One day what was hardly chosen so far is the best for most; after how many answers the learner gives it to most whom it suits.

    Most of the customers, or as many as any such treatment can be the best for. Where it takes longer, `afterwards`.
    """
    of = hidden.world(seed)
    told = hidden.visits(seed, SOME)
    rare = np.bincount((of.values(told) * of.chances(told)).argmax(axis=1), minlength=of.many) < RARELY * SOME
    turns = [(int(one), of.turned(int(one), by)) for by in range(1, 11) for one in np.flatnonzero(rare)]
    liked = [_suits(turned, told, one) for one, turned in turns]
    treatment, turned = turns[next((n for n, share in enumerate(liked) if share > 0.5), int(np.argmax(liked)))]
    learner = Learner(of)
    played = play([(of, before), (turned, afterwards)], learner, seed)
    seen = hidden.visits(seed, before + afterwards)
    suited = (turned.values(seen) * turned.chances(seen)).argmax(axis=1) == treatment
    for first in range(before, before + afterwards, PER_EPOCH):
        part = slice(first, first + PER_EPOCH)
        if (played.chosen[part][suited[part]] == treatment).mean() > 0.5:
            return float(first + PER_EPOCH - before)
    return float(afterwards)


def _suits(of: World, seen: Visits, treatment: int) -> float:
    """For which share of them it is the best."""
    return float(((of.values(seen) * of.chances(seen)).argmax(axis=1) == treatment).mean())


@dataclass(frozen=True)
class Skewed:
    """What became of the order where each treatment was mostly put to customers of one channel."""

    differing: int
    """Epochs, channels and customers at which the order differed by the channel: none may."""
    agreement: float
    """How often, of two treatments, the one is learned to be likelier that is, where no channel counts."""
    naive: float
    """The same by each treatment's share of yes, whatever the channel."""


def skewed(seed: int, answers: int = 12_000) -> Skewed:
    """Half of the treatments are put on the phone alone but for a tenth, where everybody says yes more easily; the others not.

    Nobody differs by quality here: the truth is one order of the treatments, and who mixes up the channels has it wrong.
    """
    of = hidden.world(seed)
    none = np.zeros_like(of.straight)
    of = World(
        of.base, none, none, of.pairs, 0 * of.together, of.bent, 0 * of.bend, 0 * of.season,
        np.tile([1.0, -1.0, 0.0], (of.many, 1)), of.worth, none, of.guessed, (0.5, 0.5, 0.0),
    )  # fmt: skip
    seen, rng = hidden.visits(seed, answers, of.shares), np.random.default_rng((seed, 4))
    treatment = rng.integers(0, of.many, answers)
    phone = rng.random(answers) < np.where(treatment % 2 == 0, 0.9, 0.1)
    channel = np.where(phone, 0, 1)
    rows, x, seen = np.arange(answers), hidden.vectors(seen), replace(seen, channel=channel)
    taken = (seen.luck < of.chances(seen, channel)[rows, treatment]).astype(float)
    learner, differing = Learner(of, of.shares), 0
    some = _part(seen, slice(0, 50))
    for last in range(PER_EPOCH, answers + 1, PER_EPOCH):
        part = slice(0, last)
        new = slice(last - PER_EPOCH, last)
        learner.presented(_part(seen, new), treatment[new], *learner.odds(_part(seen, new)))
        told = Told(treatment[part], x[part], channel[part], taken[part], seen.day[part], rows[part])
        learner.told(told, float(seen.day[last - 1]))
        orders = [
            (-learner.odds(replace(some, channel=np.full(50, place)))[0]).argsort(axis=1, kind="stable")
            for place in range(len(hidden.CHANNELS))
        ]
        differing += sum(int((order != orders[0]).any(axis=1).sum()) for order in orders[1:])
    shares = np.bincount(treatment, taken, of.many) / np.bincount(treatment, minlength=of.many)
    learned = learner.odds(seen)[0].mean(axis=0)
    return Skewed(differing, _agreement(learned, of.base), _agreement(shares, of.base))


def _agreement(one: Numbers, other: Numbers) -> float:
    """Of all pairs, how many stand in the same order in both."""
    first, second = np.triu_indices(len(one), 1)
    return float(((one[first] < one[second]) == (other[first] < other[second])).mean())


@dataclass(frozen=True)
class Mean:
    """A mean over seeds, with its 95 % interval."""

    value: float
    low: float
    high: float


def mean_of(values: Sequence[float]) -> Mean:
    """By Student's t, so that few seeds say no more than they know. Raises ValueError for fewer than two."""
    if len(values) < 2:
        raise ValueError("One value has no interval.")
    reach = _t(len(values) - 1) * float(np.std(values, ddof=1)) / np.sqrt(len(values))
    middle = float(np.mean(values))
    return Mean(middle, middle - reach, middle + reach)


def _t(freedom: int) -> float:
    """Student's t at 97.5 %, by the series of Fisher and Cornish: within 0.001 from ten degrees of freedom on."""
    z = NormalDist().inv_cdf(0.975)
    return z + (z**3 + z) / (4 * freedom) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)


def _part(seen: Visits, part: slice) -> Visits:
    return Visits(*(getattr(seen, name)[part] for name in Visits.__dataclass_fields__))
