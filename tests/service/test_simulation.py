"""Simulation: what a draft would do for everyone, exactly what deciding for each one by one says, and without a trace."""

from __future__ import annotations

import json
import threading
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from backend import db
from backend.catalogue import publishing
from backend.catalogue import service as catalogues
from backend.engine import deciding as engine
from backend.engine.catalogue import Catalogue
from backend.engine.comparing import Comparison
from backend.matrix.service import Body, PackError
from backend.profiles import service as profiles
from backend.proving.service import Arm, Experiment
from backend.simulation import asked, batch, tallying
from backend.simulation import service as simulations
from backend.simulation.batch import DRAFT, drafted
from backend.simulation.crew import CrewFailed, Stopped
from backend.simulation.simulating import simulate
from backend.simulation.tables import SimulationRow
from backend.treatments.inputs import gather
from backend.treatments.tables import DecisionRow, OfferRow, SnapshotRow
from shared.kernel.errors import Conflict
from tests.small_company import ADA, GRACE, NOW, answer, decide, enter, learn, offer_of, open_company, order
from tests.steps_of_drafts import AUTHOR, changed, made, saved, simulated
from tests.unit.reference import words

_SIMULATION = SimulationRow.__table__  # type: ignore[attr-defined]


@pytest.fixture
def company(database: str) -> list[Any]:
    """A dozen customers who differ, some of whom were offered something already."""
    open_company()
    everyone = [ADA, GRACE]
    for nth in range(10):
        customer_id, _ = enter(nth)
        learn(customer_id=customer_id, attributes={"tenure": 3 * nth, "owed": 40.0 * (nth % 3), "fibre": nth % 2 == 0})
        everyone.append(customer_id)
    decided = decide()
    answer(offer_of(decided, order(decided)[0]), "presented")
    decided = decide(customer_id=GRACE)
    answer(offer_of(decided, order(decided)[0]), "declined")
    return everyone


def draft_body(key: str) -> Body:
    """What is in force without this treatment."""
    body: Body = json.loads(json.dumps(words.body(), default=str))
    for content in body["treatments"].values():
        content["treatment"] = [t for t in content["treatment"] if t["key"] != key]
    return body


def firsts(body: Body | None) -> Counter[str]:
    """Treatment → for how many customers it comes first: each decided for by itself."""
    found: Counter[str] = Counter()
    with db.reading() as session:
        for customer_id in [m.id for m in profiles.search(session, limit=100).items]:
            inputs = gather(session, customer_id, NOW)
            configuration = inputs.configuration
            if body is not None:
                configuration = drafted(configuration, Catalogue(DRAFT, body))
            ranked = engine.decide(inputs.snapshot, inputs.ledger, configuration).ranked
            found[ranked[0].treatment if ranked else ""] += 1
    return found


def best() -> str:
    return firsts(None).most_common(1)[0][0]


def kept() -> tuple[int, ...]:
    with db.reading() as session:
        return tuple(
            session.execute(select(func.count()).select_from(row)).scalar_one()
            for row in (DecisionRow, OfferRow, SnapshotRow)
        )


def test_a_simulation_says_what_deciding_for_each_one_says_and_writes_nothing(company: list[Any]) -> None:
    gone = best()
    before, rows = firsts(None), kept()
    body = draft_body(gone)
    after = firsts(body)
    assert before != after
    report = simulate(body, NOW, 1)
    assert kept() == rows
    assert report["customers"] == len(company)
    now = {row["treatment"]: row["before"] for row in report["treatments"] if row["before"]}
    then = {row["treatment"]: row["after"] for row in report["treatments"] if row["after"]}
    assert now == {key: number for key, number in before.items() if key}
    assert then == {key: number for key, number in after.items() if key}
    assert (report["nothing"]["before"], report["nothing"]["after"]) == (before[""], after[""])
    for row in report["treatments"]:
        assert row["after"] - row["before"] == row["won"] - row["lost"], row
    lost = next(row for row in report["treatments"] if row["treatment"] == gone)
    assert (lost["lost"], lost["won"]) == (before[gone] - after[gone], 0)
    assert report["changed"] == sum(move["customers"] for move in report["moves"])


