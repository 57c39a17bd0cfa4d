"""Small words of the portal: channels, what became of an offer, when to show it again."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from flask import Flask

from backend.treatments.cards import CustomerCard
from shared.ui.formats import local_day_of
from shared.ui.pages import request_now

CHANNEL = "portal"
BY_CHANNEL = {
    "phone": "by phone", "portal": "here", "email": "by e-mail", "sms": "by text message", "chat": "in chat",
    "branch": "in a branch",
}  # fmt: skip
NEED_ICONS = {
    "bill": "receipt",
    "payment": "credit-card",
    "complaint": "alert-triangle",
    "case": "folder",
    "offer": "tag",
}
NEED_PAGES = {"bills": "account.bills", "offers": "offers.index", "activity": "account.activity"}
CALLBACK_TIMES = (
    ("soon", "As soon as you can"), ("morning", "In the morning"), ("afternoon", "In the afternoon"), ("evening", "In the evening"),
)  # fmt: skip
PUT_OFF = ((7, "In a week"), (14, "In two weeks"), (28, "In four weeks"))


def by_channels(channels: Iterable[str]) -> str:
    """ "by phone, by e-mail or in a branch"."""
    words = [BY_CHANNEL.get(channel, channel) for channel in channels]
    return " or ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def put_off(card: CustomerCard) -> list[tuple[date, str]]:
    """The days that Maybe later proposes: those on which the offer is still good."""
    today = local_day_of(request_now())
    return [(day, label) for days, label in PUT_OFF if (day := today + timedelta(days=days)) <= card.valid_until]


def install(app: Flask) -> None:
    """Teaches the portal's templates these words."""
    filters: dict[str, Any] = {"channels": by_channels}
    app.jinja_env.filters.update(filters)
    app.jinja_env.globals.update(
        put_off=put_off, need_icons=NEED_ICONS, need_pages=NEED_PAGES, callback_times=CALLBACK_TIMES
    )
