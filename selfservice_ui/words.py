"""Small words of the portal: channels, what became of an offer, when to show it again."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from babel.dates import format_date
from flask import Flask

from backend.knowledge import service as knowledge
from backend.treatments.cards import CustomerCard
from backend.treatments.disclosing import Disclosure
from shared.kernel import languages
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
_ARTICLE = re.compile(r"(?:https?://[^\s/]+)?(/help/[a-z0-9]+(?:-[a-z0-9]+)*)")
PUT_OFF = ((7, "In a week"), (14, "In two weeks"), (28, "In four weeks"))


def by_channels(channels: Iterable[str]) -> str:
    """ "by phone, by e-mail or in a branch"."""
    words = [BY_CHANNEL.get(channel, channel) for channel in channels]
    return " or ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def put_off(card: CustomerCard) -> list[tuple[date, str]]:
    """The days that Maybe later proposes: those on which the offer is still good."""
    today = local_day_of(request_now())
    return [(day, label) for days, label in PUT_OFF if (day := today + timedelta(days=days)) <= card.valid_until]


def leading(text: str) -> list[tuple[str, str]]:
    """The text in pieces: words, and what of it leads to an article of ours (its path beside it, else empty). Nothing else is a link."""
    pieces, reached = [], 0
    for found in _ARTICLE.finditer(text):
        pieces += [(text[reached : found.start()], ""), (found.group(), found.group(1))]
        reached = found.end()
    return [*pieces, (text[reached:], "")]


def month(day: date) -> str:
    """ "Nov 2026", in the language that is spoken."""
    return str(format_date(day, "LLL y", locale=languages.locale_of(languages.spoken())))


def to_know(card: CustomerCard) -> list[Disclosure]:
    """What the customer is told before they accept here."""
    return [one for one in card.disclosures if one.here(CHANNEL)]


def install(app: Flask) -> None:
    """Teaches the portal's templates these words."""
    filters: dict[str, Any] = {
        "month": month,
        "channels": by_channels,
        "markdown": knowledge.html_of,
        "leading": leading,
    }
    app.jinja_env.filters.update(filters)
    app.jinja_env.globals.update(put_off=put_off, to_know=to_know, need_icons=NEED_ICONS, need_pages=NEED_PAGES)
