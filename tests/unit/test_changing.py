"""What would change a decision: each suggestion is true when tried by the separate reference, and nothing smaller works."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from backend.engine import changing
from backend.engine import deciding as engine
from backend.engine.changing import Goal, Step, World, goal_for, search
from backend.profiles.service import snapshot
from tests import strategies
from tests.unit import bridge
from tests.unit.reference import decision as reference
from tests.unit.reference.cases import NOW, ago, moment, offer, person, setting

FEW = settings(
    max_examples=40, deadline=None, derandomize=True, database=None, phases=[Phase.generate],
    report_multiple_bugs=False, suppress_health_check=list(HealthCheck),
)  # fmt: skip
NEVER = ("churn_risk", "age", "tenure", "gender", "monthly")
"""What nobody can act on."""


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changing, "LONGEST_WAIT", 40)


def zone_of(given: dict[str, Any]) -> ZoneInfo:
    return ZoneInfo(given["configuration"]["catalogue"]["pack"]["timezone"])


def instants(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    begins = datetime(day.year, day.month, day.day, tzinfo=zone)
    after = day + timedelta(days=1)
    return begins, datetime(after.year, after.month, after.day, tzinfo=zone) - timedelta(microseconds=1)


def world_of(given: dict[str, Any]) -> World:
    configuration = bridge.configuration_of(given["configuration"])
    profile = bridge.profile_of(given["profile"], given["configuration"]["catalogue"])
    pack = configuration.catalogue.pack
    return World(
        snapshot(profile, given["now"], pack),
        bridge.ledger_of(given["offers"], configuration),
        configuration,
        lambda day: [snapshot(profile, at, pack) for at in instants(day, zone_of(given))],
    )


def after(given: dict[str, Any], steps: tuple[Step, ...]) -> Iterator[reference.Decision]:
    """The reference's decisions after these steps, which it is told as changes of the profile, the offers and the day."""
    profile, offers = copy.deepcopy(given["profile"]), copy.deepcopy(given["offers"])
    body, nows = given["configuration"]["catalogue"], [given["now"]]
    today = given["now"].astimezone(zone_of(given)).date()
    acts = {a["key"]: a for a in body["acts"]["act"]}
    facts = {f["key"]: f for f in body["facts"]["fact"]}
    for step in steps:
        if step.kind == "wait":
            nows = list(instants(date.fromisoformat(step.key), zone_of(given)))
        elif step.kind == "act":
            for key, value in acts[step.key]["set"].items():
                if key in facts:
                    profile["facts"].setdefault("values", {})[facts[key]["value"]] = value
                else:
                    profile["attributes"][key] = value
        elif step.kind == "consent":
            profile["consents"][f"{step.key}/{body['matrix']['channel'][0]['key']}"] = "granted"
        elif step.kind == "moment":
            intent = next(i for i in body["intents"]["intent"] if i["key"] == step.key)
            old = profile.get("moment")
            profile["moment"] = {
                "version": old["version"] + 1 if old else 1, "stage": intent["stage"], "intent": step.key, "source": "stated",
                "set_at": given["now"], "fades_at": given["now"] + timedelta(hours=1),
            }  # fmt: skip
        else:
            nth = int(step.key.replace("-", ""), 16) - 1000
            offers[nth] |= {"state": "declined", "answered_on": today, "until": None}
    for now in nows:
        yield reference.decide(profile, offers, given["configuration"], now)


def reaches(given: dict[str, Any], goal: Goal, steps: tuple[Step, ...]) -> bool:
    for decision in after(given, steps):
        order = [p.treatment for p in decision.ranked]
        if goal.kind == "first" and order[:1] != [goal.treatment]:
            return False
        if goal.kind in ("offered", "before") and goal.treatment not in order:
            return False
        if goal.kind == "before" and goal.other in order[: order.index(goal.treatment)]:
            return False
        if goal.kind == "anything" and not order:
            return False
    return True


def goals_of(world: World, seed: int) -> list[Goal]:
    """The general question, and "why not?" for a few treatments."""
    ruling = engine.decide(world.snapshot, world.ledger, world.configuration)
    keys = sorted(world.configuration.catalogue.treatments)
    ranked = [r.treatment for r in ruling.ranked]
    assert not ranked or goal_for(ruling) == goal_for(ruling, ranked[0])
    found = [goal_for(ruling, key) for key in ["", *Random(seed).sample(keys, min(2, len(keys)))]]
    return [goal for goal in found if goal is not None]


def hindered(world: dict[str, Any]) -> dict[str, Any]:
    """The same with two things in the way of each sale: a complaint, and no consent."""
    profile = copy.deepcopy(world["profile"])
    profile["facts"]["values"] = {"open_complaints": 1}
    profile["consents"] = {}
    return {**world, "profile": profile}


