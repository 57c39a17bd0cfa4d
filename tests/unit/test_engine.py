"""The engine's own promises, beside the decisions that the reference works out: pure, total, stable while it stands."""

import ast
import copy
import inspect
from typing import Any

import pytest

from backend.engine import deciding as engine
from backend.engine import delivery
from backend.engine.deciding import Factors
from backend.engine.facts import Configuration, Ledger
from backend.profiles.service import Snapshot
from tests.unit import bridge
from tests.unit.reference.cases import NOW, ago, cases, moment, offer, person, setting


def asked(
    profile: dict[str, Any], offers: list[dict[str, Any]], **changes: Any
) -> tuple[Snapshot, Ledger, Configuration]:
    configuration = bridge.configuration_of(setting(**changes))
    seen, _ = bridge.ruling_of(profile, offers, setting(**changes), NOW)
    return seen, bridge.ledger_of(offers, configuration), configuration


def test_the_channel_is_no_argument_of_the_decision() -> None:
    assert list(inspect.signature(engine.decide).parameters) == ["snapshot", "ledger", "configuration"]
    for kind in (Snapshot, Configuration, Ledger):
        assert not any("channel" in name for name in kind.__dataclass_fields__), kind


@pytest.mark.parametrize("module", ["engine", "match", "contact", "terms"])
def test_no_part_of_the_engine_names_a_channel_reads_a_clock_or_chance(module: str) -> None:
    from backend.engine import contact, match, terms

    source = inspect.getsource({"engine": engine, "match": match, "contact": contact, "terms": terms}[module])
    names = {node.id for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)}
    names |= {node.attr for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Attribute)}
    assert not names & {"channel", "channels", "now", "today_utc", "random", "uuid4", "time", "environ"}


def test_equal_inputs_give_equal_rulings_to_the_bit() -> None:
    for case in cases():
        _, one = bridge.ruling_of(case.profile, case.offers, case.configuration, case.now)
        _, two = bridge.ruling_of(case.profile, case.offers, case.configuration, case.now)
        assert one == two


def test_inputs_that_went_through_storage_give_the_same_ruling() -> None:
    import json

    for case in cases():
        configuration = bridge.configuration_of(case.configuration)
        seen, ruling = bridge.ruling_of(case.profile, case.offers, case.configuration, case.now)
        ledger = bridge.ledger_of(case.offers, configuration)
        snapshot = Snapshot.from_json(json.loads(json.dumps(seen.to_json())))
        assert (
            engine.decide(snapshot, Ledger.from_json(json.loads(json.dumps(ledger.to_json()))), configuration) == ruling
        )


def test_each_treatment_of_the_catalogue_is_ranked_or_withheld_once() -> None:
    for case in cases():
        _, ruling = bridge.ruling_of(case.profile, case.offers, case.configuration, case.now)
        met = [(r.treatment, r.subject) for r in (*ruling.ranked, *ruling.withheld)]
        assert len(met) == len(set(met))
        assert set(bridge.configuration_of(case.configuration).catalogue.treatments) <= {key for key, _ in met}


def test_a_draw_stands_in_for_the_propensity() -> None:
    factors = Factors(propensity=0.2, draw=None, context=0.5, value=40.0, lever=1.5, price=2.0, attention=0.3)
    assert factors.priority == pytest.approx(0.2 * (0.5 * 40 * 1.5 - 2) - 0.3, abs=1e-12)
    assert factors._replace(draw=0.6).priority == pytest.approx(0.6 * (0.5 * 40 * 1.5 - 2) - 0.3, abs=1e-12)


def test_a_stored_ranking_puts_first_what_was_presented_first_since() -> None:
    seen, ledger, configuration = asked(person(), [])
    stored = engine.decide(seen, ledger, configuration).ranked
    assert [r.treatment for r in stored[:2]] == ["faster", "films"]
    later = bridge.ledger_of(
        [offer("films", "presented", 0, first=True, terms=[("price", 800), ("months", 6)])], configuration
    )
    pinned = engine.pinned_first(stored, later, "0")
    assert [r.treatment for r in pinned[:2]] == ["films", "faster"]
    assert (pinned[0].pinned, pinned[1].pinned) == (True, False)
    assert [r.treatment for r in pinned[2:]] == [r.treatment for r in stored[2:]]
    assert engine.pinned_first(stored, later, "another moment") == stored
    answered = [offer("films", "declined", 0, first=True, answered_on=ago(0), terms=[("price", 800), ("months", 6)])]
    assert engine.pinned_first(stored, bridge.ledger_of(answered, configuration), "0") == stored


def test_a_catalogue_that_dropped_a_stage_an_intent_and_a_purpose_breaks_nobodys_decision() -> None:
    """Live moments and live offers outlive the catalogue that they were made with."""
    given = setting(
        2, {1: setting()["catalogue"]}, faster={"purpose": "service"}, films=None, technician={"resolves": []}
    )
    body = given["catalogue"] = copy.deepcopy(given["catalogue"])
    body["pack"]["purpose"] = [p for p in body["pack"]["purpose"] if p["key"] == "service"]
    for name, table in (("stage", "matrix"), ("stage_weights", "matrix"), ("cell", "matrix"), ("intent", "intents")):
        body[table][name] = [x for x in body[table][name] if "support" not in (x.get("key"), x.get("stage"))]
    profile = person(calls=4, moment=moment("support", "fault", version=7))
    standing = [offer("films", "presented", 1, first=True, moment="7", terms=[("price", 800), ("months", 6)])]
    seen, ruling = bridge.ruling_of(profile, standing, given, NOW)
    assert (seen.moment_key, seen.stage, seen.intent) == ("7", None, None)
    assert [(r.treatment, r.pinned) for r in ruling.ranked[:1]] == [("films", True)]
    configuration = bridge.configuration_of(given)
    assert delivery.deliver(ruling.ranked, seen, configuration, "portal").here[0].treatment == "films"
    seen, ruling = bridge.ruling_of(profile | {"consents": {}}, standing, given, NOW)
    assert {w.treatment: w.rule for w in ruling.withheld}["films"] == "purpose:marketing"
