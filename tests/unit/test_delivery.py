"""Delivery: the only step that knows the channel; it keeps the order, and each thing that it keeps back has its rule."""

from typing import Any

import pytest

from backend.treatments.delivery import Delivery, deliver
from tests.unit import bridge
from tests.unit.reference.cases import NOW, moment, person, setting


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
