"""What a pack says of speaking with a customer: what must be read out to them, and how they prove who they are."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from backend.matrix.parts import Key, Labelled, Part

Compared = Literal["text", "date", "money", "digits", "ending"]
"""How an answer is compared: words without regard to case, accents and spacing; the same day, however written; the same amount;
all digits; the last four digits."""


class Disclosure(Labelled):
    """What a customer must be told before they accept, word for word; a changed wording has another `version`.

    `channels`: those in which it must be; all of the pack where none is named.
    """

    version: str = Field(min_length=1, max_length=40)
    wording: str = Field(min_length=1, max_length=2_000)
    channels: tuple[Key, ...] = ()

    def in_channel(self, channel: str) -> bool:
        return not self.channels or channel in self.channels


class Way(Labelled):
    """One way in which a caller proves who they are: noted by the agent, by questions that are asked of them, or by a code."""

    kind: Literal["noted", "questions", "code"] = "noted"


class Question(Labelled):
    """What may be asked of a caller, and how their answer is compared with what is known; `label` is the question."""

    attribute: Key
    compare: Compared = "text"
    asked: tuple[Literal["caller", "claim"], ...] = ("caller",)
    """Of whom: of callers at the desk, and of whoever sets up their account at the portal, who answers one of these."""
    hint: str = Field(default="", max_length=200)
    """What helps to answer it at the portal."""


class Verifying(Part):
    """How long a verification holds, what is asked, and what happens after wrong answers."""

    minutes: int = Field(default=30, ge=1, le=24 * 60)
    """It ends after so long, or with the contact."""
    ask: int = Field(default=2, ge=1, le=5)
    """So many questions must be answered rightly."""
    tries: int = Field(default=3, ge=1, le=10)
    """After so many wrong answers nothing more is compared for `lock_minutes`."""
    lock_minutes: int = Field(default=15, ge=1, le=24 * 60)
    handed_over: bool = False
    """Whether a call that is put through to a colleague stays verified."""
    question: tuple[Question, ...] = ()

    def asked_of(self, whom: Literal["caller", "claim"]) -> tuple[Question, ...]:
        return tuple(one for one in self.question if whom in one.asked)
