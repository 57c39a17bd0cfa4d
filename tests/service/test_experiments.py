"""Experiments: planned, begun by a second person, one face for each customer everywhere, replayed, guarded, decided."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from backend import db
from backend.catalogue import service as catalogues
from backend.proving import service as proving
from backend.proving.rules import arm_in
from backend.record.tables import AuditEntryRow
from backend.reporting import service as reporting
from backend.simulation import batch
from backend.treatments import service as treatments
from backend.trials import planning
from backend.trials import service as trials
from backend.trials.service import Plan, PlannedArm, Trial
from shared.kernel.actors import Actor
from shared.kernel.errors import Conflict, Forbidden, Invalid
from tests.small_company import (
    ADA,
    DAY,
    NOW,
    answer,
    decide,
    enter,
    learn,
    offer_of,
    open_company,
    order,
    publish,
    row_of,
)
from tests.steps_of_drafts import AUTHOR, FILE, SECOND, changed, made, saved, simulated

_AUDIT = db.table_of(AuditEntryRow)
CONTROL = PlannedArm("control", "As it is")


@pytest.fixture(autouse=True)
def company(database: str) -> str:
    open_company()
    return database


def drafted(old: str, new: str, name: str = "Other words") -> PlannedArm:
    """An arm of a draft that has this in place of that, checked and simulated."""
    draft_id = made(name)
    text = changed()
    assert old in text
    known = saved(draft_id, text.replace(old, new, 1))
    catalogues.check_draft(draft_id, AUTHOR, NOW)
    known = simulated(draft_id, now=NOW)
    assert known.state == "simulated", known.problems
    return PlannedArm("b", name, draft_id, known.digest)


def plan(*arms: PlannedArm, **more: Any) -> Plan:
    plain = Plan(
        name="New words for films", purpose="Plainer words are taken up more often.", arms=(CONTROL, *arms), metric="acceptance",
        window_days=7, usual=0.2, spread=0.0, lift=0.5, power=0.8, share=1.0, segment="", guardrails=("retention", "experience"),
    )  # fmt: skip
    return replace(plain, **more)


def planned(wanted: Plan, actor: Actor = AUTHOR) -> Trial:
    with db.transaction() as session:
        return trials.trial(session, trials.plan_trial(session, wanted, actor, NOW))


def act(what: Any, known: Trial, *more: Any, actor: Actor = AUTHOR, now: Any = NOW) -> Trial:
    with db.transaction() as session:
        what(session, known.experiment_id, known.revision, *more, actor, now)
        return trials.trial(session, known.experiment_id)


def running(*arms: PlannedArm, **more: Any) -> Trial:
    return act(trials.start, act(trials.ask, planned(plan(*arms, **more))), actor=SECOND)


def one_in(known: Trial, arm: str, but: Collection[UUID] = ()) -> UUID:
    """A new customer whom the hash puts in this arm."""
    for nth in range(300):
        customer_id = UUID(int=ADA.int + 0x10000 * (nth + 1))
        if customer_id not in but and arm_in(known.published(), str(customer_id), {}) == arm:
            return enter(nth)[0]
    raise AssertionError


def words(customer_id: UUID, treatment: str, now: Any = NOW) -> list[str]:
    """The headline of the treatment on the portal and at the desk's view of it, for this customer."""
    with db.reading() as session:
        decided = treatments.decide(customer_id, now)
        item = next(r for r in decided.ranked if r.treatment == treatment)
        t = decided.inputs.configuration.catalogue_of(item.catalogue_version).treatments[treatment]
    assert t.portal is not None
    assert session is not None
    return [t.portal.headline]


def acts_on_record(action: str) -> int:
    with db.reading() as session:
        return int(session.execute(select(func.count()).where(_AUDIT.c.action == action)).scalar_one())


def test_each_arm_has_its_own_words_and_all_else_alike() -> None:
    known = running(drafted("About films", "Films for you"))
    assert (known.treatments, known.trigger) == (("films",), "ranked")
    ours, theirs = one_in(known, "b"), one_in(known, "control")
    assert words(ours, "films") == ["Films for you"]
    assert words(theirs, "films") == ["About films"]
    assert order(decide(customer_id=ours)) == order(decide(customer_id=theirs))


def test_every_channel_shows_one_face() -> None:
    known = running(drafted("About films", "Films for you"))
    for arm, headline in (("b", "Films for you"), ("control", "About films")):
        views, differences = treatments.compare_channels(one_in(known, arm), ("phone", "portal", "email"), NOW)
        assert differences == []
        told = {shown.headline for view in views for shown in view.shown} & {"Films for you", "About films"}
        assert told == {headline}


