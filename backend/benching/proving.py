"""What the closed loop is worth, over worlds with hidden effects: rows for each who chose in them, for a change, and for channels."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from backend.benching import looping
from backend.benching.copies import Tell
from backend.benching.rows import Row, row
from backend.simulation.crew import Crew, cores

SEEDS = tuple(range(100, 120))
"""Fixed after tuning, which saw the seeds below 40 alone."""
Found = dict[str, Any]


def loop(answers: int, tell: Tell) -> list[Row]:
    """Each seed's world played through by everybody; `share` is of the oracle's worth, with its 95 % interval over the seeds.

    `ahead` is by how much of it the learner leads, seed by seed. A row's times are those of a whole run.
    """
    crew: Crew[int, Found] = Crew(_begin, (answers,), cores())
    began, found = time.perf_counter(), []
    for _, one in crew.done(SEEDS):
        found.append(one)
        tell(f"{len(found)} of {len(SEEDS)} worlds are played.")
    wall = time.perf_counter() - began
    found.sort(key=lambda one: one["seed"])

    def figures(name: str, seconds: str, **more: Any) -> Row:
        return row(name, [one[seconds] for one in found], wall, **more)

    rows = []
    for name in looping.CHOOSERS:
        shares = [one["race"][name] for one in found]
        ahead = [one["race"]["learner"] - share for one, share in zip(found, shares, strict=True)]
        more = {} if name == "learner" else {"ahead": _told(looping.mean_of(ahead))}
        rows.append(
            figures(f"loop_{name}", "race_s", share=_told(looping.mean_of(shares)), least=round(min(shares), 4), **more)
        )
    after = [one["change"] for one in found]
    rows.append(figures("loop_change", "change_s", answers=sorted(after), mean=_told(looping.mean_of(after))))
    order = {
        side: _told(looping.mean_of([getattr(one["skewed"], side) for one in found])) for side in ("agreement", "naive")
    }
    differing = sum(one["skewed"].differing for one in found)
    return [*rows, figures("loop_channels", "skewed_s", differing=differing, **order)]


def _begin(answers: int) -> Callable[[int], Found]:
    """In one process: everything of one seed."""

    def world(seed: int) -> Found:
        found: Found = {"seed": seed}
        for name, measure in (
            ("race", lambda: looping.race(seed, answers)),
            ("change", lambda: looping.found_after_change(seed)),
            ("skewed", lambda: looping.skewed(seed)),
        ):
            began = time.perf_counter()
            found[name] = measure()
            found[f"{name}_s"] = time.perf_counter() - began
        return found

    return world


def _told(mean: looping.Mean) -> list[float]:
    return [round(mean.value, 4), round(mean.low, 4), round(mean.high, 4)]
