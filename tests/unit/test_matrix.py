"""The matrix: what a pack's text becomes, and what it must not be."""

import copy
from typing import Any

import pytest

from backend.matrix.service import PackError, as_plain, effective_cell, folder_of, load_pack, pack_from
from backend.treatments.service import weighing
from shared.kernel.errors import Invalid, NotFound
from tests.unit.reference import words


def test_a_pack_is_found_by_name_and_by_folder_and_nothing_else_is() -> None:
    folder = folder_of("telecom")
    assert folder_of(str(folder)) == folder
    with pytest.raises(NotFound):
        folder_of("no_such_pack")


def test_the_telecom_pack_has_every_cell_within_its_matrix() -> None:
    pack = load_pack(folder_of("telecom"))
    stages, channels = {s.key for s in pack.stages}, {c.key for c in pack.channels}
    assert len(stages) == 8
    assert len(channels) == 6
    assert len(pack.objectives) == 7
    assert pack.cells
    for (stage, channel), cell in pack.cells.items():
        assert stage in stages
        assert channel in channels
        assert cell.objectives <= set(pack.objectives)
    assert pack.policies.beta_floor > 0


def test_rules_may_read_attributes_facts_and_what_a_decision_adds_with_their_types() -> None:
    pack = pack_from(words.body())
    assert pack.profile_names["tenure"].type == "int"
    assert "life_cycle" not in pack.profile_names
    assert pack.segment_names["life_cycle"].choices == ("new", "at_risk", "active")
    assert pack.names["intent"].choices == ("fault", "bill", "leaving")
    assert {"stage", "intent_stated", "accepted", "declined", "presentations_30d", "concessions_12m"} <= set(pack.names)


def spoilt(*path: Any, value: Any) -> dict[str, Any]:
    body = copy.deepcopy(words.body())
    place: Any = body
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return body


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("pack", "policies", "beta_floor"), 0),
        (("pack", "policies", "epsilon"), 0),
        (("pack", "policies", "concession_cap"), -1),
        (("pack", "cap", 0, "most"), 1.5),
        (("pack", "cap", 0, "outcome"), "ignored"),
        (("pack", "gap", 0, "days"), 0),
        (("pack", "budget", 0, "per"), "year"),
        (("pack", "policies", "concession_share"), 1.01),
        (("pack", "decline_reason", 2, "cool_off_days"), -1),
        (("holdings", "holding", 0, "attribute", 0, "type"), "colour"),
        (("segments", "segment", 2, "stage_weights"), {"use": {"inform": 2}}),
        (("pack", "currency"), "dollars"),
        (("pack", "protective", 0, "silences"), ["everything"]),
        (("attributes", "attribute", 0, "type"), "colour"),
        (("matrix", "stage_weights", 0, "weights"), {"inform": 2}),
        (("matrix", "cell", 0, "cost"), -1),
        (("lifecycle", "state", 0, "rule"), "tenure <"),
        (("intents", "intent", 0, "fade_hours"), 0),
        (("churn", "term", 0, "scale"), 0),
        (("facts", "fact", 0, "window"), 0),
    ],
)
def test_what_no_pack_can_be_is_refused_with_its_place(path: tuple[Any, ...], value: Any) -> None:
    with pytest.raises(PackError) as wrong:
        pack_from(spoilt(*path, value=value))
    told = {str(step) for place, _ in wrong.value.places for step in place}
    assert str(path[-1]) in told or str(path[1]) in told


def test_an_unknown_field_is_refused() -> None:
    with pytest.raises(PackError):
        pack_from(spoilt("attributes", "attribute", 0, "colour", value="blue"))


def test_a_label_is_given_for_what_has_one_and_the_key_for_the_rest() -> None:
    pack = pack_from(words.body())
    assert pack.label_of(pack.stages, "use") == "Use"
    assert pack.label_of(pack.stages, "elsewhere") == "elsewhere"
    assert pack.intent_label("fault") == "Something does not work"
    assert pack.intent_label(None) == ""


