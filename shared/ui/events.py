"""How the timeline draws its events: an icon, and a tone for the few that were good or bad news."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from itertools import groupby
from typing import Any, Protocol

from shared.ui.formats import local_day_of

_ICONS = {
    "call": "phone", "call.missed": "phone", "call.transferred": "phone-call", "contact.handed": "user", "contact.ended": "x", "visit": "device-desktop", "bill.issued": "receipt", "payment.made": "cash", "credit.booked": "gift", "payment.failed": "credit-card", "payment.returned": "credit-card",
    "complaint.opened": "alert-triangle", "complaint.resolved": "circle-check", "case.opened": "folder", "case.resolved": "folder",
    "mail.sent": "mail", "mail.refused": "alert-triangle",
    "case.answered": "message-circle", "case.written": "message-circle", "case.noted": "pencil", "case.assigned": "user", "case.changed": "edit",
    "case.pending": "clock", "case.snoozed": "clock", "case.woken": "folder", "case.reopened": "folder", "case.closed": "folder",
    "moment.set": "message-circle", "offer.presented": "speakerphone", "offer.accepted": "check", "offer.declined": "x",
    "offer.deferred": "clock", "offer.expired": "clock", "offer.fulfilled": "circle-check", "callback.requested": "phone-call",
    "offer.altered": "edit", "offer.asked": "clock", "offer.overridden": "speakerphone", "offer.approved": "circle-check", "offer.refused": "x",
    "offer.undone": "arrow-back-up", "callback.made": "phone", "callback.cancelled": "x", "callback.moved": "clock", "callback.taken": "phone-call", "callback.not_reached": "phone", "callback.missed": "alert-triangle", "case.cancelled": "folder",
    "appointment.planned": "clock", "appointment.moved": "clock", "appointment.kept": "circle-check", "appointment.cancelled": "x",
    "profile.changed": "edit", "representative.recorded": "user", "representative.ended": "user",
    "article.sent": "file-text",
    "task.promised": "clock", "task.kept": "check", "task.reopened": "clock", "task.assigned": "user",
    "rating.given": "message-circle", "rating.low": "alert-triangle", "contact.changed": "edit", "closing.asked": "alert-triangle",
    "closing.taken_back": "arrow-back-up", "by_phone.asked": "phone-call",
    "group.joined": "home", "group.left": "home",
    "cancellation.asked": "alert-triangle", "cancellation.undone": "arrow-back-up", "cancellation.done": "x",
}  # fmt: skip
_GOOD = {"offer.accepted", "offer.fulfilled", "complaint.resolved"}
_POOR = {"payment.failed", "complaint.opened", "rating.low", "cancellation.asked"}


class Dated(Protocol):
    """Something that happened at an instant."""

    @property
    def at(self) -> datetime: ...


def event_icon(kind: str) -> str:
    return _ICONS.get(kind, "list")


def event_tone(kind: str) -> str:
    return "good" if kind in _GOOD else "warn" if kind in _POOR else ""


def groupby_day(lines: Iterable[Dated]) -> Iterator[tuple[date, list[Any]]]:
    """The lines in their order, gathered under the days on which they happened where the customer lives."""
    for day, group in groupby(lines, key=lambda line: local_day_of(line.at)):
        yield day, list(group)


FILTERS = {"event_icon": event_icon, "event_tone": event_tone, "groupby_day": groupby_day}
