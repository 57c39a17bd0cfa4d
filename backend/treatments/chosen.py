"""What is asked with an acceptance and what was chosen, as pages show it and as it is kept. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from backend.cases.service import Slot
from backend.interactions import service as interactions
from shared.kernel import clock


@dataclass(frozen=True, slots=True)
class Answer:
    """One of the answers that can be given: `value` is sent, `label` read; `day` is the customer's, of a time."""

    value: str
    label: str
    day: date | None = None
    slot: Slot | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """Something that is asked with the acceptance. `value` stands there already; a date lies between `first` and `last`."""

    key: str
    kind: str
    label: str
    hint: str
    required: bool
    value: str = ""
    answers: tuple[Answer, ...] = ()
    first: date | None = None
    last: date | None = None

    @property
    def field(self) -> str:
        """The name of its field in a form, and of what is wrong with it."""
        return f"input-{self.key}"

    @property
    def days(self) -> tuple[tuple[date, tuple[Answer, ...]], ...]:
        """The times by day."""
        found: dict[date, list[Answer]] = {}
        for one in self.answers:
            if one.day is not None:
                found.setdefault(one.day, []).append(one)
        return tuple((day, tuple(some)) for day, some in found.items())


@dataclass(frozen=True, slots=True)
class Chosen:
    """What was chosen or said, as it stands with the acceptance; `text` is how the customer reads it."""

    key: str
    kind: str
    label: str
    value: str
    text: str
    used_for: str = "note"
    calendar: str = ""
    until: str = ""
    """Of a time: the instant at which it ends."""

    @property
    def said(self) -> str:
        return interactions.labelled(self.label, self.text)


def chosen_from(kept: list[Mapping[str, Any]] | None) -> tuple[Chosen, ...]:
    return tuple(Chosen(**one) for one in kept or ())


def chosen_data(kept: list[Mapping[str, Any]] | None) -> list[dict[str, str]]:
    """The same for an event: what was asked, and what they said."""
    return [{"label": one.label, "text": one.text} for one in chosen_from(kept)]


def slot_of(chosen: tuple[Chosen, ...]) -> tuple[Slot, str] | None:
    """The time that was taken, and of which calendar."""
    found = next((one for one in chosen if one.kind == "slot"), None)
    if found is None:
        return None
    return Slot(datetime.fromisoformat(found.value), datetime.fromisoformat(found.until), 0), found.calendar


def day_of(chosen: tuple[Chosen, ...], zone: str) -> date | None:
    """The customer's day that was chosen for it."""
    found = next((one for one in chosen if one.used_for == "time"), None)
    if found is None:
        return None
    return (
        date.fromisoformat(found.value)
        if found.kind == "date"
        else clock.local_day(datetime.fromisoformat(found.value), zone)
    )
