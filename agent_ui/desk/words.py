"""Small words of the desk: channels, steps, what became of an offer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any

from flask import Flask

from agent_ui.desk.channel import PHONE
from agent_ui.desk.portal import drawn_here
from backend.interactions import service as interactions
from backend.interactions.types import Interaction
from backend.overview.service import GROUP_WORDS
from backend.treatments.cards import CustomerCard, WithheldLine
from backend.treatments.disclosing import Disclosure
from shared.ui.formats import as_phone, local_day_of
from shared.ui.pages import request_now

BY_CHANNEL = {
    "phone": "by phone", "portal": "on the portal", "email": "by e-mail", "sms": "by text message", "chat": "in chat",
    "branch": "in a branch",
}  # fmt: skip
ANSWERED = ("accepted", "fulfilled", "declined", "deferred", "expired", "withdrawn", "pending_approval", "undone")
TIMELINE_FILTERS = (
    ("all", "All"), ("contacts", "Contacts"), ("money", "Bills and payments"), ("offers", "Offers"), ("trouble", "Complaints and cases"),
)  # fmt: skip
KINDS: dict[str, tuple[str, ...] | None] = {
    "all": None,
    "contacts": (
        "call", "contact", "visit", "moment.set", "callback.requested", "callback.made", "callback.cancelled", "mail.sent", "mail.refused", "callback.moved", "callback.taken", "callback.not_reached", "callback.missed", "article.sent",
    ),
    "money": ("bill.issued", "credit.booked", "payment.made", "payment.failed"),
    "offers": (
        "offer.presented", "offer.accepted", "offer.declined", "offer.deferred", "offer.expired", "offer.withdrawn", "offer.fulfilled",
        "offer.undone", "offer.altered", "offer.asked", "offer.overridden", "offer.approved", "offer.refused",
    ),
    "trouble": (
        "complaint.opened", "complaint.resolved", "case.opened", "case.resolved", "case.cancelled",
        "case.answered", "case.written", "case.noted", "case.assigned", "case.changed", "case.pending", "case.snoozed", "case.woken",
        "case.reopened", "case.closed", "case.attached", "case.linked", "case.unlinked", "case.split", "case.merged", "case.unmerged",
        "appointment.planned", "appointment.kept", "appointment.cancelled", "task.promised", "task.kept", "task.reopened", "task.assigned",
    ),
}  # fmt: skip
RELATIONS = (("representative", "Representative"), ("carer", "Carer"), ("executor", "Executor"))
"""Who may act for a customer."""
STEPS = (
    "in_force",
    "eligible",
    "applicable",
    "suitable",
    "consent",
    "contact_policy",
    "budget",
    "holdout",
    "arbitration",
    "deliverable",
)
"""The decision's funnel, in its order."""
PUT_OFF = timedelta(days=7)


def by_channel(channel: str | None) -> str:
    """ "by phone", "on the portal"."""
    return BY_CHANNEL.get(channel or "", channel or "")


def by_channels(channels: Iterable[str]) -> str:
    """ "on the portal, by e-mail or in a branch"."""
    words = [by_channel(channel) for channel in channels]
    return " or ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def groupby_step(lines: Iterable[WithheldLine]) -> Iterator[tuple[str, list[WithheldLine]]]:
    """The withheld treatments under the step that removed them, in the order of the steps."""
    for _, group in groupby(sorted(lines, key=_place), key=_place):
        same = list(group)
        yield same[0].step_label, same


def _place(line: WithheldLine) -> int:
    return STEPS.index(line.step)


def to_read(card: CustomerCard, contact: Interaction | None) -> list[Disclosure]:
    """What must be read out before this is accepted, in the channel of the contact; on the phone where there is none."""
    return [one for one in card.disclosures if one.here(contact.channel if contact else PHONE)]


def later(card: CustomerCard) -> date:
    """The day that Not now proposes: in a week, or the card's last day when that comes first."""
    return min(local_day_of(request_now()) + PUT_OFF, card.valid_until)


def elapsed(since: datetime) -> str:
    """ "just now", "4 min", "2 h 5 min": how long since, as of this page."""
    minutes = seconds_since(since) // 60
    if minutes < 1:
        return "under 1 min"
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest} min" if hours else f"{minutes} min"


def seconds_since(since: datetime) -> int:
    """Whole seconds, never below zero: where two clocks differ a little, time does not run backwards."""
    return max(0, int((request_now() - since).total_seconds()))


def caller_number(number: str) -> str:
    """A telephone number in groups; words where the telephone hid it."""
    return as_phone(number) if any(character.isdigit() for character in number) else "Hidden number"


def names(people: Iterable[str]) -> str:
    """ "Ana, Bo and Cy"."""
    some = [name or "A colleague" for name in people]
    return " and ".join([", ".join(some[:-1]), some[-1]]) if len(some) > 1 else "".join(some)


def seen(value: Any) -> str:
    """A value as a rule saw it: yes or no, a figure without needless places, a word."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,.10g}" if isinstance(value, (int, float)) else str(value) or "none"


def install(app: Flask) -> None:
    """Teaches the desk's templates these words."""
    filters: dict[str, Any] = {
        "by_channel": by_channel, "channels": by_channels, "groupby_step": groupby_step,
        "elapsed": elapsed, "seen": seen, "seconds_since": seconds_since, "caller_number": caller_number, "hang_up": interactions.cause_text, "names": names,
    }  # fmt: skip
    app.jinja_env.filters.update(filters)
    app.jinja_env.globals.update(
        ANSWERED=ANSWERED,
        later=later,
        to_read=to_read,
        portal_drawn=drawn_here,
        relations=RELATIONS,
        group_words=GROUP_WORDS,
        timeline_filters=TIMELINE_FILTERS,
    )
