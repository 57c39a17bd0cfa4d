"""What an agent says: the script of a treatment, what the customer may answer to it, and what then comes next. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from backend.matrix.parts import Key, Part
from backend.matrix.service import Pack

DEEPEST = 3
MOST_ANSWERS = 24
SPOKEN = frozenset({"name", "customer", "agent"})
"""Names beside terms, attributes and facts: the customer's first name, their whole name, and who speaks with them."""


class Answer(Part):
    """One thing that the customer may say, and what it leads to: the next words, an act, or both; further answers follow."""

    said: str = Field(min_length=1, max_length=80)
    say: str = Field(default="", max_length=600)
    act: Literal["", "accept", "decline", "defer"] = ""
    reason: Key | None = None
    """With `decline`: the reason that goes on record."""
    answer: tuple[Answer, ...] = ()


class Objection(Part):
    """A doubt that the customer may have at any point, and what to say to it."""

    said: str = Field(min_length=1, max_length=80)
    say: str = Field(min_length=1, max_length=600)


class Phone(Part):
    """The words of a call: what is said first, what the customer may answer, and what to say to their doubts."""

    script: str
    answer: tuple[Answer, ...] = ()
    objection: tuple[Objection, ...] = ()

    def texts(self) -> Iterator[str]:
        """All that an agent says, in the order in which it stands."""
        yield self.script
        yield from (one.say for _, one in walk(self.answer) if one.say)
        yield from (one.say for one in self.objection)


def walk(answers: tuple[Answer, ...], depth: int = 1) -> Iterator[tuple[int, Answer]]:
    """Every answer with how deep it stands, the first being 1."""
    for one in answers:
        yield depth, one
        yield from walk(one.answer, depth + 1)


def watched(pack: Pack) -> frozenset[str]:
    """Attributes and facts that were learnt by watching the customer online: pages and screens that they looked at, and what
    they did there of which they are not told. Nothing of this is ever said to them."""
    fed: set[str] = {"visits"}
    attributes: set[str] = set()
    for event in pack.tracking.event:
        if event.call == "track" and (event.own or event.channel != "portal"):
            continue
        fed |= {*event.count, *event.add, *event.value, *event.date}
        attributes |= set(event.attribute)
    facts = {key for key, fact in pack.facts.items() if fed & {fact.of, fact.value, fact.since} - {""}}
    return frozenset(attributes | facts)


def wrong(phone: Phone, pack: Pack) -> Iterator[str]:
    """What is wrong with the shape of a script."""
    reasons = {reason.key for reason in pack.decline_reasons}
    found = list(walk(phone.answer))
    if len(found) > MOST_ANSWERS:
        yield f"a script has at most {MOST_ANSWERS} answers; here are {len(found)}"
    if any(depth > DEEPEST for depth, _ in found):
        yield f"answers to answers are at most {DEEPEST} deep"
    for _, one in found:
        if not (one.say or one.act):
            yield f'"{one.said}" leads to nothing: it needs something to say, or an act'
        if one.act and one.answer:
            yield f'"{one.said}" ends with an act: no further answer follows it'
        if one.reason and one.act != "decline":
            yield f'"{one.said}" has a reason, which belongs to act = "decline"'
        elif one.act == "decline" and one.reason not in reasons:
            yield f'"{one.said}" declines: its reason is one of {", ".join(sorted(reasons))}'
    levels = [[one.said for one in level] for level in (phone.answer, *(one.answer for _, one in found))]
    for level in [*levels, [one.said for one in phone.objection]]:
        said = [text.casefold() for text in level]
        for twice in sorted({text for text in said if said.count(text) > 1}):
            yield f'"{twice}" stands twice side by side'
