"""One decision for every channel, for whatever customer, moment, catalogue, ledger and day: a channel may only withhold, and says why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import combinations, pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from backend.engine import deciding as engine
from backend.engine import delivery
from backend.engine.deciding import Ruling
from backend.engine.delivery import Delivery
from tests import strategies
from tests.strategies import CHANNELS
from tests.unit import bridge
from tests.unit.bridge import name_of
from tests.unit.reference import decision as reference
from tests.unit.reference.words import Rule

QUICK = settings(
    max_examples=120,
    deadline=None,
    derandomize=True,
    database=None,
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)
asking: dict[str, str] = {}
"""Which channel is asking right now. Nothing of ours can know it; a planted leak reads it."""


def views_of(world: dict[str, Any]) -> dict[str, tuple[Ruling, Delivery]]:
    """The decision and its delivery, asked for anew by each channel."""
    views = {}
    for channel in CHANNELS:
        asking["channel"] = channel
        seen, ruling = bridge.ruling_of(world["profile"], world["offers"], world["configuration"], world["now"])
        configuration = bridge.configuration_of(world["configuration"])
        views[channel] = ruling, delivery.deliver(ruling.ranked, seen, configuration, channel)
    return views


def assert_parity(world: dict[str, Any]) -> None:
    """For any two channels: what both deliver is the same in order, terms and factors, and a rule explains each difference."""
    views = views_of(world)
    for (one, (_, mine)), (two, (_, theirs)) in combinations(views.items(), 2):
        delivered = [{name_of(r): r for r in d.here} for d in (mine, theirs)]
        common = [name_of(r) for r in mine.here if name_of(r) in delivered[1]]
        assert common == [name_of(r) for r in theirs.here if name_of(r) in delivered[0]], f"order: {one}, {two}"
        for name in common:
            a, b = delivered[0][name], delivered[1][name]
            assert a.terms == b.terms, f"terms of {name}: {one}, {two}"
            assert a.factors == b.factors, f"factors of {name}: {one}, {two}"
            assert a == b, f"{name}: {one}, {two}"
        for here, there, d in ((0, 1, theirs), (1, 0, mine)):
            rules = {name_of(r): w for r, w in d.elsewhere}
            for name in set(delivered[here]) - set(delivered[there]):
                assert name in rules, f"{name} is missing without a word: {one}, {two}"
                assert rules[name].rule, f"{name} is missing without a rule: {one}, {two}"
                assert rules[name].step == "deliverable"


def check(property_: Callable[[dict[str, Any]], None], *, shrink: bool = True, examples: int = 120) -> None:
    """Tries the property on many worlds. Raises AssertionError where one breaks it."""
    phases = list(Phase) if shrink else [Phase.generate]

    @settings(QUICK, phases=phases, max_examples=examples)
    @given(strategies.worlds())
    def tried(world: dict[str, Any]) -> None:
        property_(world)

    tried()


def test_all_channels_show_the_same_decision() -> None:
    check(assert_parity)


def leak_in_the_match(patch: pytest.MonkeyPatch) -> None:
    real = engine.context_value
    patch.setattr(engine, "context_value", lambda w, q: real(w, q) + (1e-6 if asking["channel"] == "portal" else 0))


def leak_in_the_terms(patch: pytest.MonkeyPatch) -> None:
    real = engine.terms_of

    def cheaper(*given: Any) -> Any:
        terms = real(*given)
        return tuple(
            t._replace(value=t.value + 1) if t.unit == "money" and asking["channel"] == "sms" else t for t in terms
        )  # type: ignore[operator]

    patch.setattr(engine, "terms_of", cheaper)


def leak_in_the_order(patch: pytest.MonkeyPatch) -> None:
    real = engine.in_order
    patch.setattr(engine, "in_order", lambda *a: real(*a)[:: -1 if asking["channel"] == "email" else 1])


def leak_in_the_funnel(patch: pytest.MonkeyPatch) -> None:
    real = engine.contact.refusal
    quiet = ("quiet", "Not by telephone.", {})
    patch.setattr(engine.contact, "refusal", lambda *a: quiet if asking["channel"] == "phone" else real(*a))


def leak_of_a_date(patch: pytest.MonkeyPatch) -> None:
    real = engine._candidate

    def sooner(*given: Any) -> Any:
        ranked = real(*given)
        return (
            ranked._replace(valid_until=ranked.valid_until.replace(year=2030))
            if asking["channel"] == "portal" and isinstance(ranked, engine.Ranked)
            else ranked
        )

    patch.setattr(engine, "_candidate", sooner)


def channel_that_ranks_again(patch: pytest.MonkeyPatch) -> None:
    real = delivery.deliver

    def reordered(*given: Any) -> Delivery:
        d = real(*given)
        return replace(d, here=tuple(reversed(d.here))) if d.channel == "portal" else d

    patch.setattr(delivery, "deliver", reordered)


def channel_that_drops_in_silence(patch: pytest.MonkeyPatch) -> None:
    real = delivery.deliver

    def silent(*given: Any) -> Delivery:
        d = real(*given)
        return replace(d, here=d.here[:-1]) if d.channel == "phone" else d

    patch.setattr(delivery, "deliver", silent)


def channel_without_a_reason(patch: pytest.MonkeyPatch) -> None:
    real = delivery.refusal
    patch.setattr(delivery, "refusal", lambda *a: ("", "") if real(*a) else None)


@pytest.mark.parametrize(
    "plant",
    [
        leak_in_the_match, leak_in_the_terms, leak_in_the_order, leak_in_the_funnel, leak_of_a_date,
        channel_that_ranks_again, channel_that_drops_in_silence, channel_without_a_reason,
    ],
)  # fmt: skip
def test_a_planted_leak_of_the_channel_breaks_the_property(
    plant: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch)
    with pytest.raises(AssertionError):
        check(assert_parity, shrink=False)


def assert_as_the_reference(world: dict[str, Any]) -> None:
    """The engine and the reference agree on the whole decision and on every channel's delivery."""
    wanted = reference.decide(world["profile"], world["offers"], world["configuration"], world["now"])
    priorities = sorted(p.priority for p in wanted.ranked)
    if any(0 < b - a < 1e-9 for a, b in pairwise(priorities)):
        return  # two ways of adding may order these differently, and both are right
    seen, ruling = bridge.ruling_of(world["profile"], world["offers"], world["configuration"], world["now"])
    bridge.assert_equal(wanted, seen, ruling)
    for channel in CHANNELS:
        bridge.assert_equal_delivery(wanted, world["configuration"], seen, ruling, channel)
    arguments = world["profile"], world["offers"], world["configuration"], world["now"]
    bridge.assert_same_overridable(reference.overridable(*arguments), bridge.overridable_of(*arguments))