def test_levers_are_an_arm_too() -> None:
    known = running(PlannedArm("b", "More films", levers=(("films", 3.0),)))
    ours, theirs = one_in(known, "b"), one_in(known, "control")
    lever = {
        one: next(r.factors.lever for r in decide(customer_id=one).ranked if r.treatment == "films")
        for one in (ours, theirs)
    }
    assert (lever[ours], lever[theirs]) == (3.0, 1.0)
    assert known.trigger == "decision"


def test_a_whole_catalogue_is_an_arm_too() -> None:
    draft_id = made("Keener on money")
    with db.reading() as session:
        files = catalogues.files_of(session, 1)
    saved(draft_id, files["pack.toml"].replace("beta = 0.5", "beta = 0.3"), "pack.toml")
    catalogues.check_draft(draft_id, AUTHOR, NOW)
    draft = simulated(draft_id, now=NOW)
    known = running(PlannedArm("b", "Keener on money", draft_id, draft.digest))
    assert (known.treatments, known.trigger) == ((), "decision")
    ours, theirs = decide(customer_id=one_in(known, "b")), decide(customer_id=one_in(known, "control"))
    assert (ours.inputs.configuration.catalogue.version, theirs.inputs.configuration.catalogue.version) == (2, 1)
    assert ours.inputs.pack.policies.beta == 0.3


def test_a_customer_counts_from_the_first_decision_that_it_could_change() -> None:
    known = running(drafted("About films", "Films for you"))
    ours = one_in(known, "b")
    learn(customer_id=ours, attributes={"tenure": 24})
    with db.reading() as session:
        assert proving.counts(session, [known.rule]) == {}
    decide(customer_id=ours)
    with db.reading() as session:
        assert proving.counts(session, [known.rule]) == {known.rule: {"b": 1}}


def test_decisions_under_an_experiment_come_out_again_after_it_ended() -> None:
    known = running(drafted("About films", "Films for you"))
    people = [one_in(known, arm) for arm in ("b", "control")]
    made_then = [decide(customer_id=one).decision_id for one in people]
    act(trials.stop, known, "Enough.", actor=SECOND)
    made_then += [decide(NOW + DAY, one).decision_id for one in people]
    with db.reading() as session:
        for decision_id in made_then:
            assert decision_id is not None
            assert treatments.replay(session, decision_id).differences == ()


def test_an_offer_presented_in_an_arm_is_honoured_as_it_was_after_the_end() -> None:
    known = running(drafted("About films", "Films for you"))
    ours = one_in(known, "b")
    offer_id = offer_of(decide(customer_id=ours), "films")
    answer(offer_id, "presented")
    act(trials.stop, known, "Enough.", actor=SECOND)
    assert words(ours, "films", NOW + timedelta(hours=1)) == ["Films for you"]
    assert row_of(offer_id).catalogue_version == 2
    fresh = one_in(known, "b", but=[ours])
    assert words(fresh, "films") == ["About films"]


def test_what_was_presented_before_it_began_keeps_its_words() -> None:
    arm = drafted("About films", "Films for you")
    asked = act(trials.ask, planned(plan(arm)))
    ours = one_in(asked, "b")
    answer(offer_of(decide(customer_id=ours), "films"), "presented")
    act(trials.start, asked, actor=SECOND)
    assert words(ours, "films", NOW + timedelta(hours=1)) == ["About films"]


def test_a_decision_for_all_gives_each_the_face_of_their_arm() -> None:
    known = running(PlannedArm("b", "No films", levers=(("films", 0.0), ("faster", 0.0))))
    ours, theirs = one_in(known, "b"), one_in(known, "control")
    first = {one.customer_id: one.first for one in batch.best_of_all(NOW, 1)}
    for one in (ours, theirs):
        best = first[one]
        assert best is not None
        assert best.treatment == order(decide(customer_id=one))[0]


def test_only_a_part_of_customers_takes_part_where_it_says_so() -> None:
    known = running(drafted("About films", "Films for you"), share=0.3)
    arms = [arm_in(known.published(), str(UUID(int=n)), {}) for n in range(4_000)]
    # Seven deviations to each side: by the experiment's id the hash draws others each time.
    assert 0.25 < sum(arm is not None for arm in arms) / 4_000 < 0.35
    assert 0.11 < arms.count("b") / 4_000 < 0.19


def test_nobody_starts_what_they_planned_or_wrote() -> None:
    arm = drafted("About films", "Films for you")
    both = replace(AUTHOR, permissions=AUTHOR.permissions | SECOND.permissions)
    asked = act(trials.ask, planned(plan(arm), both))
    with pytest.raises(Forbidden, match="second person"):
        act(trials.start, asked, actor=both)
    with pytest.raises(Forbidden):
        act(trials.start, asked, actor=AUTHOR)
    other = replace(both, id="s-third", name="Kit Third")
    asked = act(trials.ask, planned(plan(arm, name="Again"), other))
    with pytest.raises(Forbidden, match="hand in"):
        act(trials.start, asked, actor=both)


