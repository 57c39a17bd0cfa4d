"""A client that behaves as a browser does, and lints each page that it fetches.

A page that is badly nested, has two elements of one id, a control without a label, a form without its token, or markup
that the content security policy would refuse, fails the test that fetched it. Forms are sent as drawn: with the hidden
fields that the page put there.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import urljoin, urlsplit
from xml.etree.ElementTree import Element

import html5lib
from flask import Flask
from werkzeug.test import TestResponse

from tests import plain_html

UNLABELLED_TYPES = {"hidden", "submit", "button", "reset", "image"}
# Said by HTML's parser of fragments and of correct HTML5 alike; no fault of a page.
HARMLESS = {"expected-doctype-but-got-start-tag", "expected-doctype-but-got-chars", "expected-doctype-but-got-eof"}


@dataclass(frozen=True)
class Form:
    """A form as drawn: where it goes, and what it would send untouched."""

    action: str
    method: str
    fields: Mapping[str, str]
    buttons: tuple[str, ...]
    element: Element


class Page:
    """An answer, parsed: its text, its forms, its links."""

    def __init__(self, browser: Browser, response: TestResponse) -> None:
        self.browser = browser
        self.response = response
        self.status = response.status_code
        self.path = response.request.path
        self.html = response.get_data(as_text=True)
        self.is_html = response.mimetype == "text/html"
        self.is_whole = "<html" in self.html[:500].lower()
        self.faults: list[str] = []
        self.root = self._parse() if self.is_html else Element("none")
        self.elements = list(elements(self.root))

    def _parse(self) -> Element:
        plain = plain_html.parse(self.html, self.is_whole)
        if plain is not None:
            return plain
        parser = html5lib.HTMLParser(namespaceHTMLElements=False)
        root = parser.parse(self.html) if self.is_whole else parser.parseFragment(self.html)
        for (line, _column), code, details in parser.errors:
            if code not in HARMLESS:
                self.faults.append(f"line {line}: {code} {details or ''}".strip())
        return root

    @property
    def text(self) -> str:
        """What a person reads: the text without markup, white space folded."""
        return text_of(self.root)

    @property
    def title(self) -> str:
        found = self.root.find(".//title")
        return text_of(found) if found is not None else ""

    def all(self, tag: str = "*", **attributes: str) -> list[Element]:
        """The elements of a tag whose attributes have these values (`class_` holds the class; `data_x` is data-x)."""
        wanted = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()}

        def fits(element: Element) -> bool:
            for name, value in wanted.items():
                have = element.get(name)
                if have is None or (value not in have.split() if name == "class" else value != have):
                    return False
            return True

        return [element for element in self.elements if (tag in ("*", element.tag)) and fits(element)]

    def one(self, tag: str = "*", **attributes: str) -> Element:
        """The only such element."""
        found = self.all(tag, **attributes)
        assert len(found) == 1, f"{len(found)} elements {tag} {attributes} on {self.path}, not one"
        return found[0]

    @cached_property
    def forms(self) -> list[Form]:
        # Controls that stand elsewhere on the page than within the form that they name.
        named = [element for element in self.elements if element.get("form")]
        return [_form(element, named) for element in self.elements if element.tag == "form"]

    def form(self, action: str) -> Form:
        """The form whose action ends so."""
        found = [form for form in self.forms if urlsplit(form.action).path.endswith(action)]
        assert found, f"no form to …{action} on {self.path}; there are {[form.action for form in self.forms]}"
        return found[0]

    def submit(self, action: str, *, htmx: bool = False, follow: bool = True, **fields: str) -> Page:
        """Sends the form whose action ends so, as drawn, with these fields filled in."""
        form = self.form(action)
        names = {*form.fields, *(element.get("name") for element in elements(form.element))}
        unknown = set(fields) - names
        assert not unknown, f"the form to {form.action} has no fields {sorted(unknown)}"
        where = urljoin(self.response.request.url, form.action)
        return self.browser.send(form.method, where, {**form.fields, **fields}, htmx=htmx, follow=follow)

    def lint(self) -> list[str]:
        """What is wrong with the page, in words; nothing when all is well."""
        return [*self.faults, *_ids(self), *_structure(self), *_labels(self), *_policy(self), *_tokens(self)]


class Browser:
    """One person's browser on one app: keeps cookies, follows redirects, lints all that it is shown."""

    def __init__(self, app: Flask, base_url: str = "http://localhost") -> None:
        self.app = app
        self.client = app.test_client()
        self.base_url = base_url

    def get(
        self, path: str, *, htmx: bool = False, follow: bool = True, headers: Mapping[str, str] | None = None
    ) -> Page:
        return self.send("get", path, None, htmx=htmx, follow=follow, headers=headers)

    def post(
        self, path: str, fields: Mapping[str, str] | None = None, *, htmx: bool = False, follow: bool = True
    ) -> Page:
        """Posts without a form: what a forged request would do. `Page.submit` sends what the page drew."""
        return self.send("post", path, fields or {}, htmx=htmx, follow=follow)

    def send(
        self,
        method: str,
        path: str,
        fields: Mapping[str, str] | None,
        *,
        htmx: bool = False,
        follow: bool = True,
        headers: Mapping[str, str] | None = None,
    ) -> Page:
        sent = {"HX-Request": "true"} if htmx else {}
        sent.update(headers or {})
        response = self.client.open(
            path, method=method.upper(), data=fields, headers=sent, follow_redirects=follow, base_url=self.base_url
        )
        page = Page(self, response)
        # A redirect's own words are shown to nobody.
        if page.is_html and not 300 <= page.status < 400:
            faults = page.lint()
            assert not faults, f"{method.upper()} {page.path} ({page.status}):\n  " + "\n  ".join(faults)
        return page


