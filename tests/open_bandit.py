"""Logs of our own in the form of the Open Bandit logs, and what the reference implementation says of them.

The reference is Open Bandit Pipeline (`obp` 0.4.1, Apache licence), which needs torch and more: too much for every clone.
Its results on these logs are kept in unit/off_policy_reference.json. They were written by

    python -m tests.open_bandit FOLDER_OF_OBP

with numpy, pandas, scikit-learn and scipy beside this project's own, where the folder holds the unpacked package. The estimators
alone are imported, with an empty module in torch's place: they use it for tensors only. The same command then runs both over
the small Open Bandit logs which the package ships, and says by how much they differ.
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

KEPT = Path(__file__).parent / "unit" / "off_policy_reference.json"
SWITCHES = (1.0, 2.5, 10.0)
NAMES = {
    "inverse_propensity": "InverseProbabilityWeighting",
    "self_normalised": "SelfNormalizedInverseProbabilityWeighting",
    "direct": "DirectMethod",
    "doubly_robust": "DoublyRobust",
}
"""Ours → theirs; theirs of the switch is SwitchDoublyRobust."""


@dataclass(frozen=True)
class Logged:
    """A log of rounds: what was taken with what probability, what it brought; another's choice, and a model's foresight."""

    taken: np.ndarray
    propensity: np.ndarray
    reward: np.ndarray
    target: np.ndarray
    foreseen: np.ndarray


def made() -> dict[str, Logged]:
    """Three logs: of few actions; of many with rare rewards, taken evenly; and of money with weights far apart. Always the same."""
    return {
        "few": _made(1, 400, 4, sharpness=1.0, towards=1.5),
        "rare": _made(2, 3000, 34, sharpness=0.0, towards=1.0, chance=0.02),
        "far_apart": _made(3, 1000, 10, sharpness=2.5, towards=-2.0, money=True),
    }


def _made(
    seed: int, n: int, k: int, *, sharpness: float, towards: float, chance: float = 0.3, money: bool = False
) -> Logged:
    liking = _even(seed, n * k).reshape(n, k)
    behaviour, target = _shares(sharpness * liking), _shares(towards * liking + _even(seed + 100, n * k).reshape(n, k))
    taken = (np.cumsum(behaviour, axis=1) < _even(seed + 200, n)[:, None]).sum(axis=1).clip(0, k - 1)
    true = chance * (0.5 + liking)
    reward = (_even(seed + 300, n) < true[np.arange(n), taken]).astype(float)
    foreseen = true * (0.6 + 0.8 * _even(seed + 400, n * k).reshape(n, k))
    if money:
        worth = 5 + 90 * _even(seed + 500, n)
        reward, foreseen = reward * worth, foreseen * worth[:, None]
    return Logged(taken, behaviour[np.arange(n), taken], reward, target, foreseen)


def _even(seed: int, n: int) -> np.ndarray:
    """Numbers in [0, 1) that look like chance and are the same everywhere (SplitMix64)."""
    with np.errstate(over="ignore"):
        z = (np.arange(1, n + 1, dtype=np.uint64) + np.uint64(seed * 1_000_003)) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z ^= z >> np.uint64(31)
    return (z >> np.uint64(11)).astype(float) / 2.0**53


def _shares(scores: np.ndarray) -> np.ndarray:
    raised = np.exp(scores)
    return raised / raised.sum(axis=1, keepdims=True)


def theirs(log: Logged, estimators: ModuleType) -> dict[str, float]:
    """What the reference says of it."""
    given: dict[str, Any] = {
        "reward": log.reward,
        "action": log.taken,
        "pscore": log.propensity,
        "action_dist": log.target[:, :, None],
        "estimated_rewards_by_reg_model": log.foreseen[:, :, None],
        "position": np.zeros(len(log.taken), dtype=int),
    }
    found = {ours: float(getattr(estimators, name)().estimate_policy_value(**given)) for ours, name in NAMES.items()}
    for most in SWITCHES:
        found[f"switch_{most}"] = float(estimators.SwitchDoublyRobust(tau=most).estimate_policy_value(**given))
    return found


def ours(log: Logged) -> dict[str, float]:
    from backend.learning import off_policy

    rounds = off_policy.rounds_of(log.taken, log.propensity, log.reward, log.target, log.foreseen)
    found = {name: off_policy.ESTIMATORS[name](rounds).value for name in NAMES}
    return found | {f"switch_{most}": off_policy.switch(rounds, most).value for most in SWITCHES}


def _reference(folder: Path) -> ModuleType:
    sys.modules["torch"] = ModuleType("torch")
    sys.modules["torch"].Tensor = type("Tensor", (), {})  # type: ignore[attr-defined]
    for name in ("obp", "obp.ope"):
        package = sys.modules[name] = ModuleType(name)
        package.__path__ = [str(folder.joinpath(*name.split(".")))]
    from importlib import import_module

    return import_module("obp.ope.estimators")


def _shipped(folder: Path) -> Iterator[tuple[str, Logged]]:
    """The small logs of the package: fashion shown on a page in three places, by Thompson sampling and by chance."""
    for path in sorted(folder.glob("obp/dataset/obd/*/*/*.csv")):
        if path.stem == "item_context":
            continue
        with path.open() as text:
            rows = list(csv.DictReader(text))
        taken = np.array([int(row["item_id"]) for row in rows])
        clicks = np.array([float(row["click"]) for row in rows])
        n, k = len(rows), int(taken.max()) + 1
        means = np.array([(clicks[taken == one].sum() + 1) / ((taken == one).sum() + 200) for one in range(k)])
        foreseen = np.tile(means, (n, 1)) * (0.8 + 0.4 * _even(9, n * k).reshape(n, k))
        propensity = np.array([float(row["propensity_score"]) for row in rows])
        yield (
            f"{path.parent.parent.name}/{path.stem}",
            Logged(taken, propensity, clicks, _shares(60 * foreseen), foreseen),
        )


def _main(folder: Path) -> None:
    estimators = _reference(folder)
    kept = {name: theirs(log, estimators) for name, log in made().items()}
    KEPT.write_text(json.dumps({"obp": "0.4.1", "logs": kept}, indent=1) + "\n")
    for name, log in [*made().items(), *_shipped(folder)]:
        mine, other = ours(log), theirs(log, estimators)
        worst = max(abs(mine[key] - other[key]) for key in other)
        sys.stdout.write(
            f"{name:<14} {len(log.taken):>6} rounds   ipw {other['inverse_propensity']:.6f}   differ by {worst:.1e}\n"
        )


if __name__ == "__main__":
    _main(Path(sys.argv[1]))