def test_a_draft_that_was_changed_since_is_not_tried() -> None:
    arm = drafted("About films", "Films for you")
    asked = act(trials.ask, planned(plan(arm)))
    assert arm.draft_id is not None
    with db.reading() as session:
        text = catalogues.draft(session, arm.draft_id).files[FILE]
    saved(arm.draft_id, text.replace("Films for you", "Films, films, films"))
    with pytest.raises(Invalid, match="cannot be carried out"):
        act(trials.start, asked, actor=SECOND)
    catalogues.check_draft(arm.draft_id, AUTHOR, NOW)
    simulated(arm.draft_id, now=NOW)
    with pytest.raises(Conflict, match="was changed since"):
        act(trials.start, asked, actor=SECOND)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": " "}, "name"), ({"purpose": ""}, "purpose"), ({"metric": "luck"}, "metric"), ({"window_days": 0}, "window_days"),
        ({"share": 0.0}, "share"), ({"usual": 0.0}, "usual"), ({"usual": 1.0}, "usual"), ({"lift": 0.0}, "lift"), ({"power": 1.0}, "power"),
        ({"segment": "nobody"}, "segment"), ({"guardrails": ("luck",)}, "guardrails"), ({"arms": (CONTROL,)}, "arms"),
        ({"arms": (CONTROL, PlannedArm("b", "Nothing"))}, "arm1"), ({"arms": (CONTROL, PlannedArm("b", "x", levers=(("nothing", 2.0),)))}, "levers1"),
        ({"arms": (CONTROL, PlannedArm("b", "x", levers=(("films", 11.0),)))}, "levers1"),
        ({"arms": (CONTROL, PlannedArm("b", "x", UUID(int=7), "d"))}, "arm1"), ({"metric": "value", "usual": 5.0}, "spread"),
        ({"usual": 0.0001, "lift": 0.01}, "lift"),
    ],
)  # fmt: skip
def test_a_plan_that_cannot_be_carried_out_says_which_part(change: dict[str, Any], field: str) -> None:
    wanted = replace(plan(PlannedArm("b", "More films", levers=(("films", 2.0),))), **change)
    with pytest.raises(Invalid) as refused:
        planned(wanted)
    assert field in refused.value.errors


def test_protected_attributes_choose_nobody_for_an_experiment() -> None:
    publish(segments={"quiet": {"rule": "age >= 65"}})
    with pytest.raises(Invalid) as refused:
        planned(plan(PlannedArm("b", "More films", levers=(("films", 2.0),)), segment="quiet"))
    assert "protected" in refused.value.errors["segment"]


def test_two_experiments_that_change_the_same_do_not_run_together() -> None:
    running(PlannedArm("b", "More films", levers=(("films", 2.0),)))
    asked = act(trials.ask, planned(plan(drafted("About films", "Films for you"))))
    with pytest.raises(Conflict, match="changes the same"):
        act(trials.start, asked, actor=SECOND)
    running(PlannedArm("b", "More tips", levers=(("tip", 2.0),)))
    with db.reading() as session:
        assert len(catalogues.in_force(session).experiments) == 2


def test_the_planned_number_of_customers_is_reckoned_beforehand() -> None:
    known = planned(plan(PlannedArm("b", "More films", levers=(("films", 2.0),))))
    assert known.needed == proving.customers_needed(0.2, 0.16, 0.5, power=0.8, shares=True)
    three = planned(plan(*(PlannedArm(key, key, levers=(("films", 2.0),)) for key in "bc")))
    assert three.needed > known.needed


def test_another_catalogue_with_other_treatments_ends_it_at_once() -> None:
    known = running(drafted("About films", "Films for you"))
    ours = one_in(known, "b")
    assert words(ours, "films") == ["Films for you"]
    publish(films={"acceptance": 0.3})
    assert words(ours, "films", NOW + DAY) == ["About films"]
    assert trials.look_due(NOW + DAY) == 1
    with db.reading() as session:
        ended = trials.trial(session, known.experiment_id)
    assert ended.state == "stopped"
    assert "Another catalogue" in (ended.ended_words or "")


def test_another_catalogue_that_has_them_alike_does_not() -> None:
    known = running(drafted("About films", "Films for you"))
    ours = one_in(known, "b")
    publish(tip={"acceptance": 0.06})
    assert words(ours, "films") == ["Films for you"]
    with db.reading() as session:
        assert [one.key for one in catalogues.in_force(session).experiments] == [known.key]


