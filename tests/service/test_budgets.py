"""Budgets: what is scarce is never oversold, is given back when nothing comes of it, and silences what nothing is left for."""

from __future__ import annotations

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from backend import db
from backend.budgets import service as budgets
from backend.budgets.tables import BudgetPeriodRow, ReservationRow
from backend.catalogue import service as catalogues
from backend.profiles import service as profiles
from backend.treatments import service as treatments
from shared.kernel import clock
from shared.kernel.actors import SYSTEM
from shared.kernel.errors import Invalid, NoLongerOffered, NotFound
from tests.small_company import ADA, DAY, KIM, NOW, answer, decide, enter, left, offer_of, open_company, order, work
from tests.unit.reference import words

_PERIOD: Any = BudgetPeriodRow.__table__  # type: ignore[attr-defined]
_RESERVATION: Any = ReservationRow.__table__  # type: ignore[attr-defined]
VISITS = {
    "key": "visits", "label": "Visits", "unit": "places", "per": "day", "amount": 1, "lead_days": 1, "horizon_days": 4,
    "weekdays": [1, 2, 3, 4, 5],
}  # fmt: skip
GIFTS = {"key": "gifts", "label": "Gifts", "unit": "money", "per": "month", "amount": 40}
MONDAY = date(2026, 11, 23)


@pytest.fixture(autouse=True)
def company(database: str) -> str:
    open_company()
    return database


def put_in_force(*found: dict[str, Any], **changes: Any) -> None:
    """The small company's catalogue with these budgets."""
    body = json.loads(json.dumps(words.body(**changes), default=str))
    body["pack"]["budget"] = list(found)
    with db.transaction() as session:
        catalogues.publish(session, body, SYSTEM, NOW)


def visits(amount: float = 1, **more: Any) -> None:
    visit = {
        "use": [{"budget": "visits"}],
        "fulfilment": {"kind": "booking", "promise": "Someone comes.", "undo_days": 14, "lead_days": 1},
    }
    put_in_force({**VISITS, "amount": amount, **more}, autumn=visit)


def line(key: str, now: datetime = NOW) -> Any:
    with db.reading() as session:
        return next(b for b in budgets.lines(session, catalogues.pack_in_force(session), now) if b.key == key)


def held(customer_id: UUID = ADA) -> dict[str, tuple[str, float]]:
    with db.reading() as session:
        rows = session.execute(select(_RESERVATION).where(_RESERVATION.c.customer_id == customer_id))
        return {row.budget: (row.period, row.amount) for row in rows}


def test_an_acceptance_takes_the_first_day_that_has_a_place() -> None:
    visits()
    answer(offer_of(decide(), "autumn"), "accepted")
    assert held() == {"visits": ("2026-11-23", 1.0)}
    other, _ = enter(1)
    answer(offer_of(decide(customer_id=other), "autumn"), "accepted")
    assert held(other) == {"visits": ("2026-11-24", 1.0)}
    assert [(p.period, p.left) for p in line("visits").periods] == [
        ("2026-11-23", 0.0), ("2026-11-24", 0.0), ("2026-11-25", 1.0), ("2026-11-26", 1.0),
    ]  # fmt: skip


def test_somebody_comes_on_the_day_that_was_reserved() -> None:
    from backend.cases import service as cases

    visits()
    first, _ = enter(1)
    answer(offer_of(decide(customer_id=first), "autumn"), "accepted")
    offer = offer_of(decide(), "autumn")
    answer(offer, "accepted")
    work()
    with db.reading() as session:
        case = cases.opened_by_offer(session, ADA, offer)
    assert case is not None
    assert case.day == MONDAY + DAY


@pytest.mark.parametrize("way", ["taken back", "declined"])
def test_what_comes_to_nothing_is_given_back(way: str) -> None:
    visits(reserve="presented")
    offer = offer_of(decide(), "autumn")
    answer(offer, "presented")
    assert held() == {"visits": ("2026-11-23", 1.0)}
    if way == "declined":
        answer(offer, "declined")
    else:
        answer(offer, "accepted")
        assert held() == {"visits": ("2026-11-23", 1.0)}
        with clock.frozen(NOW), db.transaction() as session:
            treatments.undo(session, offer, channel="phone", actor=KIM, now=NOW)
    assert held() == {}
    assert line("visits").left == 4.0


