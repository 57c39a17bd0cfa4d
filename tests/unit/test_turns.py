"""Pages of one process are drawn in a line, which nobody can hold up."""

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug.test import Client

from backend import turns

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


@pytest.fixture
def inside() -> list[str]:
    return []


def client(draw: Callable[[str], None]) -> Client:
    def app(environ: "WSGIEnvironment", start_response: "StartResponse") -> list[bytes]:
        draw(str(environ["PATH_INFO"]))
        start_response("200 OK", [])
        return [b"done"]

    return Client(turns.in_turn(app))


def test_pages_are_drawn_one_after_another(monkeypatch: pytest.MonkeyPatch, inside: list[str]) -> None:
    monkeypatch.setattr(turns, "PATIENCE_SECONDS", 30)
    at_once = []

    def draw(path: str) -> None:
        inside.append(path)
        at_once.append(len(inside))
        # The others have the interpreter meanwhile: without a line they would come in.
        time.sleep(0.001)
        inside.remove(path)

    browser = client(draw)
    asked = [threading.Thread(target=browser.get, args=(f"/{n}",)) for n in range(8)]
    for one in asked:
        one.start()
    for one in asked:
        one.join()
    assert at_once == [1] * 8


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_nobody_waits_long_for_a_page_that_takes_its_time(method: str, inside: list[str]) -> None:
    """A second page comes in though the first one never ends; what is sent does not wait at all."""
    drawing, ended = threading.Event(), threading.Event()

    def draw(path: str) -> None:
        inside.append(path)
        if path == "/slow":
            drawing.set()
            ended.wait(30)

    browser = client(draw)
    slow = threading.Thread(target=browser.get, args=("/slow",))
    slow.start()
    assert drawing.wait(30)
    assert browser.open("/quick", method=method).text == "done"
    assert inside == ["/slow", "/quick"]
    ended.set()
    slow.join()


def test_the_line_goes_on_after_a_fault(monkeypatch: pytest.MonkeyPatch, inside: list[str]) -> None:
    monkeypatch.setattr(turns, "PATIENCE_SECONDS", 30)

    def draw(path: str) -> None:
        if path == "/bad":
            raise RuntimeError(path)

    browser = client(draw)
    with pytest.raises(RuntimeError):
        browser.get("/bad")
    began = time.monotonic()
    assert browser.get("/good").text == "done"
    assert time.monotonic() - began < 10


@pytest.mark.parametrize("waits_for", ["a pause", "a lock"])
def test_a_page_that_waits_for_something_else_steps_aside(
    monkeypatch: pytest.MonkeyPatch, inside: list[str], waits_for: str
) -> None:
    """The others are drawn meanwhile, and it goes on at the head of the line."""
    monkeypatch.setattr(turns, "PATIENCE_SECONDS", 30)
    lock, drawing, ended = threading.Lock(), threading.Event(), threading.Event()
    after: list[bool] = []

    def draw(path: str) -> None:
        if path == "/waits":
            drawing.set()
            if waits_for == "a lock":
                with turns.held(lock):
                    pass
            else:
                with turns.aside():
                    ended.wait(30)
            after.append(turns._drawing.line is not None)
        inside.append(path)

    browser = client(draw)
    lock.acquire()
    slow = threading.Thread(target=browser.get, args=("/waits",))
    slow.start()
    assert drawing.wait(30)
    assert browser.get("/quick").text == "done"
    assert inside == ["/quick"]
    lock.release()
    ended.set()
    slow.join()
    assert inside == ["/quick", "/waits"]
    assert after == [True]
    assert not lock.locked()


def test_a_lock_is_held_outside_the_line_too() -> None:
    lock = threading.Lock()
    with turns.held(lock), turns.aside():
        assert lock.locked()
    assert not lock.locked()


def test_whoever_had_to_wait_in_line_is_sent_on_to_another_process() -> None:
    """A connection that stays with a busy process would wait there for good, while another process is idle."""
    inside, go_on = threading.Event(), threading.Event()
    told: dict[str, list[tuple[str, str]]] = {}

    def app(environ: Any, start_response: Any) -> list[bytes]:
        if environ["PATH_INFO"] == "/first":
            inside.set()
            go_on.wait(10)
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b""]

    line = turns.in_turn(app)

    def ask(path: str) -> None:
        def begin(_status: str, headers: list[tuple[str, str]], *_failure: Any) -> Any:
            told[path] = headers

        line({"REQUEST_METHOD": "GET", "PATH_INFO": path}, begin)

    first = threading.Thread(target=ask, args=("/first",))
    first.start()
    assert inside.wait(10)
    ask("/second")
    go_on.set()
    first.join(10)
    assert ("Connection", "close") in told["/second"]
    assert ("Connection", "close") not in told["/first"]