def test_a_version_that_was_only_tried_is_not_put_in_force_by_a_rollback() -> None:
    running(drafted("About films", "Films for you"))
    with db.transaction() as session, pytest.raises(Conflict, match="only ever tried"):
        catalogues.roll_back(session, 2, 1, SECOND, NOW)
    with db.reading() as session:
        assert {one.version: one.state for one in catalogues.versions(session)} == {2: "tried", 1: "in_force"}


def test_what_it_found_is_kept_and_an_arm_that_harms_is_stopped_on_the_record(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nearly everyone takes it up as it is, and hardly anybody in the arm: that cannot be chance."""
    monkeypatch.setattr("backend.proving.statistics.LEAST", 10)
    monkeypatch.setattr("backend.proving.statistics.LEAST_EVENTS", 3)
    known = running(PlannedArm("b", "More films", levers=(("films", 2.0),)), guardrails=("acceptance",))
    # Thirty of each, whoever they are: who is in which arm follows from the experiment's id, which is drawn anew each time.
    people: dict[str, list[UUID]] = {"control": [], "b": []}
    for arm, some in people.items():
        for nth in range(30):
            some.append(one_in(known, arm, but=some))
            decided = decide(customer_id=some[-1])
            if (arm == "control") == (nth % 9 != 0):
                answer(offer_of(decided, "films"), "accepted")
    reporting.roll_all(NOW + DAY)
    found = trials.look_at(known.experiment_id, NOW + DAY)
    assert found["customers"] == 0
    later = NOW + 8 * DAY
    assert trials.look_due(later) == 1
    with db.reading() as session:
        ended, found = trials.trial(session, known.experiment_id), trials.latest(session, known.rule)
        in_force = catalogues.in_force(session)
    assert found is not None
    assert found["customers"] == 60
    assert found["metrics"]["acceptance"]["control"]["mean"] > 0.8
    assert found["metrics"]["acceptance"]["arms"]["b"]["difference"] < -0.6
    assert found["harmed"] == {"b": "acceptance"}
    assert ended.state == "stopped"
    assert ended.plan.arms[1].stopped
    assert in_force.experiments == ()
    assert acts_on_record("experiment.arm_stopped") == 1
    assert trials.look_due(later + DAY) == 0


def test_it_is_decided_when_it_has_ended_by_who_may() -> None:
    known = running(PlannedArm("b", "More films", levers=(("films", 2.0),)))
    with pytest.raises(Conflict):
        act(trials.decide, known, "b", "It was better.", actor=SECOND)
    ended = act(trials.stop, known, "Enough.", actor=SECOND)
    with pytest.raises(Invalid):
        act(trials.decide, ended, "z", "It was better.", actor=SECOND)
    done = act(trials.decide, ended, "b", "It was better.", actor=SECOND)
    assert (done.state, done.winner) == ("decided", "b")
    with pytest.raises(Conflict):
        act(trials.stop, done, "Again.", actor=SECOND)


def test_two_people_at_once_are_told_apart() -> None:
    known = planned(plan(PlannedArm("b", "More films", levers=(("films", 2.0),))))
    asked = act(trials.ask, known)
    with pytest.raises(Conflict, match="meanwhile"):
        act(trials.ask, known)
    back = act(trials.send_back, asked, "Say why.", actor=SECOND)
    assert (back.state, back.returned_words) == ("draft", "Say why.")
    changed_plan = act(trials.change_plan, back, replace(back.plan, lift=0.4))
    assert changed_plan.plan.lift == 0.4
    assert changed_plan.needed > back.needed
    assert act(trials.withdraw, changed_plan).state == "withdrawn"


def test_how_it_goes_today_is_reckoned_from_customers() -> None:
    for nth in range(20):
        customer_id, _ = enter(nth)
        if nth < 5:
            answer(offer_of(decide(customer_id=customer_id), "films"), "accepted")
    reporting.roll_all(NOW)
    with db.reading() as session:
        sample = trials.usual(session, 14 * DAY, NOW + DAY)
    assert sample.n == 22
    assert sample.after["acceptance"].sum() == 5
    assert sample.after["value"].sum() > 0
    assert sample.after["retention"].mean() == 1.0
    assert planning.READY


def test_every_fault_of_every_arm_is_told_at_once() -> None:
    nothing, much = PlannedArm("b", "x", levers=(("nothing", 2.0),)), PlannedArm("c", "y", levers=(("films", 11.0),))
    with pytest.raises(Invalid) as refused:
        planned(plan(nothing, much))
    assert set(refused.value.errors) == {"levers1", "levers2"}
