"""Decisions as they are stored, stand and end, on both databases."""

import itertools
import threading
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select

from backend import db
from backend.catalogue import service as catalogues
from backend.treatments import parity
from backend.treatments import service as treatments
from backend.treatments.tables import DecisionRow, LedgerRow, OfferRow, SnapshotRow
from shared.kernel.actors import SYSTEM
from shared.kernel.errors import Conflict, NotFound
from tests.small_company import (
    ADA,
    DAY,
    GRACE,
    NOW,
    answer,
    decide,
    learn,
    left,
    offer_of,
    offers,
    open_company,
    order,
    publish,
    tell,
)  # fmt: skip


@pytest.fixture(autouse=True)
def company(database: str) -> str:
    open_company()
    return database


def count(row: type) -> int:
    with db.reading() as session:
        return int(session.execute(select(func.count()).select_from(row.__table__)).scalar_one())  # type: ignore[attr-defined]


def test_the_first_to_ask_has_it_made_and_the_next_gets_the_same() -> None:
    made, again = decide(), decide()
    assert (made.newly, again.newly) == (True, False)
    assert made.decision_id == again.decision_id
    assert made.ranked == again.ranked
    assert order(made)[:2] == ["faster", "films"]
    assert (count(DecisionRow), count(SnapshotRow)) == (1, 1)


def test_what_was_withheld_is_made_again_for_one_that_stands() -> None:
    made = decide()
    assert made.withheld is not None
    assert left(decide()) == {w.treatment: (w.step, w.rule) for w in made.withheld}


def test_each_ranked_treatment_is_an_open_offer_that_nobody_was_told_of() -> None:
    made = decide()
    assert offers() == dict.fromkeys(order(made), "open")
    with db.reading() as session:
        assert treatments.offers_of(session, ADA, SYSTEM, NOW) == ()


def test_a_preview_is_kept_nowhere() -> None:
    shown = treatments.preview(ADA, NOW, "support", "fault")
    assert shown.decision_id is None
    assert order(shown)[0] == "technician"
    assert (count(DecisionRow), count(OfferRow), count(SnapshotRow), count(LedgerRow)) == (0, 0, 0, 0)


def test_comparing_channels_keeps_nothing() -> None:
    _, differences = treatments.compare_channels(ADA, ("phone", "portal", "email"), NOW)
    assert differences == []
    assert (count(DecisionRow), count(OfferRow), count(SnapshotRow)) == (0, 0, 0)


def test_what_changes_between_two_views_is_no_difference_between_channels(monkeypatch: pytest.MonkeyPatch) -> None:
    seen, view, moments = [], parity._view, itertools.cycle([("support", "fault"), ("pay", "bill")])

    def meanwhile(customer_id: UUID, channel: str, now: datetime) -> object:
        seen.append(channel)
        if seen in changes:
            tell(*next(moments))
        return view(customer_id, channel, now)

    monkeypatch.setattr(parity, "_view", meanwhile)
    channels = ("phone", "portal", "email")
    changes = (["phone", "portal"],)
    views, differences = treatments.compare_channels(ADA, channels, NOW)
    assert (differences, seen) == ([], [*channels, *channels]), "all are asked for again, of one state"
    assert views[0].shown[0].treatment == views[1].shown[0].treatment == "technician"
    seen.clear()
    changes = tuple([*channels * nth, *channels[:2]] for nth in range(9))
    with pytest.raises(Conflict, match="changing too fast"):
        treatments.compare_channels(ADA, channels, NOW)


def test_a_decision_stands_until_the_customers_midnight() -> None:
    made = decide()
    assert made.stands_until.isoformat() == "2026-11-23T05:00:00+00:00"
    assert not decide(made.stands_until - timedelta(seconds=1)).newly
    assert decide(made.stands_until).newly


def test_a_decision_stands_until_the_moment_fades() -> None:
    tell("support", "fault", NOW - timedelta(hours=47))
    made = decide()
    assert order(made)[0] == "technician"
    assert made.stands_until == NOW + timedelta(hours=1)
    faded = decide(made.stands_until)
    assert faded.newly
    assert order(faded)[0] == "faster"


def test_whatever_a_decision_was_made_from_ends_it() -> None:
    seen = {decide().decision_id}
    learn(attributes={"age": 41})
    seen.add(decide().decision_id)
    tell("pay", "bill")
    seen.add(decide().decision_id)
    publish(tip={"acceptance": 0.06})
    seen.add(decide().decision_id)
    with db.transaction() as session:
        catalogues.configure(session, 2, {"films": 2.0}, {}, SYSTEM, NOW)
    seen.add(decide().decision_id)
    answer(offer_of(decide(), "autumn"), "declined")
    seen.add(decide().decision_id)
    assert len(seen) == 6


def test_presenting_and_another_customers_affairs_leave_it_standing() -> None:
    made = decide()
    answer(offer_of(made, "films"), "presented")
    learn(customer_id=GRACE, attributes={"owed": 50.0})
    answer(offer_of(decide(customer_id=GRACE), "autumn"), "accepted")
    assert decide().decision_id == made.decision_id


def test_publishing_the_same_text_again_changes_nothing() -> None:
    made = decide()
    assert publish() == 1
    assert decide().decision_id == made.decision_id


def test_an_open_offer_follows_the_decision_and_a_presented_one_does_not() -> None:
    first = decide()
    answer(offer_of(first, "films"), "presented")
    publish(films={"valid_days": 3}, faster={"valid_days": 3})
    second = decide()
    dates = {r.treatment: (r.valid_until - NOW.date()).days for r in second.ranked}
    assert dates["films"] == 30
    assert "faster" not in dates, "five days lie between two sales"
    assert left(second)["faster"] == ("contact_policy", "gap:sales")
    third = decide(NOW + 5 * DAY)
    assert next(r for r in third.ranked if r.treatment == "faster").valid_until == (NOW + 8 * DAY).date()
    assert offer_of(third, "films") == offer_of(first, "films")


def test_a_stated_problem_is_put_before_every_sale_until_it_is_answered() -> None:
    publish(films={"value": {"equity": 900.0}})
    learn(count={"calls": 4})
    tell("use", "fault")
    made = decide()
    names = order(made)
    assert names.index("technician") < names.index("films")
    answer(offer_of(made, "technician"), "accepted")
    assert order(decide())[0] == "films"


def test_nobody_is_decided_for_who_is_not_a_customer() -> None:
    with pytest.raises(NotFound):
        decide(customer_id=UUID(int=7))


def test_many_who_ask_at_once_get_one_decision() -> None:
    got: list[object] = []

    def ask() -> None:
        got.append(decide().decision_id)

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 6
    assert len(set(got)) == 1
    assert count(DecisionRow) == 1
    assert count(OfferRow) == len(order(decide()))
