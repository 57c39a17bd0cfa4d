"""Small words of the portal: channels, what became of an offer, when to show it again."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from babel.dates import format_date
from flask import Flask, url_for
from markupsafe import Markup

from backend.knowledge import service as knowledge
from backend.overview.types import ConsentWay, Need
from backend.treatments.cards import CustomerCard
from backend.treatments.disclosing import Disclosure
from shared.kernel import languages
from shared.kernel.languages import gettext, noted
from shared.ui.formats import local_day_of
from shared.ui.pages import request_now

CHANNEL = "portal"
BY_CHANNEL = {
    "phone": noted("by phone"),
    "portal": noted("here"),
    "email": noted("by e-mail"),
    "sms": noted("by text message"),
    "chat": noted("in chat"),
    "branch": noted("in a branch"),
}
NEED_ICONS = {
    "bill": "receipt",
    "payment": "credit-card",
    "complaint": "alert-triangle",
    "case": "folder",
    "offer": "tag",
    "answer": "message-circle",
    "appointment": "calendar",
    "closing": "alert-triangle",
}
NEED_PAGES = {
    "bills": ("account.bills", ""), "offers": ("offers.index", ""), "activity": ("account.activity", ""), "cases": ("raising.index", ""),
    "closing": ("me.closing", ""), "case": ("cases.show", "case_id"), "offer": ("offers.show", "offer_id"),
}  # fmt: skip
"""The page of a need's one act, and under which name it takes whose it is."""
_ARTICLE = re.compile(r"(?:https?://[^\s/]+)?(/help/[a-z0-9]+(?:-[a-z0-9]+)*)")
PUT_OFF = ((7, noted("In a week")), (14, noted("In two weeks")), (28, noted("In four weeks")))


def by_channels(channels: Iterable[str]) -> str:
    """ "by phone, by e-mail or in a branch"."""
    words = [gettext(BY_CHANNEL.get(channel, channel)) for channel in channels]
    if len(words) < 2:
        return "".join(words)
    return gettext("%(others)s or %(last)s", others=", ".join(words[:-1]), last=words[-1])


def put_off(card: CustomerCard) -> list[tuple[date, str]]:
    """The days that Maybe later proposes: those on which the offer is still good."""
    today = local_day_of(request_now())
    return [
        (day, gettext(label)) for days, label in PUT_OFF if (day := today + timedelta(days=days)) <= card.valid_until
    ]


def leading(text: str) -> list[tuple[str, str]]:
    """The text in pieces: words, and what of it leads to an article of ours (its path beside it, else empty). Nothing else is a link."""
    pieces, reached = [], 0
    for found in _ARTICLE.finditer(text):
        pieces += [(text[reached : found.start()], ""), (found.group(), found.group(1))]
        reached = found.end()
    return [*pieces, (text[reached:], "")]


def need_page(need: Need) -> str:
    """The address at which the need's one act is done."""
    endpoint, name = NEED_PAGES[need.act_endpoint]
    values: dict[str, Any] = {name: need.thing_id} if name else {}
    return url_for(endpoint, **values)


def way_words(way: ConsentWay) -> str:
    """In which way we may be in touch, as whoever is on these pages calls it: nobody calls them a portal."""
    return gettext("Online") if way.key == CHANNEL else way.label


def address_words(address: str) -> Markup:
    """An e-mail address that breaks where people break it, on a narrow screen: before the at sign."""
    name, at, house = address.rpartition("@")
    return Markup("{}<wbr>{}").format(name, at + house)


def device_words(words: str) -> str:
    """ "Chrome on Windows", as it was noted in English, in the language of the page."""
    browser, on, system = words.partition(" on ")
    return gettext("%(browser)s on %(system)s", browser=browser, system=system) if on else gettext(words)


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
        "device": device_words,
        "way": way_words,
        "address": address_words,
    }
    app.jinja_env.filters.update(filters)
    app.jinja_env.globals.update(put_off=put_off, to_know=to_know, need_icons=NEED_ICONS, need_page=need_page)