def test_what_an_ended_offer_held_is_free_again() -> None:
    put_in_force({**GIFTS, "reserve": "presented"}, goodwill={"use": [{"budget": "gifts", "term": "credit"}]})
    with db.transaction() as session:
        profiles.learn(session, ADA, now=NOW, count={"complaints": 1})
    offer = offer_of(decide(), "goodwill")
    answer(offer, "presented")
    assert held()["gifts"] == ("2026-11", pytest.approx(21.0))
    assert treatments.expire_due(NOW + timedelta(days=60)) == 1
    assert held() == {}
    assert line("gifts").left == pytest.approx(40.0)


def test_money_of_a_month_is_taken_until_it_does_not_fit() -> None:
    put_in_force(GIFTS, goodwill={"use": [{"budget": "gifts", "term": "credit"}]})
    other, _ = enter(1)
    for customer_id in (ADA, other):
        with db.transaction() as session:
            profiles.learn(session, customer_id, now=NOW, count={"complaints": 1})
    answer(offer_of(decide(), "goodwill"), "accepted")
    offer = offer_of(decide(customer_id=other), "goodwill")
    with pytest.raises(NoLongerOffered, match="Gifts: nothing is left"):
        answer(offer, "accepted")
    assert line("gifts").left == pytest.approx(19.0)
    december = NOW + timedelta(days=12)
    assert line("gifts", december).left == pytest.approx(40.0)


def test_a_place_whose_day_has_come_is_exchanged_for_one_to_come() -> None:
    visits(reserve="presented")
    offer = offer_of(decide(), "autumn")
    answer(offer, "presented")
    answer(offer, "accepted", now=NOW + 2 * DAY)
    assert held() == {"visits": ("2026-11-25", 1.0)}
    with db.reading() as session:
        used = {row.period: row.used for row in session.execute(select(_PERIOD))}
    assert used == {"2026-11-23": 0.0, "2026-11-25": 1.0}


def test_fifty_who_say_yes_at_once_never_take_more_than_thirty_places() -> None:
    visits(amount=10, horizon_days=3)
    everyone = [enter(nth) for nth in range(50)]
    asked = [(offer_of(decide(customer_id=one), "autumn"), who) for one, who in everyone]

    def say_yes(offer: UUID, who: Any) -> str:
        for _ in range(20):
            try:
                return answer_once(offer, who)
            except NoLongerOffered:
                return "nothing left"
        return "never"

    def answer_once(offer: UUID, who: Any) -> str:
        with db.transaction() as session:
            return treatments.answer(session, offer, "accepted", channel="portal", actor=who, now=NOW).state

    with ThreadPoolExecutor(16) as pool:
        came_of_it = Counter(pool.map(lambda one: say_yes(*one), asked))
    assert came_of_it == {"accepted": 30, "nothing left": 20}
    with db.reading() as session:
        used = {row.period: row.used for row in session.execute(select(_PERIOD))}
        reserved = session.execute(select(func.count()).select_from(_RESERVATION)).scalar_one()
    assert used == {"2026-11-23": 10.0, "2026-11-24": 10.0, "2026-11-25": 10.0}
    assert reserved == 30


def test_what_is_used_up_is_withheld_from_everyone_until_there_is_some_again() -> None:
    visits(horizon_days=1)
    other, _ = enter(1)
    assert "autumn" in order(decide(customer_id=other))
    offer = offer_of(decide(), "autumn")
    answer(offer, "accepted")
    assert budgets.refresh(NOW) == 1
    assert budgets.refresh(NOW) == 0
    assert left(decide(customer_id=other))["autumn"] == ("budget", "budget:visits")
    with clock.frozen(NOW), db.transaction() as session:
        treatments.undo(session, offer, channel="phone", actor=KIM, now=NOW)
    assert budgets.refresh(NOW) == 1
    assert "autumn" in order(decide(customer_id=other))


def test_bid_prices_are_read_from_their_table() -> None:
    visits()
    before = next(r for r in decide().ranked if r.treatment == "autumn")
    with db.transaction() as session:
        budgets.set_price(session, "visits", 0.5, KIM, NOW)
    assert budgets.refresh(NOW) == 1
    after = next(r for r in decide().ranked if r.treatment == "autumn")
    assert (before.factors.price, after.factors.price) == (0.0, 0.5)
    assert after.priority == pytest.approx(before.priority - before.factors.propensity * 0.5)
    with db.transaction() as session, pytest.raises(Invalid):
        budgets.set_price(session, "visits", -1.0, KIM, NOW)
    with db.transaction() as session, pytest.raises(NotFound):
        budgets.set_price(session, "gold", 1.0, KIM, NOW)
