"""By keyboard alone: everything can be reached, seen to be reached, and done."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from e2e.people import Person
from e2e.steps import TAKEN, act, agent_opens, cards, customer_opens, happened_once, headline, redrawn
from tests.cast import AGENT, PASSWORD

Visit = Callable[..., Page]
MOST_STOPS = 150
# A ring: an outline, or a shadow or border that the element has only while it is focused.
IS_SEEN = """() => {
    const element = document.activeElement;
    const looks = () => {
        const style = getComputedStyle(element);
        return [style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0, style.boxShadow, style.borderColor];
    };
    const focused = looks();
    const box = element.getBoundingClientRect();
    const inside = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
    element.blur();
    const plain = looks();
    element.focus();
    const ringed = focused[0] || focused[1] !== plain[1] || focused[2] !== plain[2];
    return { ringed, inside, what: element.outerHTML.slice(0, 140) };
}"""
IN = "element => element.contains(document.activeElement)"


def stops(page: Page) -> list[str]:
    """All that Tab stops at from the top of the page; each must be visible and ringed."""
    page.evaluate("() => { document.activeElement.blur(); scrollTo(0, 0); }")
    found: list[str] = []
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement === document.body"):
            break
        seen = page.evaluate(IS_SEEN)
        assert seen["ringed"], f"nothing shows that the focus is here: {seen['what']}"
        assert seen["inside"], f"the focus is out of sight: {seen['what']}"
        found.append(seen["what"])
    return found


def tab_to(page: Page, selector: str) -> None:
    """Presses Tab until the element, or something in it, has the focus."""
    element = page.locator(selector).first
    for _ in range(MOST_STOPS):
        if element.evaluate(IN):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not reach {selector}")


def test_the_skip_link_comes_first_and_leads_to_the_content(visit: Visit, person: Person) -> None:
    page = visit()
    agent_opens(page, person)
    page.goto(person.desk_page)
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Tab")
    skip = page.locator("a.skip")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


def test_the_focus_is_always_seen(visit: Visit, person: Person, size: dict[str, int]) -> None:
    page = visit(size=size)
    customer_opens(page, person)
    for path in ("/", "/offers", "/bills"):
        page.goto(path)
        assert len(stops(page)) >= 8
    page.goto(person.desk_page)
    assert len(stops(page)) >= 3  # the sign-in
    page.locator("input[type=email]").fill(AGENT)
    page.locator("input[type=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text(person.name)
    assert len(stops(page)) >= 20


def test_a_slash_leads_to_the_search_and_stays_a_slash_inside_it(visit: Visit, person: Person) -> None:
    page = visit()
    agent_opens(page, person)
    page.wait_for_load_state()  # the name stands there before the scripts have run
    page.keyboard.press("/")
    search = page.locator("#top-query")
    expect(search).to_be_focused()
    expect(search).to_have_value("")
    page.keyboard.type("a/b")
    expect(search).to_have_value("a/b")
    search.fill("")
    page.keyboard.type(person.number)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"{person.desk_page}$"))


def test_an_agent_works_a_whole_call_by_keyboard(visit: Visit, person: Person, scripting: bool) -> None:
    page = visit(scripting=scripting)
    page.goto("/desk/")
    tab_to(page, "input[type=email]")
    page.keyboard.type(AGENT)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/desk/$"))
    tab_to(page, "#query")
    page.keyboard.type(person.number)
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text(person.name)

    tab_to(page, "#moment summary")
    page.keyboard.press("Enter")
    tab_to(page, "form[action$='/moment'] button[value$='/bill_question']")
    with redrawn(page):
        page.keyboard.press("Enter")
    expect(page.locator("#moment .moment-what")).to_contain_text("Question about a bill")

    first = cards(page)[0]
    tab_to(page, f"form[action$='/offers/{first.offer}/presentation'] button")
    page.keyboard.press("Space")
    expect(act(page, first.offer, "presentation")).to_have_count(0)
    tab_to(page, f"form[action$='/offers/{first.offer}/acceptance'] button")
    with redrawn(page):
        page.keyboard.press("Enter")
    expect(page.locator(".notice.good").filter(has_text=f"Accepted: {headline(first)}")).to_be_visible()

    offer = cards(page)[0].offer
    assert offer != first.offer
    tab_to(page, f"article[data-offer='{offer}'] details:has(form[action$='/decline']) > summary")
    page.keyboard.press("Enter")
    tab_to(page, f"form[action$='/offers/{offer}/decline'] button[value='too_expensive']")
    page.keyboard.press("Enter")
    expect(page.locator(".notice.good").filter(has_text="Declined")).to_be_visible()


def test_escape_closes_a_menu_and_gives_the_focus_back(visit: Visit, person: Person) -> None:
    page = visit()
    agent_opens(page, person)
    tab_to(page, "#moment summary")
    page.keyboard.press("Enter")
    menu = page.locator("#moment details")
    expect(menu).to_have_attribute("open", "")
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    expect(menu).not_to_have_attribute("open", "")
    expect(page.locator("#moment summary")).to_be_focused()


def test_a_customer_takes_up_and_puts_off_by_keyboard(visit: Visit, person: Person, scripting: bool) -> None:
    page = visit(scripting=scripting)
    customer_opens(page, person)
    page.evaluate("document.activeElement.blur()")
    first = cards(page)[0]
    tab_to(page, f"article a[href='/offers/{first.offer}']")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text(headline(first))
    tab_to(page, f"form[action$='/offers/{first.offer}/acceptance'] button")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text(TAKEN)
    happened_once(page, "accepted", headline(first))
    page.goto("/")
    offer = cards(page)[0].offer
    tab_to(page, "details.later summary")
    page.keyboard.press("Enter")
    tab_to(page, f"form[action$='/offers/{offer}/deferral'] button")
    page.keyboard.press("Enter")
    expect(page.locator(".notice.good")).to_contain_text("We will show it again")