def test_the_engine_decides_as_the_reference_does_whatever_the_world() -> None:
    check(assert_as_the_reference)


def assert_independent_of_the_catalogues_order(world: dict[str, Any]) -> None:
    """Equal inputs give an equal ranking, in whatever order the files name the treatments."""
    _, ruling = bridge.ruling_of(world["profile"], world["offers"], world["configuration"], world["now"])
    body = world["configuration"]["catalogue"]
    turned = {**body, "treatments": {"all": {"treatment": body["treatments"]["all"]["treatment"][::-1]}}}
    _, again = bridge.ruling_of(
        world["profile"], world["offers"], {**world["configuration"], "catalogue": turned}, world["now"]
    )
    assert again.ranked == ruling.ranked
    assert {name_of(w): w for w in again.withheld} == {name_of(w): w for w in ruling.withheld}


def test_the_order_of_the_catalogue_decides_nothing() -> None:
    check(assert_independent_of_the_catalogues_order)


RULES = (
    "requires", "subject", "follows", "protective", "cap", "gap", "beside", "terms", "concession_cap", "cool_off", "repeat",
    "budget", "excludes", "silence", "value", "experience", "purpose", "dates",
)  # fmt: skip


def test_the_worlds_are_worth_trying() -> None:
    """Many of them rank several treatments, in common and apart by channel, and hold whatever a catalogue can say."""
    met = dict.fromkeys(("several", "in common", "apart", "live", "pinned", "nothing", "faded", "priced", "lines", "own weights",
                         "a longer cool-off", "bundles", "overridable", *RULES), 0)  # fmt: skip

    def count(world: dict[str, Any]) -> None:
        views = views_of(world)
        ruling = views["phone"][0]
        ranked = ruling.ranked
        here = [{name_of(r) for r in d.here} for _, d in views.values()]
        moment = world["profile"]["moment"]
        met["several"] += len(ranked) > 2
        met["nothing"] += not ranked
        met["in common"] += any(len(a & b) > 1 for a, b in combinations(here, 2))
        met["apart"] += any(a != b for a, b in combinations(here, 2))
        met["live"] += any(r.live for r in ranked)
        met["pinned"] += any(r.pinned for r in ranked)
        met["faded"] += bool(moment and moment["fades_at"] <= world["now"])
        met["priced"] += any(r.factors.price > 0 for r in ranked)
        met["lines"] += len({r.subject for r in ranked}) > 2
        met["own weights"] += own_weights_matter(world, ruling)
        met["bundles"] += any(bundled(world, r) for r in ranked)
        arguments = world["profile"], world["offers"], world["configuration"], world["now"]
        met["overridable"] += len(bridge.overridable_of(*arguments)) > len([r for r in ranked if not r.live])
        met["a longer cool-off"] += any(w.rule == "cool_off" and longer(world, w.treatment) for w in ruling.withheld)
        for rule in {w.rule.split(":")[0] for w in ruling.withheld} & set(RULES):
            met[rule] += 1

    check(count, examples=240)
    assert {name: n for name, n in met.items() if n < 4} == {}
    assert min(met["in common"], met["apart"], met["live"]) >= 20, met


