"""What a person reads of treatments on a screen of either face: the cards, parsed out of the HTML that was sent.

Only the cards and the forms are parsed, not whole pages: hundreds of screens are read in one test.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from html import unescape
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element

import html5lib
from werkzeug.test import TestResponse

from tests.pages import Browser, elements, text_of

_CARD = re.compile(r"<article\b[^>]*\bdata-offer=.*?</article>", re.DOTALL)
_FORM = re.compile(r"<form\b[^>]*>.*?</form>", re.DOTALL)
_ACTION = re.compile(r'\saction="([^"]*)"')
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]*)" value="([^"]*)">')
WORDS = ("headline", "acknowledgement", "body", "reason")


@dataclass(frozen=True)
class Shown:
    """One treatment as a customer reads it: its words, its terms, its date, its reference."""

    offer: str
    treatment: str
    words: tuple[tuple[str, str], ...]
    terms: tuple[tuple[str, str, str], ...]
    until: tuple[str, str]
    reference: str


class Screen:
    """A page as it came, and what stands on it."""

    def __init__(self, browser: Browser, response: TestResponse) -> None:
        self.browser = browser
        self.status = response.status_code
        self.path = response.request.path
        self.html = response.get_data(as_text=True)

    @property
    def cards(self) -> tuple[Shown, ...]:
        """The cards in the order in which they stand."""
        return cards_in(self.html)

    @property
    def text(self) -> str:
        """The page as text; good for looking up words, not for reading structure."""
        return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", self.html)))

    def send(self, action: str, **fields: str) -> Screen:
        """Sends the first form whose action ends so, with its hidden fields, as a browser without scripting does."""
        for form in _FORM.findall(self.html):
            found = _ACTION.search(form)
            where = unescape(found[1]) if found else ""
            if urlsplit(where).path.endswith(action):
                hidden = {unescape(name): unescape(value) for name, value in _HIDDEN.findall(form)}
                return _fetched(self.browser, "POST", where, {**hidden, **fields})
        raise AssertionError(f"no form to …{action} on {self.path}")


def cards_in(html: str) -> tuple[Shown, ...]:
    """The cards in the order in which they stand in the page."""
    return tuple(_shown(piece) for piece in _CARD.findall(html))


def look(browser: Browser, path: str) -> Screen:
    """The page at the path, after redirects."""
    return _fetched(browser, "GET", path, None)


def _fetched(browser: Browser, method: str, path: str, fields: dict[str, str] | None) -> Screen:
    response = browser.client.open(path, method=method, data=fields, follow_redirects=True, base_url=browser.base_url)
    return Screen(browser, response)


@lru_cache(maxsize=64)
def _shown(piece: str) -> Shown:
    card = html5lib.parseFragment(piece, namespaceHTMLElements=False)[0]
    parts = {name: [e for e in elements(card) if e.get("data-part") == name] for name in WORDS}
    assert all(len(found) <= 1 for found in parts.values()), f"a part stands twice on a card: {piece[:200]}"
    until = _only(card, "time")
    return Shown(
        offer=card.get("data-offer", ""),
        treatment=card.get("data-treatment", ""),
        words=tuple((name, text_of(found[0])) for name, found in parts.items() if found),
        terms=tuple(
            (term.get("data-term", ""), text_of(_only(term, "dt")), text_of(_only(term, "dd")))
            for term in elements(card)
            if term.get("data-term")
        ),
        until=(until.get("datetime", ""), text_of(until)),
        reference=text_of(next(e for e in elements(card) if e.get("class") == "reference")),
    )


def _only(root: Element, tag: str) -> Element:
    found = [element for element in elements(root) if element.tag == tag]
    assert len(found) == 1, f"{len(found)} elements {tag} on a card, not one"
    return found[0]
