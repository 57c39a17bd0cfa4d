"""A change of mind in a race with everything else: whoever comes first, it counts once and what was done is undone."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from backend import db
from backend.cases import service as cases
from backend.profiles import service as profiles
from backend.treatments import service as treatments
from backend.treatments.tables import FulfilmentRow
from shared.kernel.actors import Actor
from shared.kernel.errors import AlreadyAnswered, Conflict
from tests.small_company import KIM, NOW, answer, decide, enter, events, offer_of, offers, open_company, work

MANY = 8
ROUNDS = 6
PLAN = {
    "kind": "attributes", "set": {"contract": "monthly"}, "more": {"monthly": "price"}, "undo_days": 14, "promise": "Done.",
}  # fmt: skip
CASE = {"kind": "case", "what": "Set it up", "undo_days": 14, "promise": "Done."}
KINDS = ("offer.accepted", "offer.fulfilled", "offer.undone", "case.opened", "case.cancelled")


@pytest.fixture(autouse=True)
def company(database: str) -> str:
    open_company(faster={"fulfilment": PLAN}, autumn={"fulfilment": CASE})
    return database


def at_once(acts: Sequence[Callable[[], Any]]) -> list[Any]:
    """Does all of them at the same moment, each in its own thread, and gives what came of each, an error included."""
    came: list[Any] = [None] * len(acts)
    ready = threading.Barrier(len(acts))

    def one(place: int, act: Callable[[], Any]) -> None:
        ready.wait()
        try:
            came[place] = act()
        except Conflict as lost:
            came[place] = lost

    threads = [threading.Thread(target=one, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return came


def undoing(offer_id: UUID, actor: Actor, channel: str) -> Callable[[], Any]:
    def act() -> Any:
        with db.transaction() as session:
            return treatments.undo(session, offer_id, channel=channel, actor=actor, now=NOW)

    return act


def fulfilling(customer_id: UUID, offer_id: UUID) -> Callable[[], Any]:
    def act() -> Any:
        with db.transaction() as session:
            return treatments.fulfil(session, customer_id, {"offer_id": str(offer_id)}, NOW)

    return act


def accepting(offer_id: UUID, actor: Actor, channel: str) -> Callable[[], Any]:
    def act() -> Any:
        with db.transaction() as session:
            return treatments.answer(session, offer_id, "accepted", channel=channel, actor=actor, now=NOW)

    return act


def plan_of(customer_id: UUID) -> dict[str, Any]:
    with db.reading() as session:
        return profiles.profile(session, customer_id).attributes


def kinds(customer_id: UUID) -> Counter[str]:
    return Counter(kind for kind, _ in events(customer_id) if kind in KINDS)


@pytest.mark.parametrize("fulfilled", [True, False], ids=["fulfilled", "not yet"])
def test_of_many_who_take_it_back_at_once_in_two_channels_one_does(fulfilled: bool) -> None:
    customer_id, themselves = enter(0)
    before = plan_of(customer_id)
    offer = offer_of(decide(customer_id=customer_id), "faster")
    answer(offer, "accepted")
    if fulfilled:
        work()
    who = [(themselves, "portal"), (KIM, "phone")] * (MANY // 2)
    came = at_once([undoing(offer, actor, channel) for actor, channel in who])
    assert sum(isinstance(one, treatments.Undone) for one in came) == 1
    assert sum(isinstance(one, AlreadyAnswered) for one in came) == MANY - 1
    work()
    assert plan_of(customer_id) == before
    assert kinds(customer_id)["offer.undone"] == 1


@pytest.mark.parametrize("treatment", ["faster", "autumn"])
def test_taken_back_while_it_is_being_done_nothing_of_it_stays(treatment: str) -> None:
    seen = Counter()
    for nth in range(ROUNDS):
        customer_id, themselves = enter(nth)
        before = plan_of(customer_id)
        offer = offer_of(decide(customer_id=customer_id), treatment)
        answer(offer, "accepted")
        acts = [fulfilling(customer_id, offer), undoing(offer, themselves, "portal"), fulfilling(customer_id, offer)]
        at_once(acts if nth % 2 else acts[::-1])
        work()
        counted = kinds(customer_id)
        assert offers(customer_id)[treatment] == "undone"
        assert plan_of(customer_id) == before
        assert (counted["offer.accepted"], counted["offer.undone"]) == (1, 1)
        assert counted["offer.fulfilled"] <= 1
        assert counted["case.opened"] == counted["case.cancelled"]
        with db.reading() as session:
            assert cases.of_customer(session, customer_id) == ()
            table: Any = FulfilmentRow.__table__  # type: ignore[attr-defined]
            done = session.execute(select(table).where(table.c.customer_id == customer_id)).all()
        assert all(one.undone_at == NOW for one in done)
        seen[len(done)] += 1
    assert sum(seen.values()) == ROUNDS


def test_accepted_and_taken_back_at_once_it_is_one_or_the_other_and_no_half() -> None:
    for nth in range(ROUNDS):
        customer_id, themselves = enter(nth)
        before = plan_of(customer_id)
        offer = offer_of(decide(customer_id=customer_id), "faster")
        acts = [
            accepting(offer, themselves, "portal"), accepting(offer, KIM, "phone"), undoing(offer, KIM, "phone"),
            undoing(offer, themselves, "portal"),
        ]  # fmt: skip
        at_once(acts if nth % 2 else acts[::-1])
        work()
        counted = kinds(customer_id)
        assert counted["offer.accepted"] == 1
        state = offers(customer_id)["faster"]
        assert state in ("fulfilled", "undone")
        assert counted["offer.undone"] == (state == "undone")
        assert (plan_of(customer_id) == before) is (state == "undone")
