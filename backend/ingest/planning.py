"""A message held against the tracking plan: whether it may come in, and what it tells of the customer. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from backend.ingest.messages import Message, Refused, instant
from backend.matrix.service import Attribute, Pack, PlannedEvent, Property

CARRIED = 40
"""So many properties of an event are kept; texts of them so long."""
LONGEST_TEXT = 500
LARGEST_FIGURE = 2**53
"""Beyond it JSON's readers differ in what a number is."""
FIELDS = {"email": "email", "phone": "phone", "birthday": "birth_date"}
"""Traits of the specification that are no attributes: what one knows a person by."""
NAMES = ("name", "firstName", "lastName")
UNTOLD = frozenset(
    {"address", "age", "avatar", "company", "createdAt", "description", "gender", "id", "title", "username", "website"}
)
"""Traits that the specification names and the pack need not: passed over in silence."""


@dataclass(frozen=True, slots=True)
class Tidings:
    """What a message comes to: the event as it is kept, what of the profile it tells, and what was wrong but forgiven."""

    message: Message
    planned: PlannedEvent | None
    properties: dict[str, Any] = field(default_factory=dict)
    attributes: dict[str, Any] = field(default_factory=dict)
    identity: dict[str, Any] = field(default_factory=dict)
    """`name`, `email`, `phone`, `birth_date`, where told."""
    warnings: tuple[str, ...] = ()


def held_against(message: Message, pack: Pack) -> Tidings:
    """What the message comes to by the pack's plan. Raises Refused for one that the plan does not let in."""
    if message.call == "identify":
        return _identified(message, pack)
    if message.call in ("group", "alias"):
        return Tidings(message, None, _kept(message.properties))
    plan = pack.tracking
    planned = plan.by_name.get((message.call, message.name.casefold()))
    if planned is None:
        if plan.unplanned == "refuse":
            raise Refused(
                "unplanned",
                f"The tracking plan has no {message.call} {message.name!r}.",
                {"name": "not in the tracking plan"},
            )
        return Tidings(message, None, _kept(message.properties))
    typed, wrong = _typed(message.properties, planned)
    if wrong and plan.misshapen == "refuse":
        raise Refused("misshapen", f"{planned.name} is not shaped as the tracking plan says.", wrong)
    properties = _kept({k: v for k, v in message.properties.items() if k not in wrong}) | typed
    attributes = {}
    for key, name in planned.attribute.items():
        if name in typed:
            value = fitting(pack.attributes[key], typed[name])
            if value is None:
                raise Refused(
                    "misshapen",
                    f"{name} is no {pack.attributes[key].label}.",
                    {name: "not one of the attribute's values"},
                )
            attributes[key] = value
    warnings = tuple(f"{name}: {why}" for name, why in wrong.items())
    return Tidings(message, planned, properties, attributes, warnings=warnings)


def fitting(attribute: Attribute, value: Any) -> bool | int | float | str | None:
    """The value in the attribute's type; None for one that it can never have."""
    if attribute.type == "bool":
        return value if isinstance(value, bool) else None
    if attribute.type in ("int", "number"):
        if isinstance(value, bool) or not isinstance(value, (int, float)) or abs(value) > 1e12 or value != value:
            return None
        if attribute.type == "number":
            return float(value)
        return int(value) if value == int(value) else None
    if not isinstance(value, str) or len(value) > LONGEST_TEXT:
        return None
    if attribute.type == "date":
        day = _day(value)
        return day.isoformat() if day else None
    if attribute.choices:
        return next((choice for choice in attribute.choices if choice.casefold() == value.strip().casefold()), None)
    return value


def _identified(message: Message, pack: Pack) -> Tidings:
    attributes: dict[str, Any] = {}
    identity: dict[str, Any] = {}
    wrong: dict[str, str] = {}
    unknown = []
    for name, value in message.properties.items():
        if value is None or name in NAMES:
            continue
        if name in FIELDS:
            told = _day(value) if name == "birthday" else _line(value, 320)
            if told is None:
                wrong[name] = "a day such as 1990-05-17" if name == "birthday" else "a text"
            else:
                identity[FIELDS[name]] = told
            continue
        key = pack.tracking.by_trait.get(name, name)
        if key in pack.attributes:
            fit = fitting(pack.attributes[key], value)
            if fit is None:
                wrong[name] = f"no value of {pack.attributes[key].label}"
            else:
                attributes[key] = fit
        elif name not in UNTOLD:
            unknown.append(name)
    if called := _called(message.properties):
        identity["name"] = called
    if wrong and pack.tracking.misshapen == "refuse":
        raise Refused("misshapen", "Some traits cannot be taken.", wrong)
    warnings = [f"{name}: {why}" for name, why in wrong.items()]
    warnings += [f"{name[:LONGEST_TEXT]}: no trait of the tracking plan" for name in unknown[:CARRIED]]
    return Tidings(message, None, {}, attributes, identity, tuple(warnings))


def _called(traits: Mapping[str, Any]) -> str | None:
    whole = _line(traits.get("name"), 120)
    if whole:
        return whole
    parts = [part for name in ("firstName", "lastName") if (part := _line(traits.get(name), 60))]
    return " ".join(parts) or None


def _line(value: Any, most: int) -> str | None:
    text = " ".join(value.split()) if isinstance(value, str) else ""
    return text if text and len(text) <= most and text.isprintable() else None


def _typed(given: Mapping[str, Any], planned: PlannedEvent) -> tuple[dict[str, Any], dict[str, str]]:
    typed: dict[str, Any] = {}
    wrong: dict[str, str] = {}
    for one in planned.property:
        value = given.get(one.name)
        if value is None:
            if one.required:
                wrong[one.name] = f"is missing: {one.type}"
            continue
        fit = _as(one, value)
        if fit is None:
            wrong[one.name] = f"one of {', '.join(one.choices)}" if one.choices else f"is no {one.type}"
        else:
            typed[one.name] = fit
    return typed, wrong


def _as(one: Property, value: Any) -> Any:
    if one.type == "date":
        day = _day(value)
        return day.isoformat() if day else None
    stand_in = Attribute(key="property", label=one.name, type=one.type, choices=one.choices)
    return fitting(stand_in, value)


def _day(value: Any) -> date | None:
    try:
        if isinstance(value, str) and len(value.strip()) == 10:
            return date.fromisoformat(value.strip())
    except ValueError:
        return None
    at = instant(value)
    return at.date() if at else None


def _kept(properties: Mapping[str, Any]) -> dict[str, Any]:
    """What the timeline keeps of an event: plain values, so many, so long; lists and objects are not kept."""
    return dict(_plain(properties))


def _plain(properties: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in list(properties.items())[:CARRIED]:
        if isinstance(value, (bool, int, float)) and abs(value) <= LARGEST_FIGURE:
            yield name[:LONGEST_TEXT], value
        elif isinstance(value, str):
            yield name[:LONGEST_TEXT], value[:LONGEST_TEXT]
