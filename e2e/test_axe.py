"""Every page of both faces, in both sizes, light and dark, also where something went wrong: no fault that axe knows of.

And no page is wider than the screen.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from e2e.conftest import WIDE, Watched
from e2e.people import Person
from e2e.servers import Server
from e2e.steps import act, at_the_desk, cards, customer_opens, cut_line, kept, open_menu, press, ready, sign_in
from e2e.telephone import Telephone
from e2e.test_cases import NOOR, comes_to, opens
from e2e.test_workday import keep_promise
from tests.cast import AGENT, SUPERVISOR

Visit = Callable[..., Page]
EVERYTHING = {"resultTypes": ["violations"]}
COLOURS = {**EVERYTHING, "runOnly": ["color-contrast"]}
# By their names: a live page may draw a panel anew meanwhile, which keeps open what is open.
OPEN_ALL = """() => {
    const name = fold => fold.querySelector("summary").textContent.trim();
    const folds = [...document.querySelectorAll("details")];
    window.foldsOpen = new Set(folds.filter(fold => fold.open).map(name));
    for (const fold of folds) fold.open = true;
}"""
AS_BEFORE = """() => {
    for (const fold of document.querySelectorAll("details[open]"))
        if (!window.foldsOpen.has(fold.querySelector("summary").textContent.trim())) fold.open = false;
}"""
# Only what is looked at comes back: axe tells of all else that it saw as well.
RUN = "options => axe.run(document, options).then(seen => ({violations: seen.violations}))"
TOO_WIDE = """() => {
    const root = document.documentElement;
    if (root.scrollWidth <= root.clientWidth) return [];
    return [...document.querySelectorAll("body *")]
        .filter(element => element.getBoundingClientRect().right > root.clientWidth + 1)
        .slice(0, 5).map(element => element.outerHTML.slice(0, 120));
}"""


class Looking:
    """Looks at page after page, and keeps all that is wrong with any of them."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.axe = Axe()
        self.faults: list[str] = []
        self.looked = 0

    def at(self, name: str) -> None:
        """The page as it stands: in light as it came, for its colours; in dark with every menu and fold open, for everything.

        Colours are the same at every width, so the light ones are looked at once, on the wide screen.
        """
        self.looked += 1
        # What was waited for can stand in a page whose style sheets are still on their way.
        self.page.wait_for_load_state("load")
        self._wide(name)
        if self.page.viewport_size == WIDE:
            self._axe(f"{name}, light", COLOURS)
        self.page.evaluate(OPEN_ALL)
        self.page.emulate_media(color_scheme="dark")
        self._wide(f"{name}, all open")
        self._axe(f"{name}, dark and all open")
        self.page.emulate_media(color_scheme="light")
        self.page.evaluate(AS_BEFORE)

    def _axe(self, name: str, options: dict[str, Any] = EVERYTHING) -> None:
        # A document keeps what it was given: half a megabyte of script is read once in each, not at every look.
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(self.axe.axe_script)
        for violation in self.page.evaluate(RUN, options)["violations"]:
            for node in violation["nodes"][:3]:
                self.faults.append(f"{name}: {violation['id']}: {node['html'][:160]} {node['failureSummary'][:300]}")

    def _wide(self, name: str) -> None:
        self.faults += [f"{name}: wider than the screen: {html}" for html in self.page.evaluate(TOO_WIDE)]


def test_the_desk(visit: Visit, watched: Watched, person: Person, size: dict[str, int]) -> None:
    watched.expect_status(404, 409, 422)
    page = visit(size=size)
    seen = Looking(page)
    page.goto("/desk/")
    seen.at("sign-in")
    sign_in(page, AGENT, "wrong")
    expect(page.locator(".error-summary")).to_be_visible()
    seen.at("sign-in refused")
    sign_in(page, AGENT)
    expect(page).to_have_url(re.compile("/desk/$"))
    seen.at("home")
    for query in (person.name.split()[-1], "nobody of that name"):
        page.locator("#query").fill(query)
        page.get_by_role("button", name="Search").click()
        expect(page.locator("#found")).to_be_visible()
        seen.at(f"search for {query}")
    page.goto(person.desk_page)
    seen.at("customer")
    first = cards(page)[0]
    form = act(page, first.offer, "deferral")
    open_menu(page, form)
    form.locator("input[type=date]").fill("2001-01-01")
    form.get_by_role("button").click()
    expect(act(page, first.offer, "deferral").get_by_role("alert")).to_be_visible()
    seen.at("a day that cannot be")
    other = page.context.new_page()
    cut_line(other)
    other.goto(person.desk_page)
    press(page, first.offer, "decline")
    expect(page.locator("#do .notice.good")).to_be_visible()
    seen.at("declined")
    press(other, first.offer, "acceptance")
    expect(other.locator(".notice.warn")).to_be_visible()
    late = Looking(other)
    late.at("too late")
    page.goto(f"{person.desk_page}/timeline")
    seen.at("timeline")
    page.goto(person.desk_page)
    page.get_by_role("link", name="How this was decided").click()
    expect(page.locator("h1")).to_have_text("How this was decided")
    seen.at("decision")
    page.goto("/desk/nowhere")
    seen.at("not here")
    assert seen.looked == 11
    assert seen.faults + late.faults == []


