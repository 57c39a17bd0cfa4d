"""The command bar and the single keys, by keyboard alone."""

from __future__ import annotations

import re
from collections.abc import Callable

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from e2e.people import Person
from e2e.steps import agent_opens, at_the_desk

Visit = Callable[..., Page]


def test_the_command_bar_finds_people_pages_and_acts(visit: Visit, person: Person, size: dict[str, int]) -> None:
    page = visit(size=size)
    agent_opens(page, person)
    page.wait_for_load_state("load")
    bar, query, state = page.locator("#bar"), page.locator("#bar-query"), page.locator("#bar-state")
    chosen = page.locator("#bar [role=option][aria-selected=true]")
    page.locator("main").focus()

    page.keyboard.press("Control+k")
    expect(query).to_be_focused()
    expect(state).to_contain_text("results")
    expect(chosen).to_contain_text(person.name)  # opened lately
    page.emulate_media(color_scheme="light")
    assert faults(page) == []
    page.emulate_media(color_scheme="dark")
    assert faults(page) == []
    page.keyboard.press("Tab")
    expect(bar.get_by_role("button", name="Close")).to_be_focused()
    page.keyboard.press("Tab")
    expect(query).to_be_focused()
    page.keyboard.press("Escape")
    expect(bar).to_be_hidden()
    expect(page.locator("main")).to_be_focused()

    # Whichever the agent is not yet: they may have been at work before.
    other = "Away" if "Ready" in page.locator("#my-state").inner_text() else "Ready"
    page.keyboard.press("Control+k")
    page.keyboard.type(f"go {other.lower()}")
    expect(chosen).to_have_text(f"Go {other.lower()}")
    page.keyboard.press("Enter")
    expect(page.locator("#my-state")).to_contain_text(other)

    page.keyboard.press("Control+k")
    page.keyboard.type(with_a_slip(person.name))
    found = page.locator("#bar [role=option]", has_text=person.number)
    expect(found).to_be_visible()
    assert faults(page) == []
    while (chosen.first.text_content() or "").find(person.number) < 0:
        page.keyboard.press("ArrowDown")
    assert query.get_attribute("aria-activedescendant") == found.get_attribute("id")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"{person.desk_page}$"))
    expect(page.locator("h1")).to_have_text(person.name)

    page.wait_for_load_state("load")
    page.keyboard.press("Control+k")
    expect(state).to_contain_text("results")
    page.context.set_offline(True)
    page.keyboard.type("home")
    expect(state).to_contain_text("No connection")
    expect(chosen).to_have_text("Home")
    assert faults(page) == []
    page.context.set_offline(False)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/desk/$"))


def test_single_keys_walk_lists_and_pages_and_can_be_switched_off(visit: Visit, person: Person) -> None:
    page = visit()
    at_the_desk(page)
    page.goto(person.desk_page)
    page.wait_for_load_state("load")
    page.keyboard.press("j")
    first = page.evaluate("document.activeElement.textContent")
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.textContent") != first
    page.keyboard.press("k")
    assert page.evaluate("document.activeElement.textContent") == first
    page.keyboard.press("?")
    keys = page.locator("#keys")
    expect(keys).to_contain_text("Next, previous in lists")
    expect(keys).not_to_contain_text("Open the call that rings", use_inner_text=True)
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("h")
    expect(page).to_have_url(re.compile("/desk/$"))
    page.wait_for_load_state("load")
    page.locator("#query").fill("")
    page.keyboard.type("jk?gh")
    expect(page.locator("#query")).to_have_value("jk?gh")
    page.locator("#query").fill("")
    page.locator("main").focus()
    page.keyboard.press("j")
    # What burns stands before whom one opened lately, where there is any of it.
    expect(page.locator("main :is(.inbox-line, .people > li)").first.locator(":focus")).to_have_count(1)

    page.locator("#keys > summary").click()
    page.locator("[data-keys-switch]").uncheck()
    page.goto(person.desk_page)
    page.wait_for_load_state("load")
    page.locator("main").focus()
    for key in ("j", "?", "/", "g", "h"):
        page.keyboard.press(key)
    expect(page.locator("main")).to_be_focused()
    expect(keys).not_to_have_attribute("open", "")
    page.keyboard.press("Control+k")
    expect(page.locator("#bar-query")).to_be_focused()


def faults(page: Page) -> list[str]:
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return [f"{one['id']}: {node['html'][:160]}" for one in found for node in one["nodes"][:3]]


def with_a_slip(name: str) -> str:
    """The name as a hasty hand types it: the last two letters of its longest word have changed places."""
    word = max(name.split(), key=len)
    return name.replace(word, f"{word[:-2]}{word[-1]}{word[-2]}")
