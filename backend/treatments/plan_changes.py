"""What an acceptance changes of a customer's attributes, and how that is taken back, whatever came after. Pure.

Each change keeps what it found and what it left. Changes of one attribute lie on each other like layers: taking one out
leaves the others as they are, so that the acceptances of a customer may be taken back in any order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from backend.engine.catalogue import Fulfilment
from backend.engine.facts import TermValue
from backend.matrix.service import Pack
from shared.kernel.money import Money, of_major


@dataclass(frozen=True, slots=True)
class Change:
    """One attribute, set outright or moved by an amount: None before or after means that it was unknown."""

    attribute: str
    how: Literal["set", "add"]
    before: Any
    after: Any

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> Change:
        return cls(plain["attribute"], plain["how"], plain["before"], plain["after"])


Layer = tuple[Change, ...]
"""What one acceptance changed."""


@dataclass(frozen=True, slots=True)
class TakenBack:
    """The attributes then, those left alone because somebody changed them since, and the later layers as they lie then."""

    attributes: dict[str, Any]
    left: tuple[str, ...]
    later: tuple[Layer, ...]


def changes_of(act: Fulfilment, terms: Sequence[TermValue], attributes: Mapping[str, Any], currency: str) -> Layer:
    """What fulfilment changes of these attributes, on these terms."""
    minor = {t.key: int(t.value) for t in terms if t.unit == "money"}
    found = [Change(key, "set", attributes.get(key), value) for key, value in act.set.items()]
    for key, term in act.becomes.items():
        found.append(Change(key, "set", attributes.get(key), Money(minor[term], currency).major))
    for moves, sign in ((act.more, 1), (act.less, -1)):
        for key, term in moves.items():
            before = attributes.get(key)
            found.append(Change(key, "add", before, _moved(before, sign * minor[term], currency)))
    return tuple(found)


def monthly(
    act: Fulfilment, terms: Sequence[TermValue], attributes: Mapping[str, Any], pack: Pack
) -> tuple[Money, Money] | None:
    """What is paid in a month, now and once it is done; None where that stays, or nobody knows it."""
    charge = pack.leaving.charge if pack.leaving is not None else ""
    now = attributes.get(charge)
    if act.kind != "attributes" or isinstance(now, bool) or not isinstance(now, (int, float)):
        return None
    change = next((one for one in changes_of(act, terms, attributes, pack.currency) if one.attribute == charge), None)
    if change is None or change.after == now:
        return None
    return of_major(float(now), pack.currency), of_major(float(change.after), pack.currency)


def made(layer: Layer, attributes: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes with the changes made."""
    return {**attributes, **{change.attribute: change.after for change in layer}}


def taken_back(mine: Layer, later: Sequence[Layer], attributes: Mapping[str, Any], currency: str) -> TakenBack:
    """The attributes without my changes; `later` are the layers of the acceptances that were fulfilled after mine."""
    now, layers, left = dict(attributes), [list(layer) for layer in later], []
    for change in mine:
        above = [
            (depth, place)
            for depth, layer in enumerate(layers)
            for place, other in enumerate(layer)
            if other.attribute == change.attribute
        ]
        top = layers[above[-1][0]][above[-1][1]].after if above else change.after
        if now.get(change.attribute) != top:
            left.append(change.attribute)
            continue
        value = change.before
        for depth, place in above:
            other = layers[depth][place]
            if other.how == "set":
                layers[depth][place] = replace(other, before=value)
                break
            moved = _moved(value, _minor(other.after, currency) - _minor(other.before, currency), currency)
            layers[depth][place] = replace(other, before=value, after=moved)
            value = moved
        else:
            if value is None:
                now.pop(change.attribute, None)
            else:
                now[change.attribute] = value
    return TakenBack(now, tuple(left), tuple(tuple(layer) for layer in layers))


def _moved(value: Any, minor: int, currency: str) -> float:
    return Money(_minor(value, currency) + minor, currency).major


def _minor(value: Any, currency: str) -> int:
    return of_major(float(value or 0), currency).minor
