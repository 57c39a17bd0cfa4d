"""A treatment's script for one customer: its variables filled in, what they may answer, and what to say to their doubts. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from backend.engine import scripts
from backend.engine.service import Words, fill
from backend.matrix.service import Pack

US = "our team"
"""Who speaks, where it is not said who: a script that another system reads out."""


@dataclass(frozen=True, slots=True)
class SaidNext:
    """What the customer may say, and what follows: words, an act ("accept", "decline" with a reason, "defer"), or answers."""

    said: str
    say: str
    act: str
    reason: str
    reason_label: str
    answers: tuple[SaidNext, ...]


@dataclass(frozen=True, slots=True)
class Doubt:
    said: str
    say: str


@dataclass(frozen=True, slots=True)
class Script:
    """What the agent says first, and what comes after."""

    text: str
    answers: tuple[SaidNext, ...] = ()
    doubts: tuple[Doubt, ...] = ()


def script_of(phone: scripts.Phone | None, words: Words, hide: Callable[[str], str], pack: Pack) -> Script:
    """The script with `words` in it; `hide` puts dots where a text would name what must not be read."""
    if phone is None:
        return Script("")

    def said(text: str) -> str:
        return hide(fill(text, words))

    def answer(one: scripts.Answer) -> SaidNext:
        label = pack.label_of(pack.decline_reasons, one.reason) if one.reason else ""
        return SaidNext(
            said(one.said), said(one.say), one.act, one.reason or "", label, tuple(answer(more) for more in one.answer)
        )

    return Script(
        said(phone.script),
        tuple(answer(one) for one in phone.answer),
        tuple(Doubt(said(one.said), said(one.say)) for one in phone.objection),
    )


def spoken(customer: str, agent: str) -> dict[str, str]:
    """The names that only a script knows."""
    return {"customer": customer, "agent": agent or US}