def test_the_desk_on_a_call(
    visit: Visit, watched: Watched, person: Person, telephone: Telephone, size: dict[str, int]
) -> None:
    watched.expect_status(422)
    page = visit(size=size)
    seen = Looking(page)
    at_the_desk(page)
    ready(page)
    unknown = telephone.rings("+12025550166", "agent1")
    expect(page).to_have_url(re.compile("/desk/calls/"))
    seen.at("who is calling")
    page.locator("#caller-query").fill(person.name)
    expect(page.locator("#caller-found")).to_contain_text(person.name)
    seen.at("found for the caller")
    page.locator("form[action$='/prospect'] button").click()
    expect(page.locator(".error-summary")).to_be_visible()
    seen.at("a caller without a name")
    telephone.ended(unknown)
    page.goto(person.desk_page)
    call = telephone.rings(person.phone, "agent1")
    telephone.answered(call, "agent1")
    expect(page.locator("#contact")).to_contain_text("Talking")
    page.locator("textarea[name=notes]").fill("long " * 60)
    expect(page.locator("#notes")).to_contain_text("Saved")
    seen.at("talking")
    page.get_by_role("link", name="Not them?").click()
    expect(page.locator(".taken-for")).to_be_visible()
    seen.at("not them")
    page.go_back()
    expect(page.locator("#contact")).to_contain_text("Talking")
    page.locator("#contact-private").click()
    expect(page.locator("#contact-private")).to_have_attribute("aria-pressed", "true")
    seen.at("private")
    telephone.ended(call)
    expect(page.locator("#contact")).to_contain_text("Call ended")
    page.locator("#contact-wrap-up").click()
    page.locator("#wrap-up #code").select_option("")
    page.locator("#wrap-up").get_by_role("button", name="Finish").click()
    expect(page.locator("#wrap-up .error-summary")).to_be_visible()
    seen.at("wrap-up refused")
    page.locator("#wrap-up #code").select_option("solved")
    page.locator("#wrap-up").get_by_role("button", name="Finish").click()
    expect(page.locator("#my-state")).to_contain_text("Ready")
    assert seen.looked == 7
    assert seen.faults == []


def test_the_working_day(
    visit: Visit, watched: Watched, server: Server, person: Person, telephone: Telephone, size: dict[str, int]
) -> None:
    watched.expect_status(409, 422)
    page, another, colleague = visit(size=size), visit(), visit()
    seen = Looking(page)
    at_the_desk(page)
    keep_promise(server, person, "Send the contract that was talked about, with the new terms and the old ones", 3)
    keep_promise(server, person, "Call about the router", -2)
    call = telephone.rings("anonymous", "", line="12025550110")
    page.goto("/desk/")
    expect(page.locator(".inbox-line").first).to_be_visible()
    expect(page.locator("#inbox-count")).to_contain_text("over time")
    seen.at("inbox")
    page.goto("/desk/?only=message")
    seen.at("nothing of a kind")
    where = opens(page, person, "Who answers?")
    comes_to(colleague, where, NOOR)
    expect(page.locator("#here")).to_contain_text("is here too")
    colleague.locator("#text").fill("Dear customer")
    expect(page.locator("#writing")).to_contain_text("is writing here")
    page.locator("#text").press_sequentially("I")
    expect(page.locator("#writing [role=alert]")).to_be_visible()
    seen.at("a colleague writes")
    colleague.goto("/desk/")
    page.goto(person.desk_page)
    expect(page.locator("#tasks")).to_contain_text("overdue")
    page.locator("#contact-where > summary").click()
    page.get_by_role("button", name="In chat").click()
    expect(page.locator("#contact")).to_contain_text("in chat")
    seen.at("in chat, with promises")
    page.locator("#contact-wrap-up").click()
    with kept(page):
        page.locator("#wrap-up #promised").fill("Send the bill")
    with kept(page):
        page.locator("#wrap-up #summary").fill("One")
    another.goto(person.desk_page)
    sign_in(another, AGENT)
    another.locator("#contact-wrap-up").click()
    with kept(another):
        another.locator("#wrap-up #summary").fill("Another")
    page.locator("#wrap-up #summary").fill("Two")
    expect(page.locator("#wrap-draft [name=take]")).to_be_visible()
    seen.at("wrap-up of two windows")
    telephone.ended(call)
    assert seen.looked == 5
    assert seen.faults == []


