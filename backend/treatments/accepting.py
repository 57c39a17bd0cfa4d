"""What comes with an acceptance: what must be told before it, and what is chosen with it; both are asked for at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session

from backend.treatments import choosing
from backend.treatments.choosing import Choice
from backend.treatments.disclosing import Ticks, needed_of, told_of
from backend.treatments.inputs import Inputs
from shared.kernel.actors import Actor
from shared.kernel.errors import Invalid
from shared.kernel.languages import noted

MISSING = noted("Something is needed before they can accept.")


@dataclass(frozen=True, slots=True)
class Agreed:
    """What was read out, and what was chosen; what is `wrong` with it is raised only when it comes to the acceptance."""

    disclosed: list[dict[str, Any]] | None
    choice: Choice
    wrong: Mapping[str, str]
    text: str

    def kept(self, session: Session, inputs: Inputs, now: datetime) -> dict[str, Any]:
        """What the offer's row says of it, the chosen time taken. Raises Invalid."""
        if self.wrong:
            raise Invalid(self.text, dict(self.wrong))
        return {"disclosed": self.disclosed, "chosen": choosing.take(session, self.choice, inputs, now)}


def agree(
    session: Session, row: Any, inputs: Inputs, channel: str, actor: Actor, now: datetime, ticks: Ticks | None,
    given: Mapping[str, str] | None,
) -> Agreed:  # fmt: skip
    """What was told and chosen, as far as it was. Raises Invalid for what nobody asked.

    `given` None: the customer was not asked yet. Staff ask first, whatever may be left empty.
    """
    asked = choosing.asked_of(session, row, inputs, now)
    choice = choosing.chosen_of(asked, row, inputs, given or {})
    wrong, text, disclosed = dict(choice.wrong or {}), "", None
    if given is None and actor.kind == "staff":
        wrong = {one.field: "" for one in asked} | wrong
    if wrong:
        text = (next(iter(wrong.values())) if len(wrong) == 1 else "") or MISSING
    try:
        disclosed = told_of(needed_of(row, inputs), channel, ticks, actor, now)
    except Invalid as refused:
        text = MISSING if wrong else str(refused)
        wrong |= refused.errors
    return Agreed(disclosed, choice, wrong, text)
