"""Delivery: the only step that knows the channel; it keeps the order, and each thing that it keeps back has its rule."""

import copy
from typing import Any

import pytest

from backend.engine.delivery import Delivery, deliver
from backend.matrix.service import effective_cell, pack_from
from tests.unit import bridge
from tests.unit.reference import words
from tests.unit.reference.cases import NOW, moment, person, setting
from tests.unit.reference.words import Rule


def delivered(channel: str, profile: dict[str, Any], **changes: Any) -> tuple[list[str], Delivery]:
    given = setting(**changes)
    seen, ruling = bridge.ruling_of(profile, [], given, NOW)
    names = [r.treatment for r in ruling.ranked]
    return names, deliver(ruling.ranked, seen, bridge.configuration_of(given), channel)


@pytest.mark.parametrize("channel", ["phone", "portal", "email", "sms", "carrier_pigeon"])
def test_what_is_delivered_and_what_is_not_are_together_the_decision_in_its_order(channel: str) -> None:
    names, delivery = delivered(channel, person(calls=7, owed=0.0))
    here, elsewhere = [r.treatment for r in delivery.here], [r.treatment for r, _ in delivery.elsewhere]
    assert sorted(here + elsewhere) == sorted(names)
    assert here == [n for n in names if n in here]
    assert elsewhere == [n for n in names if n in elsewhere]
    assert all(w.step == "deliverable" and w.rule and w.detail for _, w in delivery.elsewhere)


def test_a_channel_of_which_the_matrix_knows_nothing_delivers_nothing() -> None:
    _, delivery = delivered("carrier_pigeon", person())
    assert delivery.here == ()
    assert {w.rule for _, w in delivery.elsewhere} == {"cell:use/carrier_pigeon"}


def test_the_cell_is_asked_before_the_words_and_the_words_before_consent() -> None:
    profile = person(consents={"marketing/phone": "denied", "marketing/portal": "granted"})
    _, delivery = delivered("phone", profile)
    rules = {r.treatment: w.rule for r, w in delivery.elsewhere}
    assert rules == {"films": "rendering:phone", "faster": "consent:marketing/phone"}
    _, delivery = delivered("phone", profile | {"moment": moment("support")}, films={"value": {"equity": 900.0}})
    assert {r.treatment: w.rule for r, w in delivery.elsewhere}["films"] == "cell:support/phone"


def test_an_interaction_that_is_not_for_this_customer_delivers_nothing() -> None:
    given = setting()
    body = copy.deepcopy(given["catalogue"])
    cell = next(c for c in body["matrix"]["cell"] if (c["stage"], c["channel"]) == ("use", "phone"))
    cell["rule"] = Rule('tenure >= 24 && "marketing/phone" in consents', lambda c: c["tenure"] >= 24, "tenure consents")
    given = {**given, "catalogue": body}
    for tenure, delivered_by_phone in ((23, False), (24, True)):
        seen, ruling = bridge.ruling_of(person(tenure=tenure), [], given, NOW)
        delivery = deliver(ruling.ranked, seen, bridge.configuration_of(given), "phone")
        rules = {w.rule for r, w in delivery.elsewhere if r.treatment == "faster"}
        assert rules == (set() if delivered_by_phone else {"cell:use/phone"})
    cell["rule"] = Rule("10 / (tenure - 24) > 100", lambda c: False, "tenure")
    seen, ruling = bridge.ruling_of(person(tenure=24), [], given := {**given, "catalogue": copy.deepcopy(body)}, NOW)
    elsewhere = deliver(ruling.ranked, seen, bridge.configuration_of(given), "phone").elsewhere
    assert {w.rule for _, w in elsewhere} == {"cell:use/phone"}
    assert any("could not be decided" in w.detail for _, w in elsewhere)


def test_a_cell_expects_what_the_process_expects_unless_it_says_otherwise() -> None:
    body = words.body()
    body["matrix"]["process"] = [
        {"from": "use", "to": "pay", "probability": 0.8},
        {"from": "use", "to": "leave", "probability": 0.1},
    ]
    cells = body["matrix"]["cell"]
    cells[0]["next"] = {"support": 0.5}
    body["segments"]["segment"][2]["cell"].append({"stage": "use", "channel": "portal", "next": {"pay": 0.9}})
    pack = pack_from(body)
    assert dict(pack.cells["use", "phone"].next) == {"support": 0.5}
    assert dict(pack.cells["use", "portal"].next) == {"pay": 0.8, "leave": 0.1}
    own = effective_cell(pack, ["gold"], "use", "portal")
    assert own is not None
    assert (dict(own.cell.next), own.sources["next"], own.sources["cost"]) == ({"pay": 0.9}, "gold", "base")
    assert own.cell.rule.text == "true"
