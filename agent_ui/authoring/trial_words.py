"""What experiments and holdouts show, in words that a manager reads and numbers that an analyst trusts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from backend.proving.service import LEAST, SPLIT_ALARM
from backend.trials import service as trials
from backend.trials.service import Metric, Trial
from shared.kernel import money
from shared.kernel.errors import Conflict

LIFE = ("draft", "asked", "running", "stopped", "decided")
_STEPS = {
    "draft": "Planned", "asked": "Put before a second person", "running": "Running", "stopped": "Ended", "decided": "Decided",
}  # fmt: skip
WIDE = 200
"""Of the drawing of an interval; nothing stands in its middle."""


@dataclass(frozen=True, slots=True)
class Step:
    label: str
    reached: bool
    here: bool


@dataclass(frozen=True, slots=True)
class Band:
    """Where an interval of a difference stands in its drawing."""

    x: float
    width: float
    point: float
    tone: str


def steps(state: str) -> tuple[Step, ...]:
    """The life of an experiment with the place where it stands; a withdrawn one stands nowhere."""
    at = LIFE.index(state) if state in LIFE else -1
    return tuple(Step(_STEPS[name], n <= at, n == at) for n, name in enumerate(LIFE))


def late(known: Trial, seen: int, conflict: Conflict) -> tuple[str, str]:
    """What to say to somebody whose act did not go: that another was quicker and what came of it, or what else is in the way."""
    if known.revision == seen:
        return "That cannot be done now", str(conflict)
    become = {
        "draft": "It is a draft again." if known.returned_words else "Its plan was changed.",
        "asked": "It waits for a second person now.",
        "running": f"{known.approved_by} had it begin.",
        "stopped": f"{known.ended_by} ended it.",
        "decided": "It is decided.",
        "withdrawn": "Its author withdrew it: it never begins.",
    }  # fmt: skip
    return "Somebody was quicker", f"{become[known.state]} Nothing came of what you did; this is how it stands."


def amount(metric: Metric, number: float | None, currency: str) -> str:
    """A mean as people read it."""
    if number is None:
        return "–"
    if metric.share:
        return f"{100 * number:.1f} %"
    return money.text(money.of_major(number, currency)) if metric.money else f"{number:.1f}"


def difference(metric: Metric, number: float | None, currency: str) -> str:
    """A difference with its sign: percentage points of a share, money, or points."""
    if number is None:
        return "–"
    sign = "+" if number > 0 else "−" if number < 0 else "±"
    size = abs(number)
    if metric.share:
        return f"{sign}{100 * size:.2f} pp"
    return sign + (money.text(money.of_major(size, currency)) if metric.money else f"{size:.2f}")


def between(metric: Metric, low: float | None, high: float | None, currency: str) -> str:
    """ "−0.40 pp to +2.10 pp"; nothing where it cannot be bounded yet."""
    if low is None or high is None:
        return ""
    return f"{difference(metric, low, currency)} to {difference(metric, high, currency)}"


def unbounded(metric: Metric, one: Mapping[str, Any], n: int) -> str:
    """Why there is no interval yet: too few customers, or all of them alike, so that nothing tells how much chance does.

    `one` has what was found of the group and of the control; `n`: customers of the smaller of the two.
    """
    ours, theirs = one["treated"], one["control"]
    if n < LEAST:
        return f"too few: {n} of {LEAST}"
    if metric.share and not ours == theirs in (0.0, 1.0):
        return "too rare to tell"
    return unvaried(ours - theirs)


def unvaried(apart: float) -> str:
    """What to say in place of an interval where nobody in either group differs from the others in it."""
    return "the same in each group, without exception" if apart else "the same for everyone"


def in_points(text: str) -> str:
    """The same in a sentence: percentage points in words."""
    return text.replace(" pp", " points")


def lifted(found: Mapping[str, Any], control_too_few: bool, currency: str) -> list[tuple[str, str]]:
    """What a manager reads first of a holdout: each with its tone."""
    if control_too_few:
        return [("", f"Too early to tell: nothing is said of fewer than {LEAST} customers in a group.")]
    told: list[tuple[str, str]] = []
    open_: list[str] = []
    same: list[str] = []
    for key, metric in trials.METRICS.items():
        one = found.get(key)
        if one is not None and one.get("unvaried") and not one["difference"]:
            same.append(metric.label.lower())
            continue
        if one is None or one["low"] is None or (one["low"] <= 0 <= one["high"]):
            open_.append(metric.label.lower())
            continue
        way = "raise" if one["low"] > 0 else "lower"
        size, lies = difference(metric, one["difference"], currency), between(metric, one["low"], one["high"], currency)
        told.append((
            "good" if one["low"] > 0 else "bad",
            in_points(f"Treatments {way} {metric.label.lower()}: {amount(metric, one['treated'], currency)} with them, {amount(metric, one['control'], currency)} without. That is {size}, surely between {lies}."),
        ))  # fmt: skip
    if open_:
        told.append(("", f"It cannot be told whether they change {_listed(open_)}."))
    if same:
        told.append(("", f"Of {_listed(same)}, everyone came out the same."))
    return told


def _listed(words: list[str]) -> str:
    return ", ".join(words[:-1]) + " and " * (len(words) > 1) + words[-1]


def band(low: float | None, estimate: float | None, high: float | None, widest: float) -> Band | None:
    """The interval drawn between minus and plus `widest`; None where nothing bounds it."""
    if low is None or high is None or estimate is None or widest <= 0:
        return None

    def at(number: float) -> float:
        return round(WIDE / 2 * (1 + max(-1.0, min(1.0, number / widest))), 1)

    tone = "good" if low > 0 else "bad" if high < 0 else ""
    return Band(at(low), max(1.0, at(high) - at(low)), at(estimate), tone)


def widest(rows: list[Mapping[str, Any]]) -> float:
    """The furthest that any of these intervals reaches from nothing."""
    ends = [abs(row[end]) for row in rows for end in ("low", "high") if row.get(end) is not None]
    return max(ends, default=0.0) * 1.05


def said(known: Trial, found: Mapping[str, Any] | None, currency: str) -> list[tuple[str, str]]:
    """What a manager reads first: each with its tone."""
    if known.state in ("draft", "asked", "withdrawn"):
        return []
    if found is None:
        if known.state == "running":
            return [("", "Nobody has looked yet: the first look comes within minutes.")]
        return [
            ("", "It ended before anybody looked." + " Look now to see what it shows." * (known.state == "stopped"))
        ]
    if found["split"] < SPLIT_ALARM:
        return [("bad", "The arms are not as large as they should be. Something sorts customers before they are counted: trust nothing that is found here until somebody knows why.")]  # fmt: skip
    metric = trials.METRICS[known.plan.metric]
    told = []
    for arm in known.plan.arms[1:]:
        seen = found["metrics"][metric.key]["arms"][arm.key]
        if arm.stopped:
            told.append(
                ("bad", f"“{arm.label}” was stopped: {arm.stopped_words} Its customers get what everybody gets.")
            )
            continue
        least = min(found["n"][arm.key], found["n"][known.plan.arms[0].key])
        if least < LEAST:
            told.append(("", f"Too early to tell of “{arm.label}”: {least} customers have been counted in the smaller group, and nothing is said of fewer than {LEAST}."))  # fmt: skip
            continue
        told.append(_verdict(arm.label, metric, seen, found["alpha"], currency))
    return told


def _verdict(label: str, metric: Metric, seen: Mapping[str, Any], alpha: float, currency: str) -> tuple[str, str]:
    size, lies = difference(metric, seen["difference"], currency), between(metric, seen["low"], seen["high"], currency)
    verdict = trials.verdict(seen, alpha)
    if verdict == "better":
        return "good", in_points(
            f"“{label}” does better: {metric.label.lower()} differs by {size}, surely between {lies}."
        )
    if verdict == "worse":
        return "bad", in_points(
            f"“{label}” does worse: {metric.label.lower()} differs by {size}, surely between {lies}."
        )
    where = f"so far the difference lies between {lies}" if lies else "too little has happened so far to bound it"
    return "", in_points(f"It cannot be told yet whether “{label}” does better: {where}.")
