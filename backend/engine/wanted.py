"""What a customer chooses or says when they accept a treatment, as the catalogue asks for it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from backend.matrix.parts import Labelled

InputKind = Literal["slot", "address", "choice", "text", "date"]
UsedFor = Literal["time", "note"]
Language = Annotated[str, Field(pattern=r"^[a-z]{2}$")]
Words = Annotated[str, Field(min_length=1, max_length=120)]


class Translated(Labelled):
    """A label in the house's language. `labels`: in others, where the pack's own `languages` have none of it."""

    label: Words
    labels: Mapping[Language, Words] = Field(default_factory=dict)

    def label_in(self, language: str) -> str:
        return self.labels.get(language[:2].lower(), self.label)


class Option(Translated):
    """One of the answers of a choice."""


class Input(Translated):
    """Something that is asked for with the acceptance, and what fulfilment does with it.

    `used_for` time: a slot is the time of the callback or visit, a date the day of the visit; note: whoever does the work reads
    it. A slot comes from `calendar`: callbacks, or a calendar of the pack's casework. `prefill` names the attribute, or phone or
    email, that stands there already.
    """

    kind: InputKind
    used_for: UsedFor = "note"
    required: bool = True
    hint: str = Field(default="", max_length=200)
    calendar: str = Field(default="", max_length=60)
    prefill: str = Field(default="", max_length=60)
    option: tuple[Option, ...] = ()
    days_ahead: int = Field(default=60, ge=1, le=365)
    """Of a date: at most so many days from today."""
