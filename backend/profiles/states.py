"""A customer's life cycle, segments and protective states as they change: what began, what ended, and why. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from backend.matrix.service import Labelled, Pack
from backend.profiles.snapshot import Snapshot
from backend.rules.service import Expression

Sort = Literal["life_cycle", "segment", "protective"]


@dataclass(frozen=True, slots=True)
class Transition:
    """One state that a customer came into (or left, where not `entered`), with what the rule read of them."""

    sort: Sort
    key: str
    label: str
    entered: bool
    before: str = ""
    """Of the life cycle: the label of the state before."""
    why: tuple[tuple[str, Any], ...] = ()
    """What the rule looked at: label and value."""


def states_after(
    before: Mapping[str, Any] | None, seen: Snapshot, pack: Pack, at: datetime
) -> tuple[dict[str, Any], tuple[Transition, ...]]:
    """The states as they are kept, each with since when, and what changed. The first time nothing has changed: it is found out."""
    known = before or {}
    instant = at.isoformat()
    same = known.get("life_cycle") == seen.life_cycle
    after = {
        "life_cycle": seen.life_cycle,
        "since": known.get("since", instant) if same else instant,
        "segments": _since(known.get("segments", {}), seen.segments, instant),
        "protective": _since(known.get("protective", {}), seen.protective, instant),
    }
    return after, () if before is None else tuple(_transitions(known, seen, pack))


def why(rule: Expression, seen: Snapshot, pack: Pack) -> tuple[tuple[str, Any], ...]:
    """What a rule reads of this customer, as people call it, with the values that it saw."""
    names = seen.names()
    labels: dict[str, str] = {key: a.label for key, a in pack.attributes.items()}
    labels |= {key: f.label for key, f in pack.facts.items()}
    labels |= {
        "churn_risk": "Risk of leaving",
        "life_cycle": "Life cycle",
        "today": "Today",
        "weekday": "Day of the week",
    }
    return tuple((labels.get(name, name), _shown(name, names[name], pack)) for name in rule.names if name in names)


def _shown(name: str, value: Any, pack: Pack) -> Any:
    if name == "life_cycle":
        return pack.label_of(pack.life_cycle, value)
    return round(value, 2) if isinstance(value, float) else value


def _since(known: Mapping[str, str], keys: tuple[str, ...], instant: str) -> dict[str, str]:
    return {key: known.get(key, instant) for key in keys}


def _transitions(known: Mapping[str, Any], seen: Snapshot, pack: Pack) -> Iterator[Transition]:
    was = known.get("life_cycle")
    if was != seen.life_cycle:
        state = next(s for s in pack.life_cycle if s.key == seen.life_cycle)
        before = pack.label_of(pack.life_cycle, was)
        yield Transition("life_cycle", state.key, state.label, True, before, why(state.rule, seen, pack))
    yield from _sets("segment", known.get("segments", {}), seen.segments, pack.segments, seen, pack)
    yield from _sets("protective", known.get("protective", {}), seen.protective, pack.protective, seen, pack)


def _sets(
    sort: Sort, known: Mapping[str, str], now: tuple[str, ...], parts: tuple[Any, ...], seen: Snapshot, pack: Pack
) -> Iterator[Transition]:
    rules: dict[str, Labelled] = {part.key: part for part in parts}
    for key, entered in [(k, True) for k in now if k not in known] + [(k, False) for k in known if k not in now]:
        # A set that the pack dropped since was left with it: there is no rule any more that could say why.
        part: Any = rules.get(key)
        reasons = why(part.rule, seen, pack) if part is not None else ()
        yield Transition(sort, key, part.label if part is not None else key, entered, "", reasons)
