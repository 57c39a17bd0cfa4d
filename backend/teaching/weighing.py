"""An epoch made of examples, judged by what came of what earlier epochs foretold. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import ceil, log2
from typing import Any

import numpy as np

from backend.engine.catalogue import Catalogue
from backend.learning.epoch import Epoch, Exploring, epoch_of
from backend.learning.examples import Told
from backend.learning.fitting import Answers, Arm, Believed, decayed, fit
from backend.learning.judging import Judged, histogram, judged, shifted, stability
from backend.learning.turning import REMEMBERED, turned_at
from backend.matrix.service import CHANNEL, Learning

REFERENCE = 4
"""So many times as many days as the last ones are what they are compared with."""
LEAST_WEIGHT = 0.01
"""An example that weighs less beside one of today is let go of."""


@dataclass(frozen=True, slots=True)
class Made:
    """An epoch and what is told of it."""

    epoch: Epoch
    report: dict[str, Any]
    examples: int


def made(number: int, told: Told, catalogue: Catalogue, today: date) -> Made:
    """The epoch of these examples, as of this day: the same for the same examples, whoever makes it."""
    wanted, pack = catalogue.pack.learning, catalogue.pack
    arms = tuple(Arm(t.key, t.group, t.acceptance) for t in catalogue.treatments.values())
    place = {arm.key: n for n, arm in enumerate(arms)}
    mine = np.array([place.get(key, -1) for key in told.treatment], dtype=int)
    kept = np.flatnonzero(mine >= 0)
    ages = np.array([(today - day).days for day in told.day], dtype=float)
    channels = tuple(f"{CHANNEL}{one.key}" for one in pack.channels)
    columns = (*wanted.columns, *channels)
    spoken = np.array([[f"{CHANNEL}{key}" == name for name in channels] for key in told.channel], dtype=float)
    x = np.concatenate([told.x, spoken.reshape(len(told.channel), len(channels))], axis=1)
    weight = decayed(ages, wanted.half_life_days)
    turns = _turns(arms, mine, told, ages, wanted)
    for n, turn in turns.items():
        weight[:turn][mine[:turn] == n] *= REMEMBERED
    found = fit(arms, Answers(mine[kept], x[kept], told.y[kept], weight[kept]), believed(wanted, len(columns)))
    mix = _mix(spoken[kept], weight[kept], channels)
    told_of_arms = _arms_told(arms, mine, told, ages, weight, wanted)
    for n, arm in enumerate(arms):
        told_of_arms[arm.key]["turned"] = told.day[turns[n]].isoformat() if n in turns else ""
    report: dict[str, Any] = {
        "today": today.isoformat(),
        "rounds": found.rounds,
        "mix": mix,
        "arms": told_of_arms,
        "channels": _channels_told(told, ages, kept, wanted),
        "features": _features_told(told, ages, kept, wanted),
    }
    fallen = {key: one["fallen"] for key, one in told_of_arms.items() if one["fallen"]}
    exploring = {one.group: Exploring(one.share, one.floor) for one in wanted.exploring}
    return Made(epoch_of(number, columns, arms, found, mix, exploring, fallen), report, len(kept))


def kept_days(wanted: Learning) -> int:
    """So long examples are kept: until they weigh too little to matter, and as long as one looks back for what has changed.

    Never longer than the pack says.
    """
    weighs = ceil(wanted.half_life_days * log2(1 / LEAST_WEIGHT))
    return min(wanted.horizon_days, max(weighs, wanted.limits.days * (1 + REFERENCE)))


def believed(wanted: Learning, width: int) -> Believed:
    """What the pack believes beforehand: the base has its own spread, every other column the same."""
    group, kin = np.full(width, wanted.group_spread**-2.0), np.full(width, wanted.kin_spread**-2.0)
    group[0] = wanted.base_spread**-2.0
    return Believed(group, kin)


def _turns(arms: Sequence[Arm], mine: Any, told: Told, ages: Any, wanted: Learning) -> dict[int, int]:
    """Arm → the place of its first answer since its answers turned, for those that did.

    Only what its own model foretold can turn, and only what could be answered for the whole of its time: a yes comes sooner
    than a silent no.
    """
    whole = (told.epoch > 0) & np.isfinite(told.chance) & (ages > wanted.window_days)
    found = {}
    for n, arm in enumerate(arms):
        rows = np.flatnonzero((mine == n) & whole & (told.chance != arm.prior))
        turn = turned_at(told.chance[rows].tolist(), told.y[rows].tolist())
        if turn:
            found[n] = int(rows[turn])
    return found


def _mix(spoken: Any, weight: Any, channels: Sequence[str]) -> dict[str, float]:
    """The share of each channel in all that was learned: the same for every treatment, so that none ranks by where it was put."""
    sums = (spoken * weight[:, None]).sum(axis=0) if len(spoken) else np.zeros(len(channels))
    total = float(sums.sum())
    return {
        name: (float(one) / total if total else 1 / len(channels)) for name, one in zip(channels, sums, strict=True)
    }


def _arms_told(
    arms: Sequence[Arm], mine: Any, told: Told, ages: Any, weight: Any, wanted: Learning
) -> dict[str, dict[str, Any]]:
    channel = np.array(told.channel)
    found = {}
    for n, arm in enumerate(arms):
        rows = np.flatnonzero(mine == n)
        own = _slice_told(rows, told, ages, wanted, arm.prior)
        by_channel = {
            str(key): _slice_told(rows[channel[rows] == key], told, ages, wanted, arm.prior)
            for key in sorted(set(channel[rows]))
        }
        shares = {key: one["recent"] for key, one in by_channel.items()}
        found[arm.key] = own | {
            "group": arm.group,
            "prior": arm.prior,
            "weight": float(weight[rows].sum()),
            "mature": len(rows) >= wanted.least_answers,
            "fallen": _fallen(own, wanted),
            "channels": by_channel,
            "recent_channels": shares,
        }
    return found


def _slice_told(rows: Any, told: Told, ages: Any, wanted: Learning, prior: float | None) -> dict[str, Any]:
    """How some of the examples were foretold and whether they have changed."""
    last = wanted.limits.days
    recent, before = rows[ages[rows] < last], rows[(ages[rows] >= last) & (ages[rows] < last * (1 + REFERENCE))]
    given = told.chance[recent]
    # What was foretold by a model: not by the catalogue, before the first epoch or while none was believed.
    modelled = recent[~np.isnan(given) & (told.epoch[recent] > 0) & (given != (np.nan if prior is None else prior))]
    drift, feature = _drift(told.x, before, recent, wanted)
    return {
        "answers": len(rows),
        "taken": int(told.y[rows].sum()),
        "recent": len(recent),
        "judged": _judged_told(judged(told.chance[modelled], told.y[modelled])),
        "shifted": shifted(int(told.y[before].sum()), len(before), int(told.y[recent].sum()), len(recent)),
        "drift": drift,
        "drift_of": feature,
    }


def _judged_told(found: Judged) -> dict[str, Any]:
    return {
        "many": found.many, "taken": found.taken, "chance": found.chance, "gap": found.gap, "surprise": found.surprise,
        "area": found.area, "curve": [[one.many, one.chance, one.taken] for one in found.curve],
    }  # fmt: skip


def _drift(x: Any, before: Any, recent: Any, wanted: Learning) -> tuple[float | None, str]:
    """The feature that has moved farthest among these people, and by how much; None where there are too few to say."""
    if min(len(before), len(recent)) < wanted.limits.answers:
        return None, ""
    moved = {
        name: stability(histogram(x[before, n]), histogram(x[recent, n])) for n, name in enumerate(wanted.columns) if n
    }
    worst = max(moved, key=lambda name: moved[name], default="")
    return (moved[worst], worst) if worst else (None, "")


def _fallen(own: Mapping[str, Any], wanted: Learning) -> str:
    """Why the model of one treatment is not believed; empty where it is."""
    limits, found = wanted.limits, own["judged"]
    if found["many"] >= limits.answers and found["gap"] is not None and found["surprise"] is not None:
        far = abs(found["surprise"]) > limits.surprise
        if found["gap"] > limits.calibration and far:
            foretold = found["chance"] * found["many"]
            return f"Of the last {found['many']} answers {found['taken']} were taken, and {foretold:.0f} were foretold."
    if own["drift"] is not None and own["drift"] > limits.drift:
        label = wanted.labels.get(own["drift_of"], own["drift_of"])
        return f"The customers it is put to have changed: {label} (stability {own['drift']:.2f}, at most {limits.drift:g})."
    return ""


def _channels_told(told: Told, ages: Any, kept: Any, wanted: Learning) -> dict[str, dict[str, Any]]:
    channel = np.array(told.channel)
    return {
        str(key): _slice_told(kept[channel[kept] == key], told, ages, wanted, None)
        for key in sorted(set(channel[kept]))
    }


def _features_told(told: Told, ages: Any, kept: Any, wanted: Learning) -> dict[str, dict[str, Any]]:
    """Of every feature what it was like lately and before, over all treatments."""
    last = wanted.limits.days
    recent, before = kept[ages[kept] < last], kept[(ages[kept] >= last) & (ages[kept] < last * (1 + REFERENCE))]
    found = {}
    for n, name in enumerate(wanted.columns):
        if not n:
            continue
        now, then = told.x[recent, n], told.x[before, n]
        found[name] = {
            "now": float(now.mean()) if len(now) else None,
            "before": float(then.mean()) if len(then) else None,
            "drift": stability(histogram(then), histogram(now)) if min(len(now), len(then)) >= 30 else None,
        }
    return found
