"""Words for what follows from rules and for what comes in from outside. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from backend.interactions.types import Event

MOST_CARRIED = 4
"""So many properties of an event are told."""


def sentence(*parts: str) -> str:
    """The parts that are not empty, with dots between."""
    return " · ".join(part for part in parts if part)


def state(verb: str) -> Callable[[Event, bool, str], tuple[str, str]]:
    """Words for a state that a customer came into or left, with what the rule saw."""

    def words(event: Event, own: bool, language: str) -> tuple[str, str]:
        before = str(event.data.get("before") or "")
        seen = [f"{label}: {_value(value)}" for label, value in event.data.get("why", ())]
        return f"{verb}: {event.data.get('label', '')}", sentence(f"before: {before}" if before else "", *seen)

    return words


GROUPS = {"household": "a household", "billing": "a billing account", "business": "a business account"}


def belongs(verb: str) -> Callable[[Event, bool, str], tuple[str, str]]:
    """Words for a household or account that a customer joined or left; a household is not called by name."""

    def words(event: Event, own: bool, language: str) -> tuple[str, str]:
        data = event.data
        kind = GROUPS.get(str(data.get("group_kind")), "an account")
        name = str(data.get("name") or "")
        title = f"{verb} “{name}”" if name else f"{verb} {kind}"
        return title, sentence(kind.partition(" ")[2] if name else "", str(data.get("source_label") or ""))

    return words


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    if isinstance(value, float):
        return f"{value:g}"
    return str(value) if value != "" else "none"


def tracked(event: Event, own: bool, language: str) -> tuple[str, str]:
    """What came in from outside, by the plan's words where it has some, with what it carried."""
    data = event.data
    title = str((data.get("own") if own else data.get("label")) or data.get("name") or "Something happened")
    carried = [f"{name}: {_value(value)}" for name, value in data.get("properties", {}).items() if _short(value)]
    source = "" if own else str(data.get("source_label") or "")
    return title, sentence(*carried[:MOST_CARRIED], source)


def _short(value: Any) -> bool:
    return isinstance(value, (bool, int, float)) or (isinstance(value, str) and 0 < len(value) <= 80)


CAUSES = {
    "normalClearing": "hung up",
    "busy": "the line was busy",
    "cancel": "hung up before it was answered",
    "noAnswer": "nobody took it",
    "congestion": "the telephone network was overloaded",
    "notFound": "the number does not exist",
    "forwarded": "forwarded to another number",
}
"""Why a call ended, as telephone systems say it and as people do."""


def cause_text(cause: Any) -> str:
    """Why a call ended, in words; the telephone system's own where it is none that we know, empty for none."""
    return CAUSES.get(str(cause or ""), str(cause or ""))
