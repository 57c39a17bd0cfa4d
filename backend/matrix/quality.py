"""How contacts are reviewed: the forms with their questions, and which contacts of a week are drawn."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, model_validator

from backend.matrix.parts import Key, Labelled, Part, Rule
from backend.rules.service import Name, lint

if TYPE_CHECKING:
    from backend.matrix.types import Pack

CONTACT_NAMES = {
    "channel": Name("text"), "direction": Name("text"), "minutes": Name("int"), "held_seconds": Name("int"), "holds": Name("int"),
    "wrap_up": Name("text"), "stage": Name("text"), "intent": Name("text"), "verified": Name("bool"), "private": Name("bool"),
    "noted": Name("bool"), "weekday": Name("int"), "hour": Name("int"),
}  # fmt: skip
"""What a rule may read of a contact: minutes that it took, seconds and times on hold, whether who called was verified and
whether the agent took notes; weekday (1 is Monday) and hour by the pack's clock."""


class ReviewQuestion(Labelled):
    """One question of a form, answered by yes or no, or that it did not apply; by `partly` too where the form allows it.

    Its `weight` is its share of the score. Where a `critical` one is answered by no, the contact fails, whatever else was good.
    """

    help: str = ""
    weight: Annotated[float, Field(gt=0, le=100, allow_inf_nan=False)] = 1
    critical: bool = False
    partly: bool = False


class ReviewForm(Labelled):
    """The questions for contacts of these channels; of all channels where none is named."""

    channels: tuple[Key, ...] = ()
    question: tuple[ReviewQuestion, ...] = Field(min_length=1, max_length=40)

    @model_validator(mode="after")
    def _each_once(self) -> ReviewForm:
        keys = [one.key for one in self.question]
        if len(set(keys)) != len(keys):
            raise ValueError(f"form {self.key} asks a question twice")
        return self


class SampleRule(Labelled):
    """Contacts that are reviewed for a reason: those for which the rule holds, at most so many a week."""

    rule: Rule
    most: int = Field(ge=1, le=200)


class Quality(Part):
    """`each`: so many contacts of every agent are drawn by lot each week; `pairs`: so many more go to two reviewers.

    `seed` makes the lot repeatable: who knows it can draw the same again. On `drawn_on` (1 is Monday) the week before is drawn by
    itself; without it, by people alone.
    """

    each: int = Field(default=0, ge=0, le=50)
    pairs: int = Field(default=0, ge=0, le=50)
    seed: str = Field(default="", max_length=60)
    drawn_on: int | None = Field(default=None, ge=1, le=7)
    form: tuple[ReviewForm, ...] = ()
    sample: tuple[SampleRule, ...] = ()

    def form_for(self, channel: str) -> ReviewForm | None:
        """The first form for a contact of this channel."""
        return next((one for one in self.form if not one.channels or channel in one.channels), None)


def quality_faults(pack: Pack) -> Iterator[tuple[str, str, int, str, str]]:
    """(file, table, nth, key, what is wrong) for channels that there are not and rules that cannot be read."""
    known = {one.key for one in pack.channels}
    for nth, form in enumerate(pack.quality.form):
        for channel in form.channels:
            if channel not in known:
                yield "quality.toml", "form", nth, form.key, f"there is no channel {channel}"
    for nth, one in enumerate(pack.quality.sample):
        for why in lint(one.rule.text, CONTACT_NAMES, "bool"):
            yield "quality.toml", "sample", nth, one.key, why
    if (pack.quality.each or pack.quality.sample) and not pack.quality.form:
        yield "quality.toml", "form", 0, "form", "contacts are drawn, but there is no form to review them by"
