"""Answers become examples once, examples become epochs, and decisions name the epoch that they were made with; on both databases."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from sqlalchemy import func, select, update

from backend import db
from backend.catalogue import service as catalogues
from backend.interactions import service as interactions
from backend.interactions.tables import CountDueRow
from backend.learning import service as learning
from backend.learning.packing import packed, unpacked
from backend.learning.tables import EpochRow, ExampleRow
from backend.record import service as record
from backend.reporting import service as reporting
from backend.teaching import service as teaching
from backend.treatments import service as treatments
from backend.treatments.tables import DecisionRow
from shared.kernel import clock
from shared.kernel.actors import SYSTEM
from tests.fulfilling import ACTS, undo
from tests.small_company import ADA, DAY, GRACE, KIM, NOW, answer, decide, enter, learn, offer_of, open_company, tell
from tests.unit.reference import words

_DUE, _EXAMPLE, _EPOCH = db.table_of(CountDueRow), db.table_of(ExampleRow), db.table_of(EpochRow)
_DECISION = db.table_of(DecisionRow)
LEARNING = {
    "half_life_days": 60, "window_days": 10, "every_answers": 40, "least_new": 5, "every_minutes": 60,
    "feature": [
        {"key": "tenure", "label": "Months with us", "value": "tenure", "low": 0, "high": 60, "typical": 24},
        {"key": "fibre", "label": "Fibre", "value": "fibre", "missing": "monthly <= 0.0"},
        {"key": "untaken", "label": "Times not taken", "history": "untaken", "low": 0, "high": 4},
    ],
}  # fmt: skip


def put_in_force(now: Any = NOW, **changes: Any) -> None:
    body = json.loads(json.dumps(words.body(**ACTS), default=str)) | {"learning": LEARNING | changes}
    with db.transaction() as session:
        catalogues.publish(session, body, SYSTEM, now)


@pytest.fixture(autouse=True)
def company(database: str) -> str:
    open_company()
    put_in_force()
    return database


def taught(now: Any = NOW) -> dict[str, str]:
    """All words are taken; offer → state of its example, by treatment."""
    reporting.roll_all(now)
    with db.reading() as session:
        assert session.execute(select(func.count()).select_from(_DUE)).scalar_one() == 0
        return {row.treatment: row.state for row in session.execute(select(_EXAMPLE).order_by(_EXAMPLE.c.offer_id))}


def crowd(many: int, takes: Any, now: Any = NOW, start: int = 0) -> list[UUID]:
    """So many more customers, each told of the first that is put to them, and answering."""
    found = []
    for nth in range(start, start + many):
        customer_id, actor = enter(nth)
        learn(now, customer_id, attributes={"tenure": nth % 60})
        decided = decide(now, customer_id)
        offer = UUID(decided.ranked[0].offer_id)
        answer(
            offer,
            "accepted" if takes(nth) else "declined",
            now,
            "portal" if nth % 2 else "phone",
            actor if nth % 2 else KIM,
        )
        found.append(customer_id)
    return found


def epoch_in_force() -> learning.Epoch:
    with db.reading() as session:
        return learning.latest(session)


def test_a_presentation_is_an_example_with_what_its_decision_knew_and_an_answer_settles_it() -> None:
    decided = decide()
    offer = offer_of(decided, "faster")
    answer(offer, "presented")
    assert taught() == {"faster": "waiting"}
    with db.reading() as session:
        row = session.execute(select(_EXAMPLE)).one()
    x = np.frombuffer(row.x, dtype="<f8").tolist()
    assert x == [1.0, 0.0, 1.0, 0.0, 0.0]
    assert (row.chance, row.epoch, row.channel) == (decided.ranked[0].factors.propensity, 0, "phone")
    answer(offer, "declined", channel="portal")
    assert taught() == {"faster": "untaken"}


def test_no_answer_in_its_time_is_a_no_and_a_later_yes_corrects_it() -> None:
    offer = offer_of(decide(), "faster")
    answer(offer, "presented")
    taught()
    assert teaching.feed_due(NOW + 9 * DAY) == 0
    assert teaching.feed_due(NOW + 10 * DAY) == 1
    assert teaching.feed_due(NOW + 10 * DAY) == 0
    assert taught() == {"faster": "untaken"}
    answer(offer, "accepted", now=NOW + 11 * DAY)
    assert taught(NOW + 11 * DAY) == {"faster": "taken"}


def test_what_is_undone_was_not_taken() -> None:
    offer = offer_of(decide(), "faster")
    answer(offer, "accepted")
    assert taught() == {"faster": "taken"}
    undo(offer)
    assert taught() == {"faster": "untaken"}


def test_what_was_accepted_and_never_done_was_not_taken_until_it_is() -> None:
    offer = offer_of(decide(), "faster")
    answer(offer, "accepted")
    assert taught() == {"faster": "taken"}
    assert teaching.feed_later(NOW + 9 * DAY) == 0
    assert teaching.feed_later(NOW + 10 * DAY) == 1
    assert taught(NOW + 10 * DAY) == {"faster": "untaken"}
    with clock.frozen(NOW + 11 * DAY):
        assert record.run_due(NOW + 11 * DAY) >= 1
    assert taught(NOW + 11 * DAY) == {"faster": "taken"}


def die_while_feeding(pack: Any) -> None:
    with db.transaction() as session:
        due = interactions.counts_due(session, 100)
        assert teaching.feed(session, due.customers, pack, NOW) == 1
        interactions.was_counted(session, due.customers, due.ids)
        raise RuntimeError("killed")


def test_told_twice_or_again_after_a_kill_nothing_is_learned_twice() -> None:
    crowd(6, lambda nth: nth % 2 == 0)
    before = taught()
    with db.transaction() as session:
        pack = catalogues.pack_in_force(session)
        everyone = list(session.execute(select(_EXAMPLE.c.customer_id)).scalars())
        assert teaching.feed(session, everyone, pack, NOW) == 0
    # Killed in the middle: word and example are one transaction, and both are as they were.
    answer(offer_of(decide(), "faster"), "presented")
    with pytest.raises(RuntimeError, match="killed"):
        die_while_feeding(pack)
    assert taught() == before | {"faster": "waiting"}
    with db.reading() as session:
        assert session.execute(select(func.count()).select_from(_EXAMPLE)).scalar_one() == 7


def test_an_epoch_comes_with_enough_answers_and_moves_chances_towards_them() -> None:
    assert teaching.publish_due(NOW) == 0
    crowd(45, lambda nth: True)
    taught()
    first = decide()
    assert first.inputs.configuration.model_epoch == 0
    assert teaching.publish_due(NOW) == 1
    assert teaching.publish_due(NOW) == 0
    epoch = epoch_in_force()
    assert (epoch.number, epoch.columns[0]) == (1, "base")
    assert decide(NOW, ADA).inputs.configuration.model_epoch == 0, "it stays with its moment"
    tell("pay", "bill")
    later = decide(NOW)
    assert later.inputs.configuration.model_epoch == 1
    told = {r.treatment: r.factors for r in later.ranked}
    prior = {key: t.acceptance for key, t in later.inputs.configuration.catalogue.treatments.items()}
    with db.reading() as session:
        taken = session.execute(select(_EXAMPLE.c.treatment, func.count()).group_by(_EXAMPLE.c.treatment)).all()
    most = max(taken, key=lambda row: row[1])[0]
    assert told[most].propensity > prior[most]
    assert told[most].draw is not None
    assert sum(r.first for r in later.ranked) <= 1 + 1e-6
    with db.reading() as session:
        assert treatments.replay(session, later.decision_id).differences == ()
        assert treatments.replay(session, first.decision_id).differences == ()


def test_the_epoch_is_pinned_for_the_moment_until_local_midnight_in_every_channel() -> None:
    crowd(45, lambda nth: True)
    taught()
    decide()
    teaching.publish_due(NOW)
    learn(attributes={"tenure": 25})
    assert decide(NOW + timedelta(hours=2)).inputs.configuration.model_epoch == 0
    assert decide(NOW + timedelta(hours=14)).inputs.configuration.model_epoch == 1
    for customer_id in (ADA, GRACE):
        assert treatments.compare_channels(customer_id, ["phone", "portal"], NOW + timedelta(hours=14))[1] == []


def test_two_processes_and_one_learn_the_same_to_the_last_digit_that_counts() -> None:
    crowd(30, lambda nth: nth % 3 == 0)
    with db.reading() as session:
        pack = catalogues.pack_in_force(session)
        everyone = sorted(session.execute(select(_DUE.c.customer_id).distinct()).scalars())
    for part in (everyone[1::2], everyone[::2], everyone[::-1]):
        with db.transaction() as session:
            teaching.feed(session, part, pack, NOW)
    with db.reading() as session:
        one = teaching.make(session, NOW).epoch
    with db.transaction() as session:
        session.execute(_EXAMPLE.delete())
    taught()
    with db.reading() as session:
        other = teaching.make(session, NOW).epoch
    assert np.abs(one.weights - other.weights).max() < 1e-9
    assert np.abs(one.spread - other.spread).max() < 1e-9


def test_of_two_that_publish_the_same_epoch_one_does() -> None:
    crowd(10, lambda nth: True)
    taught()
    with db.reading() as session:
        made = teaching.make(session, NOW)
    for expected in (True, False):
        with db.transaction() as session:
            assert learning.publish(session, made.epoch, made.examples, made.report, NOW) is expected


def test_a_changed_epoch_is_found_by_replay() -> None:
    crowd(45, lambda nth: True)
    taught()
    teaching.publish_due(NOW)
    decided = decide()
    with db.transaction() as session:
        row = session.execute(select(_EPOCH)).one()
        other = packed(replace(unpacked(1, row.body), weights=unpacked(1, row.body).weights + 0.1))
        session.execute(update(_EPOCH).values(body=other[1]))
    with db.reading() as session:
        found = treatments.replay(session, decided.decision_id).differences
    assert any(line.startswith("model:") for line in found)


def test_a_model_that_does_not_come_true_falls_back_to_its_prior_and_says_so() -> None:
    put_in_force(limits={"answers": 30, "calibration": 0.1, "surprise": 3.0})
    crowd(60, lambda nth: True)
    taught()
    teaching.publish_now(NOW)
    crowd(60, lambda nth: False, NOW + DAY, start=60)
    taught(NOW + DAY)
    teaching.publish_now(NOW + DAY)
    epoch = epoch_in_force()
    assert epoch.fallen
    key, why = next(iter(epoch.fallen.items()))
    assert "were foretold" in why
    tell("pay", "bill", NOW + DAY)
    customer_id, _ = enter(500)
    told = {r.treatment: r.factors for r in decide(NOW + DAY, customer_id).ranked}
    prior = decide(NOW + DAY, customer_id).inputs.configuration.catalogue.treatments[key].acceptance
    assert (told[key].propensity, told[key].draw) == (prior, None)


@pytest.mark.parametrize(("whole", "turns"), [(True, True), (False, False)])
def test_what_was_learned_before_answers_turned_hardly_counts(whole: bool, turns: bool) -> None:
    """One in ten took it for a long time, then six in ten: only answers whose time is over can tell."""
    with db.reading() as session:
        catalogue = catalogues.in_force(session).catalogue
    treatment = next(iter(catalogue.treatments.values()))
    many, since = 400, 320
    day = NOW.date()
    taken = [float(n % 10 < (1 if n < since else 6)) for n in range(many)]
    shown = [day - timedelta(days=(many - n) // 8 + (LEARNING["window_days"] + 1 if whole else 0)) for n in range(many)]
    columns = len(catalogue.pack.learning.columns)
    told = learning.Told(
        [treatment.key] * many, ["phone"] * many, shown, [UUID(int=n + 1) for n in range(many)],
        np.ones((many, columns)) * ([1.0] + [0.0] * (columns - 1)), np.array(taken), np.full(many, 0.1), np.ones(many, dtype=int),
    )  # fmt: skip
    found = teaching.made(2, told, catalogue, day)
    turned = found.report["arms"][treatment.key]["turned"]
    aligned = found.epoch.aligned(("base",))
    place = aligned.place_of(treatment.key, treatment.group)
    assert place is not None
    chance = aligned.odds(place, learning.vector((1.0,)), treatment.acceptance).chance
    if turns:
        assert shown[since - 10] <= date.fromisoformat(turned) <= shown[since + 10]
        assert chance > 0.45
    else:
        assert turned == ""
        assert chance < 0.35


def test_examples_that_weigh_nothing_are_let_go_of_and_nothing_learned_changes() -> None:
    put_in_force(half_life_days=10)
    offer = offer_of(decide(), "faster")
    answer(offer, "accepted")
    crowd(12, lambda nth: nth % 3 == 0, NOW + 100 * DAY)
    taught(NOW + 100 * DAY)
    # For 28 days and four times as many one looks back for what has changed: longer than weights last here.
    later = NOW + 141 * DAY
    with db.reading() as session:
        before = teaching.make(session, later)
    assert teaching.let_go_of_old(NOW + 140 * DAY) == 0
    assert teaching.let_go_of_old(later) == 1
    assert teaching.let_go_of_old(later) == 0
    with db.reading() as session:
        after = teaching.make(session, later)
    assert (before.epoch.weights == after.epoch.weights).all()
    assert before.report == after.report
    # What becomes of it after all finds nothing to correct, and makes nothing anew.
    undo(offer)
    taught(later)
    teaching.feed_later(later)
    with db.reading() as session:
        assert session.execute(select(func.count()).where(_EXAMPLE.c.offer_id == offer)).scalar_one() == 0


def test_examples_are_kept_no_longer_than_the_pack_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backend.teaching.publishing.PIECE", 5)
    put_in_force(horizon_days=30)
    crowd(12, lambda nth: True)
    many = len(taught())
    crowd(3, lambda nth: True, NOW + 20 * DAY, start=12)
    reporting.roll_all(NOW + 20 * DAY)
    assert teaching.let_go_of_old(NOW + 31 * DAY) == 12
    assert many
    with db.reading() as session:
        assert session.execute(select(func.count()).select_from(_EXAMPLE)).scalar_one() == 3


def test_what_is_erased_is_not_learned_from_any_more() -> None:
    first, *_ = crowd(5, lambda nth: True)
    taught()
    with db.transaction() as session:
        assert len(learning.export_customer(session, first)["learning_example"]) == 1
        assert learning.erase_customer(session, first) == 1
        treatments.erase_customer(session, first)
        features = select(_DECISION.c.features).where(_DECISION.c.customer_id == first)
        assert session.execute(features).scalars().all() == [None]
    with db.reading() as session:
        assert teaching.make(session, NOW).examples == 4