def elements(root: Element) -> Iterator[Element]:
    """All elements below the root, comments left out."""
    return (element for element in root.iter() if isinstance(element.tag, str))


def text_of(element: Element) -> str:
    """The text that the element shows, white space folded."""
    parts: list[str] = []

    def walk(node: Element) -> None:
        shown = isinstance(node.tag, str) and node.tag not in ("script", "style", "template")
        if shown and node.text:
            parts.append(node.text)
        for child in node:
            walk(child)
            if child.tail and shown:
                parts.append(child.tail)

    walk(element)
    return re.sub(r"\s+", " ", " ".join(parts)).strip()


def _form(element: Element, named: Sequence[Element]) -> Form:
    """The form with its controls: those inside it, and those that say elsewhere on the page that they are its own."""
    fields: dict[str, str] = {}
    buttons: list[str] = []
    own = element.get("id")
    elsewhere = [one for one in named if own and one.get("form") == own]
    for control in (*(one for one in elements(element) if one.get("form") in (None, own)), *elsewhere):
        name, kind = control.get("name"), control.get("type", "text")
        if control.tag == "button":
            buttons.append(text_of(control))
        if not name or control.get("disabled") is not None:
            continue
        if control.tag == "textarea":
            fields[name] = control.text or ""
        elif control.tag == "select":
            options = [option for option in elements(control) if option.tag == "option"]
            chosen = [option for option in options if option.get("selected") is not None] or options[:1]
            if chosen:
                fields[name] = chosen[-1].get("value", text_of(chosen[-1]))
        elif control.tag == "input" and kind in ("checkbox", "radio"):
            if control.get("checked") is not None:
                fields[name] = control.get("value", "on")
        elif control.tag == "input" and kind not in ("submit", "button", "reset", "image"):
            fields[name] = control.get("value", "")
    return Form(element.get("action", ""), element.get("method", "get").lower(), fields, tuple(buttons), element)


def _ids(page: Page) -> Iterator[str]:
    counts = Counter(element.get("id") for element in page.elements if element.get("id") is not None)
    for name, count in counts.items():
        if count > 1:
            yield f"the id {name!r} is there {count} times"
        if not name:
            yield "an id is empty"
    for element in page.elements:
        for attribute in ("for", "aria-labelledby", "aria-describedby", "aria-controls"):
            for name in (element.get(attribute) or "").split():
                if name not in counts and page.is_whole:
                    yield f"{attribute}={name!r} points at nothing"


def _structure(page: Page) -> Iterator[str]:
    if not page.is_whole:
        return
    root = page.root
    if not page.title:
        yield "the page has no title"
    if not root.get("lang"):
        yield "the page does not say its language"
    if len(page.all("main")) != 1:
        yield f"the page has {len(page.all('main'))} main elements, not one"
    if len(page.all("h1")) != 1:
        yield f"the page has {len(page.all('h1'))} h1 headings, not one"
    for image in page.all("img"):
        if image.get("alt") is None:
            yield f"an image has no alt: {image.get('src')}"


def _labels(page: Page) -> Iterator[str]:
    labelled = {label.get("for") for label in page.all("label")}
    inside = {control for label in page.all("label") for control in elements(label)}
    for control in page.elements:
        if control.tag not in ("input", "select", "textarea"):
            continue
        if control.tag == "input" and control.get("type", "text") in UNLABELLED_TYPES:
            continue
        named = control.get("aria-label") or control.get("aria-labelledby") or control.get("id") in labelled
        if not named and control not in inside:
            yield f"a control has no label: {control.tag} {control.get('name')!r}"
    for button in [*page.all("button"), *page.all("a")]:
        if button.tag == "a" and button.get("href") is None:
            continue
        pictures = any(
            child.get("alt") or child.get("aria-label") or child.tag == "title" for child in elements(button)
        )
        if not (text_of(button) or button.get("aria-label") or button.get("aria-labelledby") or pictures):
            yield f"a {button.tag} has no words: {button.get('href') or button.get('name')}"


def _policy(page: Page) -> Iterator[str]:
    for element in page.elements:
        if element.get("style") is not None:
            yield f"a style attribute, which the policy refuses: {element.tag}"
        if element.tag == "style" or (element.tag == "script" and not element.get("src")):
            yield f"an inline {element.tag}, which the policy refuses"
        for name in element.attrib:
            if str(name).startswith(("on", "hx-on")):
                yield f"an inline handler, which the policy refuses: {element.tag} {name}"
        for name in ("src", "href", "action", "hx-get", "hx-post"):
            value = element.get(name) or ""
            if value.lower().startswith("javascript:"):
                yield f"a script as an address: {element.tag}"
            if element.tag in ("script", "link", "img") and urlsplit(value).netloc:
                yield f"something fetched from another host: {value}"


def _tokens(page: Page) -> Iterator[str]:
    for form in page.forms:
        if form.method not in ("get", "post"):
            yield f"a form has the method {form.method!r}"
        # A page whose policy lets no form be sent, as the view of somebody else's portal, has no token to give away.
        sends = "form-action 'none'" not in page.response.headers.get("Content-Security-Policy", "")
        if form.method == "post" and sends and not form.fields.get("csrf_token"):
            yield f"the form to {form.action} has no csrf_token"
