"""Cases, calls back, articles and help in both sizes, light and dark, empty, full and wrong: no fault that axe knows of."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from e2e.conftest import Watched
from e2e.people import Person
from e2e.steps import at_the_desk, customer_opens, sign_in
from e2e.test_axe import Looking, Visit
from e2e.test_cases import opens
from tests.cast import AUTHOR

LONG = "Hello,\n\nsince Monday the line hums at night, and the router blinks red. " * 6


def test_cases_calls_and_articles_at_the_desk(
    visit: Visit, watched: Watched, person: Person, size: dict[str, int]
) -> None:
    watched.expect_status(422)
    page = visit(size=size)
    seen = Looking(page)
    at_the_desk(page)
    for path, name in (
        ("/desk/cases", "no cases of mine"), ("/desk/cases?view=all", "all cases"), ("/desk/callbacks?view=missed", "nothing missed"),
        (f"{person.desk_page}/cases/new", "new case"), (f"{person.desk_page}/callbacks/new", "book a call"),
        ("/desk/articles", "articles"),
    ):  # fmt: skip
        page.goto(path)
        seen.at(name)
    opens(page, person, "The router blinks red and hums at night")
    expect(page.locator(".knowing-one").first).to_be_visible()
    seen.at("a case")
    page.locator("#text").fill(LONG)
    page.get_by_role("button", name="Send, wait for them").click()
    expect(page.locator(".letter.agent")).to_be_visible()
    expect(page.locator(".knowing-one").first).to_be_visible()
    seen.at("a long case that waits")
    page.get_by_role("button", name="Attach", exact=True).click()
    expect(page.locator("#file-error")).to_be_visible()
    seen.at("a file that is none")
    page.locator("#article-query, #knowing-query").fill("zzzz")
    page.locator("#knowing-query").press("Enter")
    expect(page.locator("#knowing")).to_contain_text("Nothing fits these words")
    seen.at("nothing known")
    page.goto(f"{person.desk_page}/callbacks/new")
    page.get_by_role("button", name="Book the call").click()
    expect(page.locator("#open-work")).to_contain_text("Call now")
    page.goto("/desk/callbacks")
    seen.at("calls")
    page.goto("/desk/articles")
    page.locator("#article-query").fill("slow internet")
    page.locator("#article-query").press("Enter")
    expect(page.locator("mark").first).to_be_visible()
    seen.at("articles found")
    page.locator(".article-line-title a").first.click()
    expect(page.locator(".article")).to_be_visible()
    seen.at("an article")
    assert seen.looked == 13
    assert seen.faults == []


def test_writing_articles(visit: Visit, watched: Watched, size: dict[str, int]) -> None:
    watched.expect_status(422)
    page = visit(size=size)
    seen = Looking(page)
    page.goto("/desk/articles/new")
    sign_in(page, AUTHOR)
    expect(page.locator("#edit")).to_be_visible()
    seen.at("a new article")
    page.get_by_role("button", name="Publish").click()
    expect(page.locator(".error-summary")).to_be_visible()
    seen.at("an article that is not in order")
    assert seen.faults == []


def test_a_customers_case_and_help(visit: Visit, watched: Watched, person: Person, size: dict[str, int]) -> None:
    watched.expect_status(404, 422)
    desk, page = visit(), visit(size=size)
    at_the_desk(desk)
    opens(desk, person, "The router blinks red")
    seen = Looking(page)
    for path in ("/help", "/help/slow-internet", "/help/none"):
        page.goto(path)
        seen.at(path)
    page.goto("/help")
    _look_for(page, "router is broken")
    seen.at("found in help")
    _look_for(page, "zzzz")
    seen.at("nothing found in help")
    customer_opens(page, person)
    page.get_by_role("link", name="Read or write").first.click()
    expect(page.locator("h1")).to_have_text("The router blinks red")
    seen.at("a case of theirs")
    page.locator("#text").fill(LONG)
    page.locator("#file").set_input_files({"name": "bad.exe", "mimeType": "application/octet-stream", "buffer": b"MZ"})
    page.get_by_role("button", name="Send").click()
    expect(page.locator(".error-summary")).to_be_visible()
    expect(page.locator("#text")).to_have_value(LONG)
    seen.at("a file that is not taken")
    png = {"name": "router.png", "mimeType": "image/png", "buffer": b"\x89PNG\r\n\x1a\n--"}
    page.locator("#file").set_input_files(png)
    page.get_by_role("button", name="Send").click()
    expect(page.locator(".letter-file")).to_contain_text("router.png")
    seen.at("a file that was sent")
    assert seen.looked == 8
    assert seen.faults == []


def _look_for(page: Page, words: str) -> None:
    page.locator("#help-query").fill(words)
    page.locator("#help-query").press("Enter")
    expect(page.locator("#help-found")).to_be_visible()
