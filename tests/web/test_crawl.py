"""Several customers walk every link and form of the portal: no word that is ours alone, no byte that is another's, no way to it."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urljoin, urlsplit
from xml.etree.ElementTree import Element

import pytest
from flask import Flask

from backend import db
from backend.profiles import service as profiles
from shared.kernel import clock
from tests import apps
from tests.cast import LOYAL_CUSTOMER, PORTAL_CUSTOMER, sign_in
from tests.pages import Browser, Form, Page, text_of

WALKERS = (PORTAL_CUSTOMER, LOYAL_CUSTOMER)
SPANISH = "es"
OURS = re.compile(
    r"(?i)\b(segments?|segmentos?|scores?|scored|scoring|risks?|propensity|propensities|values?|rules?|riesgos?|propensión|regla|reglas)\b"
)
"""Words for colleagues. Customers read of prices, reasons and choices."""
READ = (
    "title",
    "alt",
    "aria-label",
    "aria-description",
    "placeholder",
    "content",
    "class",
    "id",
    "name",
    "href",
    "action",
)
"""Attributes that a person hears or sees, or finds in the page's source."""
LEAVES = re.compile(r"/(sign-out|end|close|closing|language)(/|$)")
"""Forms that end what the walk needs: sent last."""
AN_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
MOST = 250


@dataclass
class Walk:
    """One customer's way through the portal: all that they were sent, and under which addresses."""

    who: str
    browser: Browser
    sent: dict[str, Page] = field(default_factory=dict)
    forms: dict[str, tuple[Form, str]] = field(default_factory=dict)

    def see(self, page: Page, name: str) -> None:
        assert page.status < 500, f"{name}: {page.status}"
        self.sent[name] = page
        for form in page.forms:
            action = urljoin(page.path, form.action) if form.action else page.path
            shape = AN_ID.sub("…", f"{form.method} {urlsplit(action).path} {sorted(form.fields)} {form.buttons}")
            self.forms.setdefault(shape, (form, action))

    def links(self) -> None:
        """Everything that a link leads to, and what that leads to."""
        waiting, seen = deque(["/"]), {"/"}
        while waiting and len(self.sent) < MOST:
            address = waiting.popleft()
            page = self.browser.get(address)
            self.see(page, f"get {address}")
            for link in page.all("a"):
                found = urljoin(page.path, link.get("href", "").partition("#")[0])
                if found.startswith("/") and found not in seen and not found.startswith(("/assets/", "/stream")):
                    seen.add(found)
                    waiting.append(found)

    def send_forms(self) -> None:
        """Each form once for each of its buttons, as it was drawn."""
        done: set[str] = set()
        while todo := sorted(
            (shape for shape in self.forms if shape not in done), key=lambda one: bool(LEAVES.search(one))
        ):
            shape = todo[0]
            done.add(shape)
            form, action = self.forms[shape]
            for fields in pressed(form):
                page = self.browser.send(form.method, action, fields)
                self.see(page, f"{shape} {sorted(fields)}")
                if page.path == "/sign-in" and self.browser.get("/").path == "/sign-in":
                    sign_in(self.browser, self.who)


def pressed(form: Form) -> Iterator[dict[str, str]]:
    """What the form sends by each of its buttons; free text is filled in."""
    filled = dict(form.fields)
    for control in form.element.iter():
        name = control.get("name")
        if control.tag == "textarea" and name:
            filled[name] = "I walk through all of it."
    buttons = [one for one in form.element.iter("button") if one.get("name")]
    if not buttons:
        yield filled
    for one in buttons:
        yield {**filled, str(one.get("name")): one.get("value", "")}


def words(page: Page) -> Iterator[str]:
    """All that a person may read or hear of it, and what stands in its source by name."""
    yield text_of(page.root)
    for element in page.root.iter():
        yield from (value for name in READ if (value := attribute(element, name)))


def attribute(element: Element, name: str) -> str:
    said = element.get(name) or ""
    return AN_ID.sub("", said).replace("_", " ").replace("-", " ")


@pytest.fixture
def portal(loaded_sqlite: str, tmp_path: Path) -> Flask:
    with db.transaction() as session:
        speaks = profiles.find_by_sign_in(session, LOYAL_CUSTOMER)
        assert speaks
        profiles.set_language(session, speaks, SPANISH, clock.now())
    return apps.create("portal", loaded_sqlite, tmp_path)


def own_bytes(who: str) -> set[str]:
    """What tells of this customer and of nobody else."""
    with db.reading() as session:
        found = profiles.find_by_sign_in(session, who)
        assert found
        profile = profiles.profile(session, found)
    return {
        one for one in (profile.number, profile.email, profile.phone, profile.name, str(profile.customer_id)) if one
    }


def test_no_word_of_ours_and_no_byte_of_another_is_reachable(portal: Flask) -> None:
    walks = []
    for who in WALKERS:
        walk = Walk(who, sign_in(Browser(portal), who))
        walk.links()
        walk.send_forms()
        walks.append(walk)
        assert len(walk.sent) > 40, sorted(walk.sent)
        assert {1, 2, 3, 4} >= {page.status // 100 for page in walk.sent.values()}
    said = {
        f"{walk.who} {name}: {found[0]} in {text[max(0, found.start() - 40) : found.end() + 40]!r}"
        for walk in walks
        for name, page in walk.sent.items()
        if page.is_html
        for text in words(page)
        if (found := OURS.search(text))
    }
    assert said == set()
    for walk in walks:
        others = {text for one in walks if one is not walk for text in own_bytes(one.who)}
        leaked = {(name, text) for name, page in walk.sent.items() for text in others if text in page.html}
        assert leaked == set()


def test_no_address_of_one_customer_opens_anything_for_another(portal: Flask) -> None:
    one = Walk(PORTAL_CUSTOMER, sign_in(Browser(portal), PORTAL_CUSTOMER))
    one.links()
    mine = own_bytes(PORTAL_CUSTOMER)
    named = {name.removeprefix("get ") for name in one.sent if AN_ID.search(name)}
    assert named, "nothing of theirs has an address of its own"
    other = sign_in(Browser(portal), LOYAL_CUSTOMER)
    for address in sorted(named):
        page = other.get(address)
        assert page.status in (403, 404), f"{address} opens for another: {page.status}"
        assert not [text for text in mine if text in page.html]
    for form, action in one.forms.values():
        if AN_ID.search(action):
            fields = {**form.fields, "csrf_token": other.get("/").form("/watching").fields["csrf_token"]}
            page = other.send(form.method, action, fields, follow=False)
            assert page.status in (403, 404), f"{form.method} {action} works for another: {page.status}"
