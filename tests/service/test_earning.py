"""What a draft would have earned is read from what was presented by chance, and refused where that cannot tell; on both databases."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete, select

from backend import db
from backend.catalogue import service as catalogues
from backend.matrix.service import Body
from backend.simulation import earning, simulating
from backend.simulation.earning import earned
from backend.treatments.tables import DecisionRow, OfferRow, SnapshotRow
from shared.kernel.actors import SYSTEM
from tests.small_company import DAY, KIM, NOW, answer, decide, enter, learn, offer_of, open_company, order
from tests.unit.reference import words

WINDOW = 10
LATER = NOW + timedelta(days=WINDOW + 1)
LEARNING = {"window_days": WINDOW, "half_life_days": 60}
_DECISION, _OFFER, _SNAPSHOT = db.table_of(DecisionRow), db.table_of(OfferRow), db.table_of(SnapshotRow)


def body_of(**changes: Any) -> Body:
    body: Body = json.loads(json.dumps(words.body(**changes), default=str)) | {"learning": LEARNING}
    return body


def without(key: str) -> Body:
    body = body_of()
    for content in body["treatments"].values():
        content["treatment"] = [t for t in content["treatment"] if t["key"] != key]
    return body


@pytest.fixture(autouse=True)
def company(database: str) -> None:
    open_company()
    with db.transaction() as session:
        catalogues.publish(session, body_of(), SYSTEM, NOW)


def crowd(many: int) -> list[str]:
    """So many customers, each told of the first that is put to them; every third takes it. Gives what that was, most often first."""
    told: Counter[str] = Counter()
    for nth in range(many):
        customer_id, _ = enter(nth)
        learn(customer_id=customer_id, attributes={"tenure": nth % 60})
        first = decide(customer_id=customer_id).ranked[0]
        answer(UUID(first.offer_id or ""), "declined" if nth % 3 else "accepted")
        told[first.treatment] += 1
    return [key for key, _ in told.most_common()]


def by_chance(share: float) -> None:
    """As if the first place had been drawn: each first had this chance, the second the rest."""
    with db.transaction() as session:
        for row in session.execute(select(_DECISION)).all():
            ranked = [dict(one) for one in row.ranked]
            for place, one in enumerate(ranked):
                one["first"] = (share, 1 - share)[place] if place < 2 else 0.0
            mine = _DECISION.c.decision_id == row.decision_id
            session.execute(_DECISION.update().where(mine).values(ranked=ranked))


def test_the_same_catalogue_would_have_earned_what_was_earned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(earning, "LEAST_EFFECTIVE", 20)
    crowd(24)
    found = earned(body_of(), LATER, 1)
    assert found["refused"] == []
    assert (found["rounds"], found["people"], found["effective"], found["unsupported"]) == (24, 24, 24, 0)
    assert found["would"]["taken"]["inverse_propensity"] == found["earned"]["taken"]
    assert found["earned"]["taken"][0] == pytest.approx(8 / 24)
    for measure in ("value", "taken"):
        assert found["would"][measure]["doubly_robust"][0] == pytest.approx(found["earned"][measure][0], abs=1e-5)
        assert found["difference"][measure][0] == pytest.approx(0, abs=1e-5)
        low, high = found["earned"][measure][1:]
        assert low < found["earned"][measure][0] < high


def test_what_was_never_put_first_by_chance_is_refused_by_name() -> None:
    found = earned(without(crowd(6)[0]), LATER, 1)
    assert found["unsupported"] > 0.05
    assert any("could not have come first" in why for why in found["refused"])
    assert all(one["name"] in found["refused"][0] for one in found["missing"][:5])
    assert any("weighs as much as" in why for why in found["refused"])
    assert found["would"] is None
    assert found["difference"] is None
    assert found["earned"] is not None


def test_what_was_drawn_tells_of_the_second_place_too() -> None:
    gone = crowd(30)[0]
    refused = earned(without(gone), LATER, 1)
    by_chance(0.5)
    found = earned(without(gone), LATER, 1)
    assert found["rounds"] == refused["rounds"] == 30
    assert found["unsupported"] < refused["unsupported"]


def test_probabilities_that_do_not_fit_what_was_presented_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(earning, "LEAST_EFFECTIVE", 5)
    crowd(24)
    by_chance(0.5)
    found = earned(body_of(), LATER, 1)
    assert any(
        "do not fit what was presented: the weights are 2.00 on average, where 1.00" in why for why in found["refused"]
    )


def test_without_a_log_nobody_can_say() -> None:
    found = earned(body_of(), LATER, 1)
    assert found["rounds"] == 0
    assert found["refused"] == [
        "Nothing that was presented in this time was chosen with a known probability and is decided by now."
    ]
    assert found["earned"] is None


def test_what_tells_nothing_is_left_out_and_counted() -> None:
    decided = decide()
    answer(offer_of(decided, order(decided)[1]), "declined")
    for nth in range(3):
        customer_id, _ = enter(nth)
        decided = decide(customer_id=customer_id)
        answer(offer_of(decided, order(decided)[0]), "presented")
        with db.transaction() as session:
            mine = _OFFER.c.customer_id == customer_id
            if nth == 0:
                session.execute(_OFFER.update().where(mine).values(made_by="Kim"))
            if nth == 1:
                session.execute(delete(_SNAPSHOT).where(_SNAPSHOT.c.customer_id == customer_id))
            if nth == 2:
                session.execute(delete(_DECISION).where(_DECISION.c.customer_id == customer_id))
    found = earned(body_of(), LATER, 1)
    assert found["rounds"] == 0
    assert found["left_out"] == {"altered": 1, "erased": 1, "no_probability": 1, "not_first": 1}


def test_what_is_younger_than_the_time_to_answer_is_not_read() -> None:
    crowd(3)
    assert earned(body_of(), NOW + (WINDOW - 1) * DAY, 1)["rounds"] == 0
    assert earned(body_of(), LATER, 1)["rounds"] == 3
    assert earned(body_of(), LATER + 91 * DAY, 1)["rounds"] == 0


def test_an_offer_that_nobody_answered_in_time_counts_as_not_taken() -> None:
    decided = decide()
    answer(offer_of(decided, order(decided)[0]), "presented", actor=KIM)
    found = earned(body_of(), LATER, 1)
    assert (found["rounds"], found["earned"]["taken"]) == (1, None)


def test_a_simulation_says_what_the_draft_would_have_earned() -> None:
    crowd(2)
    report = simulating.simulate(body_of(), LATER, 1)
    assert report["earned"]["rounds"] == 2
    assert json.loads(json.dumps(report)) == report
