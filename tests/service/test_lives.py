"""Random lives of customers, against a simple model of the ledger: events, decisions, answers from every channel, publishes, expiries."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from backend.engine import deciding as engine
from backend.engine.deciding import Ranked
from backend.engine.facts import TAKEN
from backend.treatments import asking, expiry, ledger, undoing
from tests import small_company
from tests.databases import fresh, opened
from tests.stateful.machine import Life


@pytest.fixture(autouse=True)
def company(tmp_path: Path) -> Iterator[str]:
    """The small company in a real database."""
    with fresh("sqlite", "migrated", tmp_path) as url, opened(url, tmp_path):
        small_company.open_company()
        yield url


def live(machine: type[Life], lives: int, steps: int = 40, first: int | None = None) -> None:
    """So many lives, other ones for another `first`. Raises what the first one breaks.

    Which ones they are depends on the modules that the process has loaded: what a test needs of them it must wait for.
    """
    run_state_machine_as_test(
        machine if first is None else seed(first)(type(machine.__name__, (machine,), {})),
        settings=settings(
            max_examples=lives,
            stateful_step_count=steps,
            derandomize=first is None,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_the_product_lives_as_the_model_does() -> None:
    """And the lives were worth living: each of these happened in some of them."""
    Life.met.clear()
    wanted = {
        "open presented: counts", "open accepted: counts", "open declined: counts", "open deferred: counts",
        "presented accepted: counts", "presented declined: counts", "presented deferred: counts", "deferred accepted: counts",
        "declined accepted: counts", "open accepted: Conflict", "open accepted: NoLongerOffered",
        "taken back: counts", "taken back: NotUndoable",  "taken back: NoLongerOffered",
        "ends fulfilled", "ends expired", "ends undone",  "ends declined",
        "a first stays first", "a first stays first under another catalogue",
    }  # fmt: skip
    live(Life, lives=20)
    for first in range(2, 10):
        if not wanted - {what for what, n in Life.met.items() if n}:
            break
        live(Life, lives=5, first=first)
    assert wanted - {what for what, n in Life.met.items() if n} == set()


def answers_twice(patch: pytest.MonkeyPatch) -> None:
    """What was accepted may be accepted again."""
    real = ledger.permit

    def kinder(row: Any, response: Any, *rest: Any) -> bool:
        return row.state in TAKEN or real(row, response, *rest)

    patch.setattr(ledger, "permit", kinder)


def terms_of_today(patch: pytest.MonkeyPatch) -> None:
    """Putting an offer off brings it up to today's terms."""
    real = ledger.write

    def dearer(session: Any, row: Any, values: dict[str, Any]) -> None:
        terms = [{**term, "value": 1} if term["unit"] == "money" else term for term in row.terms]
        real(session, row, values | ({"terms": terms} if values.get("state") == "deferred" else {}))

    patch.setattr(ledger, "write", dearer)


def forgets_the_first(patch: pytest.MonkeyPatch) -> None:
    """What was put first is forgotten as soon as another decision is made."""
    real = engine._standing
    patch.setattr(engine, "_standing", lambda *a: r._replace(pinned=False) if isinstance(r := real(*a), Ranked) else r)


def stale_pages_count(patch: pytest.MonkeyPatch) -> None:
    """Whoever saw other terms may answer all the same."""
    real = ledger.permit
    patch.setattr(ledger, "permit", lambda row, response, now, today, seen: real(row, response, now, today, None))


def opposites_stay(patch: pytest.MonkeyPatch) -> None:
    """What cannot be had beside the accepted one goes on being offered."""
    patch.setattr(ledger, "_withdraw_beside", lambda *_: None)


def never_ends(patch: pytest.MonkeyPatch) -> None:
    """Nobody marks what has ended."""
    patch.setattr(expiry, "_expire", lambda *_: None)
    patch.setattr(asking.expiry, "expire_customer", lambda *_: False)


def takes_back_for_ever(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(undoing, "_permit", lambda row, today, seen: None)


FAULTS = [terms_of_today, forgets_the_first, stale_pages_count, never_ends, takes_back_for_ever]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_guard_that_is_gone_is_missed(
    fault: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    fault(monkeypatch)
    with pytest.raises(Exception, match=r"."):
        live(Life, lives=200)


def one_that_is_accepted_twice() -> Life:
    """Three are put to them, one is accepted, and then somebody accepts each of the three again."""
    life = Life()
    life.begin()
    acts: list[Callable[[], None]] = [
        lambda: life.the_portal_puts_them(3),
        lambda: life.someone_answers(0, "accepted", "phone", asking_first=True, reason=None, days=None),
        *(lambda n=n: life.someone_answers_whatever(n, "accepted", "portal", None) for n in range(3)),  # type: ignore[misc]
    ]
    for act in acts:
        act()
        life.all_holds()
    return life


def test_what_was_accepted_is_accepted_once() -> None:
    one_that_is_accepted_twice()
    assert Life.met["accepted accepted: AlreadyAnswered"] >= 1


def test_an_acceptance_that_counts_twice_is_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    answers_twice(monkeypatch)
    with pytest.raises(AssertionError):
        one_that_is_accepted_twice()


def two_that_cannot_be_had_together() -> Life:
    """All three are put to them, then a catalogue comes in which the second excludes the first, and the first is taken."""
    life = Life()
    life.begin()
    acts: list[Callable[[], None]] = [
        lambda: life.the_portal_puts_them(3),
        lambda: life.a_catalogue_is_published("with a rival"),
        lambda: life.someone_answers(0, "accepted", "phone", asking_first=True, reason=None, days=None),
        lambda: life.the_worker_makes_its_round(),
        lambda: life.someone_takes_back(0, "portal", None),
        lambda: life.someone_answers_whatever(1, "accepted", "phone", None),
    ]
    for act in acts:
        act()
        life.all_holds()
    return life


def test_what_cannot_be_had_beside_what_was_taken_is_offered_no_longer() -> None:
    life = two_that_cannot_be_had_together()
    assert {o["treatment"]: o["state"] for o in life.model.offers} == {
        "faster": "undone", "films": "withdrawn", "autumn": "withdrawn",
    }  # fmt: skip


def test_an_opposite_that_stays_is_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    opposites_stay(monkeypatch)
    with pytest.raises(AssertionError):
        two_that_cannot_be_had_together()
