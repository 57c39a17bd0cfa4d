"""Which contacts of a week are reviewed: the same number of every agent's by a lot that can be drawn again, and those of a rule. Pure."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from backend.interactions.types import Interaction
from backend.matrix.service import Pack, ReviewForm
from backend.rules.service import Context, RuleFailed

PAIR = "2"
"""The reason of a contact that goes to two reviewers; no rule can be called so."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A contact that is to be reviewed, by which form and why; `reason` is empty for by lot. `paired`: by two reviewers."""

    contact: Interaction
    form: ReviewForm
    reason: str
    why: str
    paired: bool


@dataclass(frozen=True, slots=True)
class Already:
    """What was drawn of the week before: the contacts with their reasons and their agents."""

    reasons: Mapping[UUID, str]
    agents: Mapping[UUID, UUID]


def draw(contacts: Iterable[Interaction], pack: Pack, week: date, already: Already) -> list[Drawn]:
    """What is to be drawn beside what was drawn already. The order in which the contacts are given changes nothing.

    The week's lot is the order of SHA-256 over seed, week and contact: nobody can choose it, anybody can check it. A contact is
    drawn once; what a rule has drawn is left out of the lot, so that the lot stays fair among the rest. What goes to two
    reviewers comes after both, since it tells of the reviewers and counts for no agent.
    """
    quality, found = pack.quality, list[tuple[Interaction, ReviewForm, str, str]]()
    open_ = sorted(
        ((one, form) for one in contacts if (form := quality.form_for(one.channel)) is not None
         and one.interaction_id not in already.reasons),
        key=lambda pair: lot(quality.seed, week, pair[0].interaction_id),
    )  # fmt: skip
    taken: set[UUID] = set()
    for rule in quality.sample:
        room = rule.most - sum(reason == rule.key for reason in already.reasons.values())
        for contact, form in open_:
            if room <= 0:
                break
            if contact.interaction_id not in taken and _holds(rule.rule, contact, pack):
                taken.add(contact.interaction_id)
                found.append((contact, form, rule.key, rule.label))
                room -= 1
    had = Counter(
        already.agents[key] for key, reason in already.reasons.items() if not reason and key in already.agents
    )
    each: dict[UUID, int] = defaultdict(int, had)
    for contact, form in open_:
        agent = contact.staff_id
        if agent is not None and contact.interaction_id not in taken and each[agent] < quality.each:
            each[agent] += 1
            found.append((contact, form, "", "By lot"))
    had_already = {one[0].interaction_id for one in found}
    rest = [pair for pair in open_ if pair[0].interaction_id not in had_already]
    pairs = rest[: max(0, quality.pairs - sum(reason == PAIR for reason in already.reasons.values()))]
    return [
        *(Drawn(*one, False) for one in found),
        *(Drawn(contact, form, PAIR, "To compare reviewers", True) for contact, form in pairs),
    ]


def lot(seed: str, week: date, contact_id: UUID) -> bytes:
    """The place of a contact in the week's lot."""
    return hashlib.sha256(f"{seed}/{week.isoformat()}/{contact_id}".encode()).digest()


def facts(contact: Interaction, zone: str) -> dict[str, Any]:
    """What a rule reads of the contact."""
    begun = contact.started_at.astimezone(ZoneInfo(zone))
    lasted = (contact.ended_at or contact.wrapped_at or contact.started_at) - contact.started_at
    return {
        "channel": contact.channel, "direction": contact.direction, "minutes": round(lasted.total_seconds() / 60),
        "held_seconds": contact.held_seconds, "holds": contact.holds, "wrap_up": contact.wrap_up_code or "",
        "stage": contact.stage or "", "intent": contact.intent or "", "verified": contact.verified_at is not None,
        "private": contact.is_private, "noted": bool(contact.notes.strip()), "weekday": begun.isoweekday(), "hour": begun.hour,
    }  # fmt: skip


def _holds(rule: Any, contact: Interaction, pack: Pack) -> bool:
    """Whether the rule holds; one that cannot say so does not."""
    try:
        return bool(rule.test(Context(facts(contact, pack.timezone))))
    except RuleFailed:
        return False
