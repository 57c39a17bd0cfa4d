"""Words of cases: when something is due, as people say it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask import Flask

from backend.cases.service import Due
from backend.cases.types import STATUS_LABELS, WAITS_FOR, Work
from backend.knowledge import service as knowledge
from backend.profiles.masking import email_text
from shared.kernel import clock
from shared.ui.pages import request_now

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def span(length: timedelta) -> str:
    """ "12 min", "2 h", "2 h 10 min", "3 days"."""
    minutes = max(1, int(length.total_seconds()) // 60)
    if length >= 2 * DAY:
        return f"{length // DAY} days"
    if minutes < 60:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest} min" if rest and hours < 6 else f"{hours} h"


def due_words(due: Due, work: Work, zone: str, now: datetime | None = None) -> str:
    """ "answer due in 2 h", "resolution overdue by 3 days", "waits for the customer"; a status where nothing is due."""
    now = now or request_now()
    if due.what == "paused":
        on = WAITS_FOR.get(work.waits_for, "somebody")
        return f"waits for {on}" + (f" until {_day(work.wake_at, zone, now)}" if work.wake_at else "")
    if work.status == "snoozed" and work.wake_at:
        return f"sleeps until {_day(work.wake_at, zone, now)}"
    if due.at is None:
        return "nothing due" if work.is_active else work.status_label.lower()
    if due.late:
        return f"{due.what} overdue by {span(now - due.at)}"
    if due.at - now < 8 * HOUR:
        return f"{due.what} due in {span(due.at - now)}"
    return f"{due.what} due {_day(due.at, zone, now)}, {due.at.astimezone(clock.zone_named(zone)):%H:%M}"


def due_tone(due: Due, now: datetime | None = None) -> str:
    """bad for what is late, warn for what is due within two hours."""
    if due.late:
        return "bad"
    soon = due.at is not None and due.at - (now or request_now()) < 2 * HOUR
    return "warn" if soon else ""


def _day(at: datetime, zone: str, now: datetime) -> str:
    day, today = clock.local_day(at, zone), clock.local_day(now, zone)
    if (day - today).days in (0, 1):
        return "today" if day == today else "tomorrow"
    if 1 < (day - today).days < 7:
        return f"{day:%A}"
    return f"{day.day} {day:%b}" if day.year == today.year else f"{day.day} {day:%b} {day.year}"


def size_words(count: int) -> str:
    """ "640 B", "12 KB", "3.4 MB"."""
    if count < 1024:
        return f"{count} B"
    return f"{count // 1024} KB" if count < 1024 * 1024 else f"{count / 1024 / 1024:.1f} MB"


def install(app: Flask) -> None:
    """Teaches the desk's templates these words."""
    filters: dict[str, Any] = {
        "markdown": knowledge.html_of,
        "due_words": due_words,
        "due_tone": due_tone,
        "bytes": size_words,
        "dotted_address": email_text,
        "label_pair": lambda one: (one.key, one.label),
        "state_pair": lambda key: (key, STATUS_LABELS[key]),
    }
    app.jinja_env.filters.update(filters)
    app.jinja_env.globals.update(CASE_STATES=STATUS_LABELS, WAITS_FOR=WAITS_FOR)
