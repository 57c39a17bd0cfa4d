"""What every journey has: a real server on a database of its own, and pages that fail on any fault behind the scenes.

The server is `evenhand serve`, as processes of its own, on a copy of the loaded database. A page fails its test on an
error in the console, on an exception in a script, on a server error, and on any request that leaves this machine.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright, Request, Response

from e2e import browser as chromium
from e2e.people import Person, offered_first, people_of
from e2e.servers import Server, serving
from e2e.telephone import Telephone
from tests.databases import fresh, pytest_configure, pytest_unconfigure

__all__ = ["pytest_configure", "pytest_unconfigure"]

WIDE = {"width": 1440, "height": 900}
NARROW = {"width": 390, "height": 844}
HERE = {"127.0.0.1", "localhost"}

DEAREST = (
    "test_axe.py",
    "test_kill_outbox.py",
    "test_axe_casework.py",
    "test_kill.py",
    "test_race.py",
    "test_entering.py",
    "test_at_work.py",
    "test_live.py",
    "test_mail.py",
    "test_call.py",
)
"""The files that take longest, the longest first: begun last, one worker would end alone long after the other."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The dearest files go first; all others, and the journeys of each, keep their order."""
    place = {name: at for at, name in enumerate(DEAREST)}
    items.sort(key=lambda item: place.get(item.path.name, len(place)))


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any], playwright: Playwright) -> dict[str, Any]:
    """The Chromium that starts here, started so that it calls nobody."""
    executable, failures = chromium.find(playwright)
    if executable is None:
        pytest.fail(f"No Chromium starts here ({failures}): run `make browser`.", pytrace=False)
    arguments = [*browser_type_launch_args.get("args", []), *chromium.arguments()]
    return {**browser_type_launch_args, "executable_path": executable, "args": arguments}


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The whole of Evenhand on SQLite, for journeys that stay with customers of their own."""
    home = tmp_path_factory.mktemp("evenhand")
    with fresh("sqlite", "loaded", home) as url, serving(url, home) as running:
        yield running


@pytest.fixture(scope="session")
def people(server: Server) -> Iterator[Person]:
    """Customers of the server, for whom both channels have several treatments; each is given out once."""
    return people_of(server)


@pytest.fixture
def person(people: Iterator[Person]) -> Person:
    """A customer whom no other journey touches."""
    return next(people)


@pytest.fixture(scope="session")
def promised(server: Server) -> Iterator[Person]:
    """Customers whose first offer is a credit, whose terms an agent may alter; none of `people`, each given out once."""
    return offered_first(server, "loyalty_credit")


@pytest.fixture
def telephone(server: Server) -> Iterator[Telephone]:
    """A telephone system that tells the server of calls; what is left of them is tidied away."""
    system = Telephone(server)
    yield system
    system.close()


@pytest.fixture(scope="session")
def postgresql_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The same on PostgreSQL."""
    home = tmp_path_factory.mktemp("evenhand")
    with fresh("postgresql", "loaded", home) as url, serving(url, home) as running:
        yield running


class Watched:
    """Opens browser contexts and collects all that goes wrong behind their pages."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        self.contexts: list[BrowserContext] = []
        self.faults: list[str] = []
        self.expected: set[int] = set()

    def expect_status(self, *statuses: int) -> None:
        """Says that answers of these statuses are part of this journey."""
        self.expected |= set(statuses)

    def open(self, base_url: str, **options: Any) -> Page:
        """A page of its own person: cookies shared with nobody."""
        context = self.browser.new_context(base_url=base_url, locale="en-US", timezone_id="UTC", **options)
        context.set_default_timeout(10_000)
        context.on("request", self._request)
        context.on("console", self._console)
        context.on("weberror", lambda error: self.faults.append(f"script: {error.error}"))
        context.on("response", self._answer)
        self.contexts.append(context)
        return context.new_page()

    def close(self) -> None:
        for context in self.contexts:
            context.close()

    def _request(self, request: Request) -> None:
        # Chromium was told to find no other host; routing each request instead would switch its cache off.
        if urlsplit(request.url).hostname not in HERE:
            self.faults.append(f"left this machine: {request.url}")

    def _console(self, message: ConsoleMessage) -> None:
        # Chromium logs each failed answer as well; answers are judged by their status.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.faults.append(f"console: {message.text}")

    def _answer(self, response: Response) -> None:
        if response.status == 401 and response.request.headers.get("x-live") == "yes":
            return  # it brought itself up to date just as somebody signed out
        if response.status >= 400 and response.status not in self.expected:
            self.faults.append(f"{response.status}: {response.request.method} {response.url}")


@pytest.fixture
def watched(browser: Browser) -> Iterator[Watched]:
    """Opens pages; fails the test when anything went wrong behind one."""
    opened = Watched(browser)
    yield opened
    opened.close()
    assert opened.faults == []


@pytest.fixture
def visit(watched: Watched, server: Server) -> Callable[..., Page]:
    """Opens a page on the server, wide by default: `visit(size=NARROW, scripting=False, scheme="dark")`."""

    def opens(
        size: dict[str, int] = WIDE, scripting: bool = True, scheme: str = "light", on: Server | None = None
    ) -> Page:
        return watched.open(
            (on or server).address,
            viewport=size,
            java_script_enabled=scripting,
            color_scheme=scheme,
            reduced_motion="reduce",
        )

    return opens


@pytest.fixture(params=[WIDE, NARROW], ids=["wide", "narrow"])
def size(request: pytest.FixtureRequest) -> dict[str, int]:
    """Both sizes that the faces are made for."""
    return dict(request.param)


@pytest.fixture(params=[True, False], ids=["scripting", "plain"])
def scripting(request: pytest.FixtureRequest) -> bool:
    """With scripting and without: every act works in both."""
    return bool(request.param)


@pytest.fixture
def shot(tmp_path: Path) -> Callable[[Page, str], Path]:
    """Takes a picture of the whole page, for looking at."""

    def take(page: Page, name: str) -> Path:
        path = tmp_path / f"{name}.png"
        page.screenshot(path=path, full_page=True)
        return path

    return take
