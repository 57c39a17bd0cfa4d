"""The portal in Spanish, and written from right to left: longer words and the other direction leave nothing cut or beside the page."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from e2e.conftest import NARROW, WIDE
from e2e.people import Person
from e2e.steps import PASSWORD
from e2e.test_axe import EVERYTHING

Visit = Callable[..., Page]
OVER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
BESIDE = """[...document.querySelectorAll('body *')].filter((one) => one.getBoundingClientRect().right > innerWidth + 1)
  .map((one) => `${one.tagName}.${one.className}: ${one.textContent.trim().slice(0, 40)}`).slice(0, 8)"""
CUT = """[...document.querySelectorAll('a.button, button, .tab, .tag, h1, h2, h3, label, dt, dd, .choice')]
  .filter((one) => one.offsetParent && !one.closest('.unseen, .skip') && getComputedStyle(one).overflow !== 'visible' && one.scrollWidth > one.clientWidth + 1)
  .map((one) => one.textContent.trim())"""
OPEN = (
    "/sign-in",
    "/first-use",
    "/sign-in/code",
    "/recovery",
    "/sign-in/passkey",
    "/contact",
    "/help",
    "/for-everyone",
)
OWN = (
    "/", "/offers", "/services", "/services/cancel", "/bills", "/cases", "/cases/new", "/by-phone", "/activity", "/privacy", "/me",
    "/me/sign-in", "/me/passkeys/new", "/me/closing",
)  # fmt: skip


def fits(page: Page, name: str) -> None:
    assert page.evaluate(OVER) <= 0, (name, page.evaluate(BESIDE))
    assert page.evaluate(CUT) == [], name
    if page.viewport_size == NARROW:
        found = Axe().run(page, options=EVERYTHING).response["violations"]
        assert [(one["id"], [node["html"][:120] for node in one["nodes"][:3]]) for one in found] == [], name


# Where the first and the last character of a text are drawn.
ENDS = """element => {
    const text = element.firstChild, range = document.createRange();
    return [0, text.length - 1].map(at => { range.setStart(text, at); range.setEnd(text, at + 1); return range.getBoundingClientRect().x; });
}"""


@pytest.mark.parametrize("size", [NARROW, {"width": 320, "height": 640}, WIDE], ids=["telephone", "small", "wide"])
def test_in_spanish_each_page_fits(visit: Visit, person: Person, size: dict[str, int]) -> None:
    page, width = visit(size=size), size["width"]
    page.goto("/sign-in")
    page.get_by_role("button", name="Español").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Entrar")
    for path in OPEN:
        page.goto(path)
        fits(page, f"{width}{path}")
    page.goto("/sign-in")
    page.get_by_label("Número de cliente o correo electrónico").fill(person.number)
    page.get_by_label("Contraseña").fill(PASSWORD)
    page.get_by_role("button", name="Entrar", exact=True).click()
    for path in OWN:
        page.goto(path)
        expect(page.locator("html")).to_have_attribute("lang", "es-US")
        fits(page, f"{width}{path}")
    page.goto("/offers")
    page.locator("[data-offer] a.button").first.click()
    expect(page.get_by_role("heading", level=2, name="Lo que acepta")).to_be_visible()
    fits(page, f"{width}/offer")
    page.goto("/")
    page.get_by_role("button", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")


@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["telephone", "wide"])
def test_from_right_to_left_each_page_fits(visit: Visit, person: Person, size: dict[str, int]) -> None:
    page, width = visit(size=size), size["width"]
    page.goto("/sign-in")
    page.get_by_label("Customer number or e-mail").fill(person.number)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    for path in ("/", "/offers", "/bills", "/privacy", "/me/sign-in"):
        page.goto(path)
        page.evaluate("document.documentElement.dir = 'rtl'")
        fits(page, f"rtl-{width}{path}")
        brand, out = page.locator(".brand").bounding_box(), page.locator(".leave").bounding_box()
        assert brand
        assert out
        assert brand["x"] > out["x"], "the name stands where reading begins"
    page.goto("/me")
    page.evaluate("document.documentElement.dir = 'rtl'")
    first, last = page.locator("section[aria-labelledby=reach] .line-words .nowrap").first.evaluate(ENDS)
    assert first < last, "a telephone number keeps its plus before it"


def test_on_paper_stands_what_was_agreed_and_nothing_to_press(visit: Visit, person: Person) -> None:
    page = visit()
    page.goto("/sign-in")
    page.get_by_label("Customer number or e-mail").fill(person.number)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.goto("/offers")
    page.locator("[data-offer] a.button").first.click()
    page.get_by_role("button", name="Confirm:").click()
    expect(page.locator(".outcome")).to_be_visible()
    page.emulate_media(media="print", color_scheme="dark")
    for shown in (".brand", ".outcome", ".outcome .reference", ".terms"):
        expect(page.locator(shown).first).to_be_visible()
    for hidden in (".tabs", ".foot", ".leave", "main form", "main a.button"):
        assert page.locator(hidden).evaluate_all("all => all.filter((one) => one.offsetParent).length") == 0, hidden
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    fits(page, "paper")
