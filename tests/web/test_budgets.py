"""What a page may cost whoever opens it: bytes on a slow line, files asked for, statements asked of the database."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

from tests.pages import Browser, Page

KB = 1024
FILES = {"script": "src", "link": "href"}


def weights(browser: Browser, page: Page) -> tuple[int, int, int]:
    """As gzip would send them: the page alone, the page with all its files, and how many files there are."""
    files = {
        address
        for tag, name in FILES.items()
        for element in page.all(tag)
        if (address := element.get(name)) and element.get("rel") in (None, "stylesheet", "icon", "preload")
    }
    alone = len(gzip.compress(page.response.get_data(), 6))
    sent = [browser.client.get(address) for address in sorted(files)]
    assert {one.status_code for one in sent} == {200}
    return alone, alone + sum(len(gzip.compress(one.get_data(), 6)) for one in sent), len(files)


@contextmanager
def statements() -> Iterator[list[str]]:
    """What this thread asks of the database meanwhile: others listen for changes beside it."""
    asked: list[str] = []
    mine = threading.get_ident()

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if threading.get_ident() == mine and not statement.startswith(("BEGIN", "SET")):
            asked.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def test_a_first_visit_to_the_portal_is_light_and_the_next_page_lighter(portal: Browser) -> None:
    for path in ("/", "/offers", "/bills", "/services", "/me"):
        page = portal.get(path)
        alone, first, files = weights(portal, page)
        assert alone <= 15 * KB, (path, alone)
        assert first <= 120 * KB, (path, first)
        assert files <= 12, (path, files)


def test_the_desk_is_light_too(desk: Browser) -> None:
    page = desk.get("/").submit("/search", query="C371828")
    alone, first, _ = weights(desk, page)
    assert alone <= 30 * KB
    assert first <= 250 * KB


def test_the_first_page_of_the_portal_asks_the_database_eight_times(portal: Browser) -> None:
    portal.get("/")  # decides, presents, and keeps what it read of the catalogue
    with statements() as asked:
        page = portal.get("/")
    assert page.all("article", class_="offer")
    assert len(asked) <= 8, asked


def test_a_customers_page_at_the_desk_asks_it_twelve_times(desk: Browser) -> None:
    page = desk.get("/").submit("/search", query="C371828")
    with statements() as asked:
        assert desk.get(page.path).status == 200
    assert len(asked) <= 12, asked
