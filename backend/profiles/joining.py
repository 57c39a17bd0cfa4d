"""What two profiles hold, as one, and apart again. Pure: rows as plain dictionaries in, what to write out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from backend.matrix.types import Pack

Row = Mapping[str, Any]
Values = dict[str, Any]

FIELDS = ("number", "name", "phone", "email", "birth_date", "timezone", "language")
"""What is chosen beside the attributes."""
ATTRIBUTE = "attribute."
"""Stands before the key of an attribute that is chosen."""


def joined(ours: Row, theirs: Row, from_theirs: Collection[str], pack: Pack) -> Values:
    """The survivor's columns after a merge.

    `from_theirs` names the fields that are taken from the merged one ("phone", "attribute.contract"); what the survivor does
    not know is taken from there too. Counts by day add up; values and dates join as the pack says.
    """
    made: Values = {name: _chosen(ours[name], theirs[name], name in from_theirs) for name in FIELDS}
    known, other = ours["attributes"], theirs["attributes"]
    attributes = {}
    for key in [*known, *(key for key in other if key not in known)]:
        value = _chosen(known.get(key), other.get(key), f"{ATTRIBUTE}{key}" in from_theirs and key in other)
        attributes[key] = value
    held = {_holding(one) for one in ours["holdings"]}
    more = [one for one in theirs["holdings"] if _holding(one) not in held]
    return made | {
        "attributes": attributes,
        "facts": _facts(ours["facts"], theirs["facts"], pack),
        "holdings": [*ours["holdings"], *more],
    }


def taken_attributes(ours: Row, theirs: Row, from_theirs: Collection[str]) -> frozenset[str]:
    """The attributes whose value is the merged one's after such a merge, and was not the survivor's already."""
    known, other = ours["attributes"], theirs["attributes"]
    return frozenset(
        key
        for key in other
        if known.get(key) != other[key] == _chosen(known.get(key), other[key], f"{ATTRIBUTE}{key}" in from_theirs)
    )


def parted(now: Row, ours: Row, theirs: Row, made: Row) -> tuple[Values, Values]:
    """What to write of the survivor and of the one taken out: `ours` and `theirs` before the merge, `made` by it, and as it is `now`.

    Each gets back what it was; what was changed since stays with the survivor, of whom it was learned. A thing that the customer
    holds goes back to whose it was, as it is now. A sum that the other's share is taken from may fall below zero: what changed of
    it since was the other's.
    """
    first: Values = {name: _undone(now[name], made[name], ours[name]) for name in FIELDS}
    first["attributes"] = _each_undone(now["attributes"], made["attributes"], ours["attributes"])
    first["facts"] = _facts_apart(now["facts"], made["facts"], ours["facts"], theirs["facts"])
    own = {_holding(one) for one in ours["holdings"]}
    moved = {_holding(one) for one in theirs["holdings"]} - own
    first["holdings"] = [one for one in now["holdings"] if _holding(one) not in moved]
    still = {_holding(one): one for one in now["holdings"]}
    second: Values = {name: theirs[name] for name in (*FIELDS, "attributes", "facts")}
    both = [one for one in theirs["holdings"] if _holding(one) in own]
    second["holdings"] = [
        still.get(_holding(one), one) if one not in both else one
        for one in theirs["holdings"]
        if one in both or _holding(one) in still
    ]
    return first, second


def _chosen(ours: Any, theirs: Any, take_theirs: bool) -> Any:
    if take_theirs and not _unknown(theirs):
        return theirs
    return theirs if _unknown(ours) else ours


def _unknown(value: Any) -> bool:
    return value is None or value == ""


def _holding(one: Row) -> tuple[str, str]:
    return str(one["kind"]), str(one["holding_id"])


def _facts(ours: Row, theirs: Row, pack: Pack) -> Values:
    how: dict[str, str] = {}
    for fact in pack.facts.values():
        if fact.value:
            how[fact.value] = fact.joins or ("sum" if fact.type == "int" else "survivor")
        elif fact.since:
            how[fact.since] = fact.joins or "latest"
    made = dict(theirs) | dict(ours)
    days, more = ours.get("days", {}), theirs.get("days", {})
    if days or more:
        made["days"] = {key: _sum(days.get(key, {}), more.get(key, {})) for key in [*days, *_new(more, days)]}
    for part, usual in (("values", "survivor"), ("dates", "latest")):
        mine, other = ours.get(part, {}), theirs.get(part, {})
        if mine or other:
            made[part] = {
                key: _JOIN[how.get(key, usual)](mine.get(key), other.get(key)) for key in [*mine, *_new(other, mine)]
            }
    if truths := sorted([*ours.get("truths", ()), *theirs.get("truths", ())]):
        made["truths"] = truths
    bad, worse = ours.get("bad_experience"), theirs.get("bad_experience")
    if bad and worse:
        made["bad_experience"] = max((bad, worse), key=lambda one: str(one.get("on", "")))
    elif bad or worse:
        made["bad_experience"] = bad or worse
    return made


def _new(more: Row, known: Row) -> list[str]:
    return [key for key in more if key not in known]


def _sum(ours: Mapping[str, float], theirs: Mapping[str, float]) -> dict[str, float]:
    return {day: ours.get(day, 0) + theirs.get(day, 0) for day in sorted({*ours, *theirs})}


def _added(ours: Any, theirs: Any) -> Any:
    if isinstance(ours, bool) or isinstance(theirs, bool):
        return bool(ours) or bool(theirs)
    return (ours or 0) + (theirs or 0)


_JOIN: dict[str, Callable[[Any, Any], Any]] = {
    "survivor": lambda ours, theirs: theirs if ours is None else ours,
    "sum": _added,
    "latest": lambda ours, theirs: max(ours or "", theirs or ""),
    "earliest": lambda ours, theirs: min(ours or theirs, theirs or ours),
}


def _undone(now: Any, made: Any, before: Any) -> Any:
    return before if now == made else now


def _each_undone(now: Row, made: Row, before: Row) -> Values:
    """By key; a key that came only with the merge goes, one that somebody took away since stays away."""
    out = {}
    for key in [*before, *_new(now, before)]:
        if key in now and key in made and now[key] == made[key]:
            if key in before:
                out[key] = before[key]
        elif key in now:
            out[key] = now[key]
    return out


def _facts_apart(now: Row, made: Row, ours: Row, theirs: Row) -> Values:
    out = _each_undone(now, made, ours)
    if "days" in now and now.get("days") != made.get("days"):
        out["days"] = {
            key: _less(days, made.get("days", {}).get(key, {}), ours.get("days", {}).get(key, {}), theirs.get("days", {}).get(key, {}))
            for key, days in now["days"].items()
        }  # fmt: skip
        out["days"] = {key: days for key, days in out["days"].items() if days or key in ours.get("days", {})}
    if "truths" in now and now["truths"] != made.get("truths"):
        left = [list(one) for one in now["truths"]]
        for one in theirs.get("truths", ()):
            if list(one) in left:
                left.remove(list(one))
        out["truths"] = left
    for part in ("values", "dates"):
        if part in now and now[part] != made.get(part):
            out[part] = {}
            for key, value in now[part].items():
                before, after = ours.get(part, {}).get(key), made.get(part, {}).get(key)
                other = theirs.get(part, {}).get(key)
                if value == after:
                    if key in ours.get(part, {}):
                        out[part][key] = before
                elif _number(value) and _number(after) and _number(other) and after == (before or 0) + other:
                    out[part][key] = value - other
                else:
                    out[part][key] = value
    return out


def _number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _less(now: Row, made: Row, ours: Row, theirs: Row) -> dict[str, float]:
    """The days without what was the other's."""
    out = {}
    for day, many in now.items():
        if many == made.get(day):
            if day in ours:
                out[day] = ours[day]
        elif left := max(0, round(many - theirs.get(day, 0), 6)):
            out[day] = left
    return out