def test_several_processes_find_the_same_as_one(company: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    body = draft_body(best())
    real = batch.ranges
    monkeypatch.setattr(batch, "ranges", lambda session, size=0: real(session, 5))
    alone = simulate(body, NOW, 1)
    told: list[tuple[int, int]] = []
    together = simulate(body, NOW, 2, progress=lambda done, of: told.append((done, of)))
    assert together | {"seconds": 0} == alone | {"seconds": 0}, "to the last digit: the parts are added in one order"
    assert told[-1] == (len(company), len(company))
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_the_same_text_changes_nothing_for_anybody(company: list[Any]) -> None:
    report = simulate(json.loads(json.dumps(words.body(), default=str)), NOW, 1)
    assert (report["changed"], report["moves"]) == (0, [])
    assert all(sides["before"] == sides["after"] for sides in report["money"].values())
    assert all(row["won"] == row["lost"] == 0 for row in report["treatments"])


def test_experiments_that_run_are_left_out_on_both_sides_and_named(company: list[Any]) -> None:
    body: Body = json.loads(json.dumps(words.body(), default=str))
    quiet = simulate(body, NOW, 1)
    arms = (Arm("control", "As it is"), Arm("b", "More of the best", levers=((best(), 3.0),)))
    with db.transaction() as session:
        catalogues.run_experiments(session, [Experiment("more", "More of the best", arms)], AUTHOR, NOW)
    report = simulate(body, NOW, 1)
    assert (quiet["experiments"], report["experiments"]) == ([], ["More of the best"])
    assert (report["changed"], report["money"]) == (0, quiet["money"])


def test_expected_money_is_the_chance_times_what_the_best_is_worth(company: list[Any]) -> None:
    with db.reading() as session:
        expected = 0.0
        for customer_id in company:
            inputs = gather(session, customer_id, NOW)
            ranked = engine.decide(inputs.snapshot, inputs.ledger, inputs.configuration).ranked
            expected += ranked[0].factors.propensity * ranked[0].factors.value if ranked else 0.0
    report = simulate(json.loads(json.dumps(words.body(), default=str)), NOW, 1)
    assert report["money"]["value"]["before"] == pytest.approx(expected, abs=0.01)


def test_who_gets_nothing_is_counted_with_the_step_and_the_rule(company: list[Any]) -> None:
    body: Body = json.loads(json.dumps(words.body(), default=str))
    for content in body["treatments"].values():
        for treatment in content["treatment"]:
            treatment["rules"]["eligible"] = "tenure > 1000"
    report = simulate(body, NOW, 1)
    nothing = report["nothing"]
    # Ada's offer was presented: it is honoured whatever the draft says.
    assert nothing["after"] == len(company) - 1
    assert {why["rule"] for why in nothing["why"]} == {"tenure > 1000"}
    assert nothing["steps"] == [{"step": "eligible", "customers": len(company) - 1}]


def test_the_best_for_everyone_is_what_deciding_for_each_one_says(company: list[Any]) -> None:
    found = Counter(one.first.treatment if one.first else "" for one in simulations.best_of_all(NOW, 1, size=5))
    assert found == firsts(None)
    assert sum(found.values()) == len(company)


def test_groups_are_warned_of_below_four_fifths_and_small_ones_say_nothing() -> None:
    from backend.simulation import simulating

    def tallied(people: int, conceded: int) -> tallying.Tally:
        tally = tallying.Tally()
        for group, many in (("Female", conceded), ("Male", people)):
            for side in (tallying.NOW, tallying.THEN):
                tally.groups["gender", group, side, "customers"] = people
                tally.groups["gender", group, side, "conceded"] = many if group == "Female" else people // 2
                tally.groups["gender", group, side, "money"] = 10.0 * (many if group == "Female" else people // 2)
        return tally

    pack = Catalogue(0, json.loads(json.dumps(words.body(), default=str))).pack

    def warned(people: int, conceded: int) -> list[str]:
        [found] = simulating._fairness(tallied(people, conceded), pack)
        return list(found["warnings"])

    assert warned(100, 50) == []
    assert warned(100, 40) == [], "exactly four fifths is none"
    assert warned(100, 39) == ["rate", "money"]
    assert warned(20, 1) == []


def test_a_pack_that_is_none_is_refused_before_anybody_is_decided_for(company: list[Any]) -> None:
    with pytest.raises(PackError):
        simulate({"treatments": {}}, NOW, 1)


def test_a_process_of_the_crew_that_fails_says_so_and_one_may_be_stopped(
    company: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = batch.ranges
    monkeypatch.setattr(batch, "ranges", lambda session, size=0: real(session, 3))
    with pytest.raises(Stopped):
        simulate(draft_body(best()), NOW, 2, stopped=lambda: True)
    with pytest.raises(CrewFailed, match="NotFound"):
        batch.summed(batch.begin_best, (99, NOW), tallying.Tally(), 2)  # type: ignore[type-var]


# --- asked for on a page, done by a worker --------------------------------------------------------------------------


def checked() -> Any:
    draft_id = made()
    saved(draft_id, changed(name="Another name"))
    catalogues.check_draft(draft_id, AUTHOR, NOW)
    return draft_id


def ask(draft_id: Any) -> None:
    with db.transaction() as session:
        simulations.ask_simulation(session, draft_id, catalogues.draft(session, draft_id).revision, AUTHOR, NOW)


def simulation_of(draft_id: Any) -> simulations.Simulation:
    with db.reading() as session:
        found = simulations.simulation(session, draft_id)
    assert found is not None
    return found


def test_a_worker_simulates_a_checked_draft_which_has_reached_the_next_step_then(company: list[Any]) -> None:
    draft_id = made()
    with pytest.raises(Conflict, match="checked"):
        ask(draft_id)
    known = catalogues.check_draft(draft_id, AUTHOR, NOW)
    with pytest.raises(Conflict, match="simulated"), db.transaction() as session:
        catalogues.ask_approval(session, draft_id, known.revision, AUTHOR, NOW)
    assert simulated(draft_id, now=NOW).state == "simulated"
    found = simulation_of(draft_id)
    assert found.report is not None
    assert (found.state, found.done, found.total, found.report["customers"]) == ("done", 12, 12, 12)
    assert not simulations.simulate_next(NOW)


def test_a_simulation_of_a_text_that_changed_meanwhile_takes_the_draft_nowhere(company: list[Any]) -> None:
    draft_id = checked()
    ask(draft_id)
    taken = asked._take(NOW)
    assert taken is not None
    saved(draft_id, changed(name="Changed meanwhile"))
    report = simulate(draft_body(best()), NOW, 1)
    asked._finish(*taken, report)
    with db.reading() as session:
        assert catalogues.draft(session, draft_id).state == "draft"
    assert simulation_of(draft_id).digest != ""


def test_what_a_dead_worker_left_is_taken_by_another_after_its_lease(company: list[Any]) -> None:
    draft_id = checked()
    ask(draft_id)
    assert asked._take(NOW) is not None
    assert asked._take(NOW + asked.LEASE / 2) is None
    later = NOW + asked.LEASE + timedelta(seconds=1)
    assert simulations.simulate_next(later, processes=1)
    assert simulation_of(draft_id).state == "done"


def test_a_worker_that_is_told_to_end_leaves_the_simulation_to_the_next(company: list[Any]) -> None:
    draft_id = checked()
    ask(draft_id)
    assert simulations.simulate_next(NOW, stopped=lambda: True, processes=1)
    assert simulation_of(draft_id).state == "waiting"
    ended = threading.Event()
    worker = threading.Thread(target=simulations.simulate_until, args=(ended, 1))
    worker.start()
    try:
        for _ in range(200):
            if simulation_of(draft_id).state == "done":
                break
            threading.Event().wait(0.05)
    finally:
        ended.set()
        worker.join(10)
    assert simulation_of(draft_id).state == "done"


def test_a_simulation_that_cannot_be_finished_says_why(company: list[Any]) -> None:
    draft_id = checked()
    ask(draft_id)
    with db.transaction() as session:
        session.execute(update(_SIMULATION).values(digest="another"))
    assert not simulations.simulate_next(NOW, processes=1)
    found = simulation_of(draft_id)
    assert (found.state, found.error) == ("failed", "The draft's text changed before it was simulated.")


def test_the_draft_honours_what_was_presented_under_what_is_in_force(company: list[Any]) -> None:
    with db.reading() as session:
        inputs = gather(session, ADA, NOW)
        present = publishing.in_force(session)
    first = engine.decide(inputs.snapshot, inputs.ledger, inputs.configuration).ranked[0]
    then = drafted(inputs.configuration, Catalogue(DRAFT, draft_body(first.treatment)))
    still = engine.decide(inputs.snapshot, inputs.ledger, then).ranked[0]
    assert (still.treatment, still.terms, still.catalogue_version) == (
        first.treatment,
        first.terms,
        present.catalogue.version,
    )


def shown(ruling: Any) -> tuple[Any, ...]:
    """A ruling without the version: what is alike in two of them names the one in force."""
    ranked = [(r.treatment, r.subject, r.factors, r.terms, r.valid_until, r.live, r.pinned) for r in ruling.ranked]
    return ranked, sorted((w.treatment, w.subject, w.step, w.rule, w.detail) for w in ruling.withheld)


def test_side_by_side_both_decide_as_the_engine_does_for_each_alone(company: list[Any]) -> None:
    """For every treatment taken out, made worth more, or given another rule: for everyone, who was offered things before."""
    whole: Body = json.loads(json.dumps(words.body(), default=str))
    with db.reading() as session:
        present = publishing.in_force(session)
        everyone = [gather(session, customer_id, NOW) for customer_id in company]
    shared = 0
    for key in present.catalogue.treatments:
        for change in ({"gone": True}, {"acceptance": 0.97}, {"eligible": "tenure > 12"}):
            body: Body = draft_body(key) if "gone" in change else json.loads(json.dumps(whole))
            for content in body["treatments"].values():
                for treatment in content["treatment"]:
                    if treatment["key"] == key:
                        rule = (
                            {"rules": {**treatment["rules"], "eligible": change["eligible"]}}
                            if "eligible" in change
                            else change
                        )
                        treatment.update(rule)
            compared = Comparison(present.catalogue, body, DRAFT)
            shared += compared._few is not None
            for inputs in everyone:
                draft = drafted(inputs.configuration, compared.draft)
                now, then = compared.rulings(
                    (inputs.snapshot, inputs.snapshot), inputs.ledger, inputs.configuration, draft
                )
                assert shown(now) == shown(engine.decide(inputs.snapshot, inputs.ledger, inputs.configuration))
                assert shown(then) == shown(engine.decide(inputs.snapshot, inputs.ledger, draft)), (key, change)
    assert shared > 20, "the check itself: most of these drafts are few enough changes"


def test_a_draft_that_changes_more_than_treatments_is_decided_on_as_a_whole(company: list[Any]) -> None:
    body: Body = json.loads(json.dumps(words.body(), default=str))
    body["pack"]["policies"]["attention_cost"] = 3.0
    with db.reading() as session:
        compared = Comparison(publishing.in_force(session).catalogue, body, DRAFT)
    assert compared._few is None
    assert firsts(body) == Counter({
        row["treatment"]: row["after"] for row in simulate(body, NOW, 1)["treatments"] if row["after"]
    } | {"": simulate(body, NOW, 1)["nothing"]["after"]})  # fmt: skip
