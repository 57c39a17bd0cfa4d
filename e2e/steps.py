"""What people do in journeys: sign in, find, open, answer. By what stands on the page, as a person would find it."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator

from playwright.sync_api import Locator, Page, expect

from e2e.people import Person
from tests.cast import AGENT, PASSWORD
from tests.screens import Shown, cards_in

# Where the faces say what to offer.
OFFERS = "#do, #home"
# How the portal's page of an accepted offer begins: fulfilled already, or about to be.
TAKEN = re.compile("It's yours|Arranged")


def sign_in(page: Page, who: str, password: str = PASSWORD) -> None:
    """Fills in the sign-in form that stands on the page, and sends it."""
    form = page.locator("form").filter(has=page.locator("input[type=password]"))
    form.locator("input:not([type=hidden]):not([type=password])").fill(who)
    form.locator("input[type=password]").fill(password)
    form.get_by_role("button").click()


def at_the_desk(page: Page, who: str = AGENT, path: str = "/desk/") -> None:
    """Signs a member of staff in on the way to a page of the desk."""
    page.goto(path)
    sign_in(page, who)
    loaded(page, f"{path}$")


def ready(page: Page) -> None:
    """The agent says that they are, where they are not."""
    state = page.locator("#my-state")
    if "Ready" in state.inner_text():
        return
    state.locator("summary").click()
    state.get_by_role("button", name="Ready").click()
    expect(state).to_contain_text("Ready")


def agent_opens(page: Page, person: Person) -> None:
    """Signs the agent in on the way to the customer's page."""
    page.goto(person.desk_page)
    sign_in(page, AGENT)
    loaded(page, f"{person.desk_page}$")
    expect(page.locator("h1")).to_have_text(person.name)


def customer_opens(page: Page, person: Person, path: str = "/") -> None:
    """Signs the customer in on the way to a page of the portal."""
    page.goto(path)
    sign_in(page, person.number)
    loaded(page, rf":\d+{re.escape(path)}$")


def loaded(page: Page, address: str) -> None:
    """The page that the last act led to is there with its scripts: what is drawn before them hears no key yet."""
    expect(page).to_have_url(re.compile(address))
    page.wait_for_load_state("load")


def double_click(page: Page, button: Locator) -> None:
    """As a hand does it, with time for the page to change between the two clicks."""
    # The hand finds the button again where the page drew it anew meanwhile.
    button.hover()
    for count in (1, 2):
        page.mouse.down(click_count=count)
        page.mouse.up(click_count=count)
        page.wait_for_timeout(250)


def cut_line(*pages: Page) -> None:
    """These pages hear nothing of what others do: what stands on them grows old, as when a connection is lost unnoticed."""
    for page in pages:
        page.route("**/stream?*", lambda route: route.abort())


def cards(page: Page) -> tuple[Shown, ...]:
    """The treatments on the page, as they are read."""
    return cards_in(page.content())


def card(page: Page, offer: str) -> Locator:
    return page.locator(f"article[data-offer='{offer}']")


def act(page: Page, offer: str, name: str) -> Locator:
    """The form that answers the offer so, wherever it stands."""
    return page.locator(f"form[action$='/offers/{offer}/{name}']")


def open_menu(page: Page, form: Locator) -> None:
    """Opens the menus that a form stands in, from the outside in, as a person must before using it."""
    for menu in page.locator("details").filter(has=form).all():
        if menu.get_attribute("open") is None:
            menu.locator("> summary").click()


def press(page: Page, offer: str, name: str, button: str | re.Pattern[str] | None = None) -> None:
    """Does the act: opens its menu where it has one, and presses its button (the first, unless named)."""
    form = act(page, offer, name)
    open_menu(page, form)
    buttons = form.get_by_role("button", name=button) if button else form.get_by_role("button")
    buttons.first.click()


def they_accept(page: Page, offer: str) -> None:
    """The agent notes a yes: at once, or with what is asked for first, left as it stands there."""
    press(page, offer, "acceptance")
    asked, noted = page.locator(f"#agree-{offer}"), page.locator(".notice").filter(has_text="Accepted")
    expect(asked.or_(noted).first).to_be_visible()
    if asked.is_visible():
        asked.get_by_role("button", name="They accept").click()


@contextlib.contextmanager
def kept(page: Page) -> Iterator[None]:
    """What is typed into the wrap-up in the block has been kept: the page may have said "Kept" of what came before."""
    with page.expect_response(lambda answer: answer.url.endswith("/wrap-up/draft") and answer.ok):
        yield
    expect(page.locator("#wrap-draft")).to_contain_text("Kept")


def says(page: Page, *words: str) -> None:
    """All these words stand in one notice at the top of what changed."""
    for word in words:
        expect(page.locator(".notice").filter(has_text=word).first).to_be_visible()


def answered_online_by(person: Person) -> re.Pattern[str]:
    """How the desk says who answered, when and where, of an answer that the customer gave at the portal."""
    return re.compile(rf"on \d+ \w+ 20\d\d at \d\d:\d\d,? [^.]*(online|portal)[^.]*, by {re.escape(person.name)}")


def timeline(page: Page) -> Locator:
    """The lines of what happened: at the desk's customer page, or on the portal's Activity."""
    return page.locator(".event")


def headline(shown: Shown) -> str:
    return dict(shown.words)["headline"]


def set_moment(page: Page, intent: str) -> None:
    """Says why the customer is here, in the desk's menu or by the portal's choices; afterwards, what is offered fits it."""
    form = page.locator("form[action$='/moment']:not(.moment-quick)")
    open_menu(page, form)
    with redrawn(page):
        form.locator(f"button[value$='/{intent}']").click()


@contextlib.contextmanager
def redrawn(page: Page) -> Iterator[None]:
    """What was done in the block has drawn anew the part that says what to offer: as a piece, or with the whole page."""
    page.locator(OFFERS).evaluate("element => element.setAttribute('data-before', '')")
    yield
    expect(page.locator(f":is({OFFERS})[data-before]")).to_have_count(0)
    expect(page.locator(OFFERS)).to_be_visible()


def terms_of(page: Page) -> list[tuple[str, str]]:
    """The terms on an offer's own page at the portal."""
    rows = page.locator("main dl.terms > div")
    return [(row.locator("dt").inner_text(), row.locator("dd").inner_text()) for row in rows.all()]


def happened_once(page: Page, word: str, what: str) -> None:
    """The act stands on the customer's timeline exactly once."""
    page.goto("/activity")
    lines = [line.inner_text() for line in timeline(page).all()]
    assert sum(word in line.lower() and what in line for line in lines) == 1, lines[:8]