def test_every_suggestion_is_true_when_tried_and_no_smaller_one_works() -> None:
    sizes: list[int] = []

    @FEW
    @given(strategies.worlds())
    def tried(drawn: Any) -> None:
        given_ = hindered(drawn) if len(sizes) % 3 else drawn
        world = world_of(given_)
        for nth, goal in enumerate(goals_of(world, len(sizes))):
            found = search(world, goal)
            assert found == search(world, goal), "the same question has the same answer"
            assert found.complete
            assert found.tried <= changing.MOST_TRIES
            for one in found.suggestions:
                assert reaches(given_, goal, one.steps), (goal, one)
                assert not any(word in step.key for step in one.steps for word in NEVER)
            size = len(found.suggestions[0].steps) if found.suggestions else 2
            sizes.append(len(found.suggestions) and size)
            if nth == 0:
                smaller = [s for s in changing.space(world, goal) if len(s) < size and s[0].kind != "wait"]
                smaller += [s for s in changing.space(world, goal) if len(s) < size and s[0].kind == "wait"][:12]
                assert not any(reaches(given_, goal, steps) for steps in smaller), goal
            if found.suggestions:
                first = found.suggestions[0].steps
                before = [s for s in changing.space(world, goal) if len(s) == size]
                for steps in before[: min(before.index(first), 15)]:
                    assert not reaches(given_, goal, steps), (goal, steps, first)

    tried()
    assert sizes.count(1) > 10, "worlds in which one step helps"
    assert sizes.count(2) > 2, "worlds in which it takes two"
    assert sizes.count(0) > 2, "and worlds in which nothing does"


def ask(profile: dict[str, Any], offers: list[dict[str, Any]], goal: Goal | str, **changes: Any) -> list[list[str]]:
    given_ = {"profile": profile, "offers": offers, "configuration": setting(**changes), "now": NOW}
    world = world_of(given_)
    asked = (
        goal_for(engine.decide(world.snapshot, world.ledger, world.configuration), goal)
        if isinstance(goal, str)
        else goal
    )
    assert asked is not None
    return [[f"{s.kind}:{s.key}" for s in one.steps] for one in search(world, asked).suggestions]


def test_a_sale_that_an_open_complaint_silences_comes_back_when_it_is_solved() -> None:
    assert ask(person(open_complaints=1), [], "faster")[0] == ["act:solve_complaint"]


def test_a_consent_that_is_missing_is_what_would_bring_an_offer() -> None:
    assert ask(person(consents={}), [], "faster")[0] == ["consent:marketing"]


def test_two_things_in_the_way_take_two_steps() -> None:
    assert ask(person(open_complaints=1, consents={}), [], "faster")[0] == ["act:solve_complaint", "consent:marketing"]


def test_what_was_declined_comes_back_on_the_first_day_after_its_cool_off() -> None:
    declined = offer("faster", "declined", 2, answered_on=ago(2), terms=[])
    found = ask(person(), [declined], "faster", faster={"cool_off_days": 20})
    assert found == [[f"wait:{(ago(2) + timedelta(days=20)).isoformat()}"]]


def test_what_was_presented_first_gives_way_when_it_is_answered() -> None:
    films = offer("films", "presented", 0, first=True, terms=[("price", 800), ("months", 6)])
    assert [f"answer:{bridge.ledger_of([films], bridge.configuration_of(setting())).offers[0].offer_id}"] in ask(
        person(), [films], "films"
    )


def test_one_that_stands_alone_has_nothing_to_be_flipped_with() -> None:
    ruling = engine.Ruling((), (), {})
    assert goal_for(ruling, "faster") == Goal("offered", "faster")
    _, ruling = bridge.ruling_of(person(), [], setting(), NOW)
    alone = engine.Ruling(ruling.ranked[:1], (), {})
    assert goal_for(alone, alone.ranked[0].treatment) is None


def test_the_moment_is_the_customers_to_say_and_steps_that_undo_one_another_are_not_tried_together() -> None:
    world = world_of({"profile": person(moment=moment("use")), "offers": [], "configuration": setting(), "now": NOW})
    for steps in changing.space(world, Goal("offered", "faster")):
        kinds = [s.kind for s in steps]
        assert kinds.count("moment") <= 1
        assert not {"moment", "wait"} <= set(kinds)
        assert len({s.key for s in steps}) == len(steps)


def test_a_search_that_ends_early_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changing, "MOST_TRIES", 3)
    world = world_of({"profile": person(), "offers": [], "configuration": setting(), "now": NOW})
    found = search(world, Goal("offered", "no_such_treatment"))
    assert (found.suggestions, found.tried, found.complete) == ((), 3, False)


def test_where_later_days_cannot_be_known_nothing_is_waited_for() -> None:
    given_ = {"profile": person(), "offers": [], "configuration": setting(), "now": NOW}
    world = World(*[getattr(world_of(given_), name) for name in ("snapshot", "ledger", "configuration")])
    found = search(world, Goal("offered", "no_such_treatment"))
    assert not found.waiting
    assert all(s.kind != "wait" for steps in changing.space(world, Goal("offered", "x")) for s in steps)


@pytest.mark.parametrize("planted", ["too much", "too little"])
def test_a_search_that_lies_would_be_found(monkeypatch: pytest.MonkeyPatch, planted: str) -> None:
    """The check itself: the reference sees through a suggestion that does not hold, and finds the smaller one that was missed."""
    given_ = {"profile": person(consents={}), "offers": [], "configuration": setting(), "now": NOW}
    world, goal = world_of(given_), Goal("offered", "faster")
    if planted == "too much":
        granted = {"marketing/phone": "granted"}
        monkeypatch.setattr(changing, "_said", lambda seen, *_: replace(seen, consents=granted))
        assert not all(reaches(given_, goal, one.steps) for one in search(world, goal).suggestions)
    else:
        monkeypatch.setattr(Goal, "reached", lambda *_: False)
        assert search(world, goal).suggestions == ()
        assert any(reaches(given_, goal, steps) for steps in changing.space(world, goal) if len(steps) == 1)
