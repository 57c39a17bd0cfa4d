"""What the pack's alerts see of a floor that works: real calls, holds, visits, budgets and rules, on both databases."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from backend import db
from backend.alerts import service as alerts
from backend.alerts.service import Alert
from backend.catalogue import service as catalogues
from backend.interactions import service as interactions
from backend.matrix import service as matrix
from backend.oversight import service as oversight
from backend.oversight.watching import going
from backend.overview import service as overview
from backend.people import service as people
from backend.profiles import service as profiles
from shared.kernel import clock
from shared.kernel.actors import SYSTEM, Actor
from tests.cast import PORTAL_CUSTOMER
from tests.unit.reference import words

CALL = "watched-1"


@pytest.fixture
def customer(loaded: str) -> UUID:
    with db.reading() as session:
        return profiles.search(session, identifier=f"number:{PORTAL_CUSTOMER}").items[0].id


def agent() -> Actor:
    with db.reading() as session:
        found = people.find_staff(session, "agent1")
        actor = None if found is None else people.staff_actor(session, found[0])
    assert actor is not None
    return actor


def look(now: datetime, watch: oversight.Watch | None = None) -> list[Alert]:
    (watch or oversight.Watch()).look(now)
    with db.reading() as session:
        return list(alerts.waiting(session, now))


def keys(now: datetime, watch: oversight.Watch | None = None) -> list[str]:
    return [one.key for one in look(now, watch) if one.over_at is None]


def ring(customer: UUID, now: datetime) -> None:
    with db.transaction() as session:
        phone = profiles.profile(session, customer).phone
        interactions.ring(session, CALL, str(phone), "+12025550100", "inbound", [], now)


def test_who_waits_for_long_is_seen_until_somebody_answers(customer: UUID) -> None:
    now, watch = clock.now(), oversight.Watch()
    ring(customer, now)
    assert "long_wait" not in keys(now + timedelta(seconds=59), watch)
    (seen,) = [one for one in look(now + timedelta(seconds=60), watch) if one.key == "long_wait"]
    assert (seen.customer_id, seen.urgency, seen.seen) == (
        customer, "now", {"contact_state": "waiting", "state_seconds": 60}
    )  # fmt: skip
    with db.transaction() as session:
        interactions.answered(session, CALL, ["agent1"], now + timedelta(seconds=70))
    assert "long_wait" not in keys(now + timedelta(seconds=71), watch)


def test_a_hold_an_intent_and_a_second_call_for_the_same_reason(customer: UUID) -> None:
    now, watch, avery = clock.now(), oversight.Watch(), agent()
    with db.transaction() as session:
        profile = profiles.profile(session, customer)
        event = {"summary": "", "minutes": 4, "code": "solved", "code_label": "Solved", "intent": "leaving"}
        interactions.record(session, customer, "call", "phone", avery, event, now - timedelta(days=2))
    ring(customer, now)
    with db.transaction() as session:
        call = interactions.answered(session, CALL, ["agent1"], now)
    assert "repeat_contact" not in keys(now, watch)
    with db.transaction() as session:
        stage = catalogues.pack_in_force(session).intents["leaving"].stage
        overview.set_moment(session, profile.customer_id, stage, "leaving", "phone", avery, now)
        interactions.hold(session, call.call_id, avery, now)
    assert "repeat_contact" in keys(now, watch)
    assert "long_hold" not in keys(now + timedelta(seconds=119), watch)
    seen = look(now + timedelta(seconds=121), watch)
    assert "on hold with Avery Quinn" in {one.details for one in seen if one.key == "long_hold"}
    with db.reading() as session:
        (shown,) = [one for one in oversight.alert_board(session, now).waiting if one.alert.key == "long_hold"]
        (contact,) = interactions.open_interactions(session, UUID(avery.id))
    assert shown.interaction_id == contact.interaction_id, "one may look into it"
    with db.transaction() as session:
        interactions.retrieve(session, call.call_id, avery, now + timedelta(seconds=125))
    assert "long_hold" not in keys(now + timedelta(seconds=126), watch)


def test_a_visit_is_a_contact_too_and_whoever_speaks_is_counted_once(customer: UUID) -> None:
    now = clock.now()
    with db.reading() as session:
        name = profiles.profile(session, customer).name
    actor = people.customer_of(customer, name, customer)
    with db.transaction() as session:
        interactions.visit(session, actor, "Bills", now)
    (one,) = going(overview.going_on(now), now)
    assert (one.state, one.channel, one.customer_id) == ("visiting", "portal", customer)
    ring(customer, now)
    (one,) = going(overview.going_on(now + timedelta(seconds=3)), now + timedelta(seconds=3))
    assert (one.state, one.waited_seconds) == ("waiting", 3)


def test_a_queue_that_is_taken_too_late_is_seen(customer: UUID) -> None:
    now, watch = clock.now(), oversight.Watch()
    with db.reading() as session:
        phone = str(profiles.profile(session, customer).phone)
    for nth in range(5):
        with db.transaction() as session:
            interactions.ring(session, f"late-{nth}", phone, "+12025550100", "inbound", [], now)
    assert "service_level" not in keys(now + timedelta(seconds=10), watch), "nobody has waited for too long yet"
    (seen,) = [one for one in look(now + timedelta(minutes=5), watch) if one.key == "service_level"]
    assert (seen.subject, seen.seen) == ("general", {"calls": 5, "share": 0.0, "target": 0.8})
    assert seen.details == "Anything: 0% of 5 calls within 20 s, 80% are promised"


def publish_alerts(*rules: dict[str, Any]) -> None:
    body = words.body() | {
        "alerts": {"alert": [{"key": f"r{nth}", "label": f"Rule {nth}", **one} for nth, one in enumerate(rules)]}
    }
    with db.transaction() as session:
        catalogues.publish(session, json.loads(json.dumps(body, default=str)), SYSTEM, clock.now())


@pytest.mark.usefixtures("database")
def test_a_rule_that_cannot_be_decided_sees_nothing_and_the_others_go_on() -> None:
    now = clock.now()
    publish_alerts({"about": "floor", "rule": "agents / visitors > 1"}, {"about": "floor", "rule": "agents == 0"})
    assert keys(now) == ["r1"]


@pytest.mark.usefixtures("database")
def test_a_pack_without_alerts_raises_none() -> None:
    publish_alerts()
    assert oversight.Watch().look(clock.now()) == 0


WRONG = [
    ({"about": "contact", "rule": "held_second > 3"}, "did you mean held_seconds"),
    ({"about": "floor", "rule": "held_seconds > 3"}, "nothing is called held_seconds"),
    ({"about": "contact", "rule": "gender == 'Female'"}, "protected attributes may not say whom one watches"),
    ({"about": "contact", "rule": "contact_state == 'asleep'"}, "asleep"),
    ({"about": "contact", "rule": 'contact_state == "asleep"'}, "asleep"),
    ({"about": "budget", "rule": "left_share"}, "not true or false"),
    ({"about": "moon", "rule": "true"}, "about"),
]


@pytest.mark.parametrize(("rule", "why"), WRONG)
def test_what_is_wrong_with_an_alert_is_told_with_file_and_line(rule: dict[str, str], why: str) -> None:
    texts = dict(matrix.texts_of(matrix.folder_of("telecom")))
    lines = texts["alerts.toml"].splitlines()
    more = ["", "[[alert]]", 'key = "mine"', 'label = "Mine"', *(f"{k} = {json.dumps(v)}" for k, v in rule.items())]
    texts["alerts.toml"] = "\n".join([*lines, *more]) + "\n"
    _pack, problems = matrix.check(texts)
    found = [one for one in problems if why in str(one)]
    assert found, [str(one) for one in problems]
    assert found[0].file == "alerts.toml"
    assert found[0].line > len(lines)


def test_our_own_pack_s_alerts_stand_once_each() -> None:
    texts = matrix.texts_of(matrix.folder_of("telecom"))
    pack, problems = matrix.check(texts)
    assert (problems, pack is not None) == ([], True)
    twice = dict(texts) | {"alerts.toml": texts["alerts.toml"].replace('"long_wait"', '"long_hold"')}
    assert [one.rule for one in matrix.check(twice)[1]] == ["long_hold", "long_hold"]
