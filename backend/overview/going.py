"""From what goes on to the lines of the wall, and what is wrong about each in words. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from backend.cases import service as cases
from backend.interactions.service import Call, Going, Usual, Usuals, Visit
from backend.matrix.service import Pack
from backend.overview.lines import GOOD, POOR
from backend.profiles.service import Brief, score
from shared.kernel import clock, ids

A_LONG_CALL = timedelta(minutes=15)
"""Where nobody can say yet how long such contacts usually take."""
A_SHORT_CALL = timedelta(minutes=3)
"""What is shorter is not long, however short others were."""
A_LONG_RING = timedelta(seconds=30)
A_LONG_HOLD = timedelta(minutes=2)
A_LONG_WRAP_UP = timedelta(minutes=5)
STUCK = timedelta(minutes=3)
"""Who stays on one page for so long does not get on, or is reading: somebody may want to look."""
BACK_AGAIN = 3
"""Who comes back to the same page so often in one visit does not find what they look for."""
NOBODY_ANSWERS, ON_HOLD, LONG, WRAPPING, POORLY, NOT_ON, AGAIN = (
    "nobody answers", "on hold for long", "longer than usual", "wraps up for long", "poor experience so far",
    "does not get on", "back to this page again",
)  # fmt: skip
LONGER = f"longer than {int(A_LONG_CALL.total_seconds() // 60)} minutes"
"""Where nobody can say what is usual."""
_WEIGHTS = {LONGER: 3, NOBODY_ANSWERS: 8, ON_HOLD: 6, POORLY: 4, LONG: 3, NOT_ON: 2, AGAIN: 2, WRAPPING: 1}


@dataclass(frozen=True, slots=True)
class WallLine:
    """One interaction that goes on now. `troubles` say in words why it needs a look; none when it does not.

    `since` is when it came to the state that it is in, `began` when it began. `experience` is the customer's running score,
    0 to 100, None where nothing that they remember is known; `tone` whether it is good, warn or bad.
    """

    customer_id: UUID | None
    interaction_id: UUID | None
    """None while nobody has answered."""
    name: str
    number: str
    channel: str
    state: str
    stage: str
    intent: str
    why: str
    since: datetime
    began: datetime
    staff_id: UUID | None
    staff: str
    troubles: tuple[str, ...] = ()
    experience: float | None = None
    tone: str = ""
    usual: Usual | None = None
    queue: str = ""
    call_id: UUID | None = None
    """The call, while nobody has answered it."""
    only_for: str = ""
    """The teams for whom a call waits that nobody else may be offered, in words."""
    is_private: bool = False
    recommended: str = ""
    restricted: str = ""
    """The group of customers that only some teams may open."""
    answered: str = ""

    @property
    def trouble(self) -> str:
        return ", ".join(self.troubles)

    @property
    def first_name(self) -> str:
        return self.name.split(" ", 1)[0]

    @property
    def urgency(self) -> tuple[int, bool, datetime, str]:
        """By this they are sorted: who needs help first, then who waits, then who is at it longest; the same way at each look."""
        trouble = -sum(_WEIGHTS.get(one, 1) for one in self.troubles)
        return trouble, self.state != "ringing", self.since, f"{self.interaction_id} {self.number} {self.name}"


@dataclass(frozen=True, slots=True)
class Watched:
    """All that lines are drawn from: who they are, what is usual, and the pack in force."""

    briefs: Mapping[UUID, Brief]
    usuals: Usuals
    pack: Pack
    now: datetime


def ringing(call: Call, seen: Watched) -> WallLine | None:
    """A call that nobody has answered, or of nobody known. None for the call of somebody who was erased."""
    late = call.state == "ringing" and seen.now - call.rang_at > A_LONG_RING
    troubles = (NOBODY_ANSWERS,) if late else ()
    who = _who(call.customer_id, seen) if call.customer_id else {"name": ""}
    if who is None:
        return None
    more = _felt(call.customer_id, seen, troubles) if call.customer_id else {"troubles": troubles}
    return WallLine(
        customer_id=call.customer_id, interaction_id=None, number="" if call.customer_id else call.number, channel="phone",
        state=call.state, since=call.rang_at, began=call.rang_at, staff_id=call.staff_id, staff=call.staff, queue=call.queue,
        call_id=call.call_id, only_for=_only_for(call, seen), **({"stage": "", "intent": "", "why": ""} | who | more),
    )  # fmt: skip


def _only_for(call: Call, seen: Watched) -> str:
    """The teams that may open whose call it is, while it rings at no desk."""
    brief = seen.briefs.get(call.customer_id) if call.customer_id and call.staff_id is None else None
    if brief is None or not brief.restricted or not call.offers:
        return ""
    return ", ".join(label for _, label in cases.looked_after_by(seen.pack, brief.restricted))


def contact(one: Going, held_at: datetime | None, queue: str, seen: Watched) -> WallLine | None:
    """A contact at some desk. None where its customer was erased."""
    who = _who(one.customer_id, seen)
    if who is None:
        return None
    usual = seen.usuals.get((one.channel, who["intent"])) or seen.usuals.get((one.channel, None))
    troubles: tuple[str, ...] = ()
    if held_at is not None and seen.now - held_at > A_LONG_HOLD:
        troubles += (ON_HOLD,)
    if one.ended_at is None and seen.now - one.started_at > _too_long(usual):
        troubles += (LONG if usual is not None else LONGER,)
    if one.ended_at is not None and seen.now - one.ended_at > A_LONG_WRAP_UP:
        troubles += (WRAPPING,)
    state = "wrapping up" if one.ended_at is not None else "on hold" if held_at is not None else "talking"
    return WallLine(
        customer_id=one.customer_id, interaction_id=one.interaction_id, number="", channel=one.channel, state=state,
        since=one.ended_at or held_at or one.started_at, began=one.started_at, staff_id=one.staff_id, staff=one.staff,
        usual=usual, queue=queue, is_private=one.is_private, **who, **_felt(one.customer_id, seen, troubles),
    )  # fmt: skip


def visit(one: Visit, seen: Watched) -> WallLine | None:
    """A customer alone at the portal. None where they were erased."""
    who = _who(one.customer_id, seen)
    if who is None:
        return None
    troubles: tuple[str, ...] = ()
    if one.page and seen.now - one.page_since > STUCK:
        troubles += (NOT_ON,)
    elif one.page and sum(title == one.page for title, _ in one.steps or ()) >= BACK_AGAIN:
        troubles += (AGAIN,)
    usual = seen.usuals.get(("portal", who["intent"])) or seen.usuals.get(("portal", None))
    return WallLine(
        customer_id=one.customer_id, interaction_id=one.interaction_id, number="", channel="portal",
        state=f"on “{one.page}”" if one.page else "visiting", since=one.page_since, began=ids.made_at(one.interaction_id),
        staff_id=None, staff="", usual=usual, **who, **_felt(one.customer_id, seen, troubles),
    )  # fmt: skip


def _too_long(usual: Usual | None) -> timedelta:
    return A_LONG_CALL if usual is None else max(A_SHORT_CALL, usual.long)


def _who(customer_id: UUID, seen: Watched) -> dict[str, Any] | None:
    """Name and moment; None for who is no longer there."""
    brief = seen.briefs.get(customer_id)
    if brief is None:
        return None
    moment = brief.moment if brief.moment is not None and brief.moment.live(seen.now) else None
    if moment is None:
        return {"name": brief.name, "stage": "", "intent": "", "why": "", "restricted": brief.restricted}
    why = seen.pack.intent_label(moment.intent) or seen.pack.label_of(seen.pack.stages, moment.stage)
    return {
        "name": brief.name, "stage": moment.stage, "intent": moment.intent or "", "why": why, "restricted": brief.restricted,
    }  # fmt: skip


def _felt(customer_id: UUID, seen: Watched, troubles: Sequence[str]) -> dict[str, Any]:
    """The score of their experience, and what it adds to what is wrong."""
    brief = seen.briefs[customer_id]
    if not brief.truths:
        return {"experience": None, "tone": "", "troubles": tuple(troubles)}
    now = score(brief.truths, seen.pack.experience, clock.local_day(seen.now, brief.timezone))
    tone = "good" if now >= GOOD else "warn" if now >= POOR else "bad"
    return {"experience": now, "tone": tone, "troubles": (*troubles, *((POORLY,) if tone == "bad" else ()))}