def own_weights_matter(world: dict[str, Any], ruling: Ruling) -> bool:
    """Whether the segments' own versions of weights make these weights what they are."""
    body = world["configuration"]["catalogue"]
    plain = {**body, "segments": {"segment": [without_weights(s) for s in body["segments"]["segment"]]}}
    base = reference.decide(
        world["profile"], world["offers"], {**world["configuration"], "catalogue": plain}, world["now"]
    )
    return any(abs(base.weights[o] - w) > 1e-6 for o, w in ruling.weights.items())


def without_weights(segment: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in segment.items() if not key.endswith("_weights")}


def bundled(world: dict[str, Any], r: Any) -> bool:
    configuration = bridge.configuration_of(world["configuration"])
    return bool(configuration.catalogue_of(r.catalogue_version).treatments[r.treatment].bundle)


def longer(world: dict[str, Any], treatment: str) -> bool:
    """Whether it was declined for a reason that keeps it away longer than its own time."""
    return any(o["treatment"] == treatment and o["reason"] == "never" for o in world["offers"])


@pytest.mark.parametrize("what", ["stage_weights", "life_cycle_weights", "intent_weights"])
def test_a_segments_version_that_says_what_the_base_says_changes_nothing(what: str) -> None:
    def repeated(world: dict[str, Any]) -> None:
        body = world["configuration"]["catalogue"]
        base = {
            "stage_weights": {s["stage"]: s["weights"] for s in body["matrix"]["stage_weights"]},
            "life_cycle_weights": {s["key"]: s["weights"] for s in body["lifecycle"]["state"]},
            "intent_weights": {i["key"]: i["weights"] for i in body["intents"]["intent"]},
        }
        plain = [without_weights(s) for s in body["segments"]["segment"]]
        same = [s | {what: base[what]} for s in plain]
        assert_equally_decided(world, {"segment": plain}, {"segment": same})

    check(repeated, examples=20)


def test_the_version_of_a_segment_that_nobody_is_in_changes_nothing() -> None:
    def added(world: dict[str, Any]) -> None:
        segments = world["configuration"]["catalogue"]["segments"]["segment"]
        nobody = {"key": "nobody", "label": "Nobody", "rule": Rule("tenure < 0", lambda c: c["tenure"] < 0, "tenure"), "beta": 1.0,
                  "stage_weights": {stage: {"inform": 0.0} for stage in strategies.STAGES}}  # fmt: skip
        assert_equally_decided(world, {"segment": segments}, {"segment": [nobody, *segments]})

    check(added, examples=20)


def test_without_any_segments_all_works_from_the_profile_alone() -> None:
    def bare(world: dict[str, Any]) -> None:
        body = {**world["configuration"]["catalogue"], "segments": {"segment": []}}
        assert_as_the_reference({**world, "configuration": {**world["configuration"], "catalogue": body}})

    check(bare, examples=20)


def assert_equally_decided(world: dict[str, Any], one: dict[str, Any], other: dict[str, Any]) -> None:
    """The two versions of the segments give the same ranking and the same reasons, factor by factor."""
    rulings = []
    for segments in (one, other):
        body = {**world["configuration"]["catalogue"], "segments": segments}
        given = {**world["configuration"], "catalogue": body}
        rulings.append(bridge.ruling_of(world["profile"], world["offers"], given, world["now"])[1])
    assert rulings[0].ranked == rulings[1].ranked
    assert [(w.treatment, w.rule) for w in rulings[0].withheld] == [(w.treatment, w.rule) for w in rulings[1].withheld]