def test_the_first_segment_with_a_value_of_its_own_has_the_say_and_the_rest_is_inherited() -> None:
    body = words.body()
    own = {"stage": "support", "channel": "portal"}
    body["segments"]["segment"][0]["cell"] = [{**own, "cost": 9.5}]
    body["segments"]["segment"][2]["cell"] = [
        {**own, "cost": 7.0, "objectives": ["inform", "resolve"]},
        {"stage": "use", "channel": "sms", "objectives": ["expand"]},
    ]
    pack = pack_from(body)
    base = pack.cells["support", "portal"]
    plain = effective_cell(pack, (), "support", "portal")
    assert plain is not None
    assert (plain.cell, set(plain.sources.values())) == (base, {"base"})
    both = effective_cell(pack, ("gold", "quiet"), "support", "portal")
    assert both is not None
    assert (both.cell.cost, both.objectives, both.cell.value) == (9.5, {"inform", "resolve"}, base.value)
    assert both.sources == {"cost": "quiet", "objectives": "gold", "value": "base"} | {
        name: "base" for name in both.sources if name not in ("cost", "objectives", "value")
    }
    assert set(both.sources) == set(type(base).model_fields) - {"stage", "channel"}
    gold = effective_cell(pack, ("gold",), "support", "portal")
    assert gold is not None
    assert gold.sources["cost"] == "gold"
    quiet = effective_cell(pack, ("quiet",), "support", "phone")
    assert quiet is not None
    assert quiet.cell is pack.cells["support", "phone"]


def test_a_segment_opens_a_cell_of_its_own_by_its_objectives_and_nothing_else_does() -> None:
    body = words.body()
    body["matrix"]["cell"] = [c for c in body["matrix"]["cell"] if (c["stage"], c["channel"]) != ("use", "sms")]
    body["segments"]["segment"][0]["cell"] = [{"stage": "use", "channel": "sms", "cost": 3.0}]
    pack = pack_from(body)
    assert effective_cell(pack, (), "use", "sms") is None
    assert effective_cell(pack, ("quiet",), "use", "sms") is None
    opened = effective_cell(pack, ("quiet", "gold"), "use", "sms")
    assert opened is not None
    assert (opened.cell.cost, opened.sources["cost"], opened.sources["objectives"]) == (3.0, "quiet", "gold")


def test_a_piece_of_a_pack_is_told_as_plain_text_and_numbers() -> None:
    body = words.body()
    pack = pack_from(body)
    assert as_plain(pack.segments[0])["rule"] == "calls_30d == 0"
    assert as_plain(pack.cells["use", "sms"])["objectives"] == ["collect"]
    assert as_plain(pack.life_cycle[0])["weights"] == body["lifecycle"]["state"][0]["weights"]


SEGMENTS_OWN = {
    "quiet": {"stage_weights": {"use": {"inform": 0.9}}},
    "gold": {"stage_weights": {"use": {"inform": 0.1, "expand": 0.8}}, "intent_weights": {"fault": {"resolve": 0.6}},
             "life_cycle_weights": {"active": {"retain": 0.2}}},
}  # fmt: skip


def test_weights_are_told_with_where_each_came_from_and_they_are_those_of_the_match() -> None:
    pack = pack_from(words.body(segments=SEGMENTS_OWN))
    base = {(one.of, one.key): one for one in weighing(pack, ()).weights}
    assert len(base) == len(pack.stages) + len(pack.life_cycle) + len(pack.intents)
    assert {source for one in base.values() for source in one.sources.values()} == {"base"}
    assert base["stage", "use"].weights == pack.stage_weights["use"]
    both = {(one.of, one.key): one for one in weighing(pack, ("gold", "quiet")).weights}
    use = both["stage", "use"]
    # The first in the pack's order gives a weight, whichever the customer was put into first.
    assert {key: source for key, source in use.sources.items() if source != "base"} == {
        "inform": "quiet",
        "expand": "gold",
    }
    assert (use.weights["inform"], use.weights["expand"]) == (0.9, 0.8)
    assert both["intent", "fault"].sources["resolve"] == "gold"
    assert both["life_cycle", "active"].weights["retain"] == 0.2
    assert {key: one for key, one in both.items() if set(one.sources.values()) == {"base"}} == {
        key: base[key] for key in base.keys() - {("stage", "use"), ("intent", "fault"), ("life_cycle", "active")}
    }


@pytest.mark.parametrize(
    ("segments", "told"),
    [((), (0.5, "base")), (("quiet",), (0.5, "base")), (("gold",), (0.7, "gold")), (("gold", "loyal"), (0.2, "floor"))],
)
def test_the_balance_is_told_with_whose_it_is_and_the_floor_where_it_lifts_it(
    segments: tuple[str, ...], told: tuple[float, str]
) -> None:
    pack = pack_from(words.body(policies={"beta": 0.5, "beta_floor": 0.2}))
    weighed = weighing(pack, segments)
    assert (weighed.beta, weighed.beta_source) == told


def test_weights_of_a_segment_that_is_none_are_refused() -> None:
    with pytest.raises(Invalid, match="no segment nobody"):
        weighing(pack_from(words.body()), ["nobody"])