def test_skills(visit: Visit, size: dict[str, int]) -> None:
    page = visit(size=size)
    at_the_desk(page, SUPERVISOR, "/desk/skills")
    seen = Looking(page)
    seen.at("skills")
    assert seen.faults == []


def test_the_reports(visit: Visit, watched: Watched, size: dict[str, int]) -> None:
    watched.expect_status(422)
    page = visit(size=size)
    at_the_desk(page, SUPERVISOR, "/desk/reports")
    seen = Looking(page)
    seen.at("the floor in numbers")
    for path in (
        "/desk/reports/contacts",
        "/desk/reports/treatments?why=1",
        "/desk/reports/treatments/presented",
        "/desk/reports/dealing",
    ):
        page.goto(path)
        seen.at(path)
    page.goto("/desk/reports?span=own&first=x&last=")
    seen.at("a report of wrong days")
    assert seen.faults == []


def test_the_wall(visit: Visit, person: Person, telephone: Telephone, size: dict[str, int]) -> None:
    page, portal = visit(size=size), visit()
    customer_opens(portal, person, "/services/cancel")
    at_the_desk(page, SUPERVISOR, "/desk/wall")
    call = telephone.rings("anonymous", "nobody at all")
    expect(page.locator("#lines")).to_contain_text("Waiting")
    expect(page.locator("#lines")).to_contain_text(person.name)
    seen = Looking(page)
    seen.at("wall")
    page.locator("#lines tr").filter(has_text=person.name).locator("a.opens").click()
    expect(page.locator("h1")).to_have_text(person.name)
    page.locator("summary").filter(has_text="Ask for a callback").click()
    seen.at("looking in")
    page.goto("/desk/wall/screen")
    expect(page.locator("#screen")).to_contain_text("Queues")
    seen.at("screen in the room")
    telephone.ended(call)
    there = Looking(portal)
    there.at("cancel my plan")
    assert seen.faults + there.faults == []


def test_the_portal(visit: Visit, watched: Watched, person: Person, size: dict[str, int]) -> None:
    watched.expect_status(404, 409, 422)
    page = visit(size=size)
    seen = Looking(page)
    page.goto("/")
    seen.at("sign-in")
    sign_in(page, person.number, "wrong")
    expect(page.locator(".error-summary")).to_be_visible()
    seen.at("sign-in refused")
    customer_opens(page, person)
    seen.at("home")
    page.goto("/offers")
    first, second, *_ = cards(page)
    seen.at("offers")
    page.goto(f"/offers/{first.offer}")
    seen.at("summary")
    late = page.context.new_page()
    cut_line(late)
    late.goto(f"/offers/{first.offer}")
    press(page, first.offer, "acceptance")
    expect(page.locator(".outcome")).to_be_visible()
    seen.at("accepted")
    press(late, first.offer, "decline")
    expect(late.locator(".notice.warn")).to_be_visible()
    too_late = Looking(late)
    too_late.at("too late")
    page.goto(f"/offers/{second.offer}")
    press(page, second.offer, "decline")
    expect(page.locator(".notice.good")).to_be_visible()
    seen.at("home after an answer")
    page.goto(f"/offers/{second.offer}")
    seen.at("declined")
    for path in (
        "/services",
        "/bills",
        "/activity",
        "/nowhere",
        "/me",
        "/me/email",
        "/me/closing",
        "/cases",
        "/cases/new",
    ):
        page.goto(path)
        seen.at(path)
    page.get_by_label("What is it about").fill("My internet is slow")
    page.get_by_role("button", name="Continue by phone").click()
    expect(page.locator(".outcome .reference")).to_be_visible()
    seen.at("going on by telephone")
    page.goto("/")
    form = page.locator("form[action='/callback']")
    open_menu(page, form)
    form.locator("input[name=about]").fill("long " * 60)
    form.get_by_role("button").click()
    expect(page.locator(".error-summary")).to_be_visible()
    seen.at("a request that is too long")
    assert seen.looked == 19
    assert seen.faults + too_late.faults == []


def test_the_look_finds_what_is_wrong(visit: Visit, person: Person) -> None:
    """The check itself: a control without a label, pale words and a wide picture are each found."""
    page = visit(size=WIDE)
    page.goto("/")
    page.evaluate(
        """() => {
            document.querySelector("main label").remove();
            const words = document.querySelector("h1");
            words.style.color = "rgb(250, 250, 250)";
            words.style.width = "2000px";
        }"""
    )
    seen = Looking(page)
    seen.at("spoilt")
    told = " ".join(seen.faults)
    for fault in ("label:", "color-contrast:", "wider than the screen"):
        assert fault in told, told
