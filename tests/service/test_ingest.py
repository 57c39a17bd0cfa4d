"""Events come in from outside: whose they are, what they tell, and that each counts once, in its place."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from backend import db
from backend.identities import service as identities
from backend.ingest import service as ingest
from backend.interactions import service as interactions
from backend.profiles import service as profiles
from backend.profiles.service import Profile
from shared.kernel import clock
from tests.cast import LOYAL_CUSTOMER
from tests.explaining import listened, looked_through

pytestmark = pytest.mark.usefixtures("loaded")
MINUTE = timedelta(minutes=1)


def now() -> datetime:
    return clock.now()


def track(name: str, at: datetime | None = None, *, call: str = "track", **given: Any) -> dict[str, Any]:
    """A message as a sender writes it; `_id` is its messageId."""
    named = {"event": name} if call == "track" else {"name": name}
    properties = given.pop("properties", {})
    message = {"type": call, **named, "properties": properties, **given}
    if at is not None:
        message["timestamp"] = at.isoformat()
    return message


def identify(user: str, device: str | None = None, **traits: Any) -> dict[str, Any]:
    return {"type": "identify", "userId": user, "traits": traits} | ({"anonymousId": device} if device else {})


def send(*messages: dict[str, Any], source: str = "web", at: datetime | None = None) -> list[ingest.Outcome]:
    return ingest.take(list(messages), source, at or now())


def taken(*messages: dict[str, Any], **how: Any) -> None:
    refused = [one for one in send(*messages, **how) if not one.taken]
    assert refused == []


def owner(kind: str, value: str) -> UUID:
    with db.reading() as session:
        found = profiles.owner(session, kind, value)
    assert found is not None
    return found


def known(kind: str, value: str) -> Profile:
    with db.reading() as session:
        return profiles.profile(session, owner(kind, value))


def happened(customer_id: UUID, *kinds: str) -> list[interactions.Event]:
    with db.reading() as session:
        return list(interactions.timeline(session, customer_id, kinds=kinds or None, limit=100).items)


def link(number: str, user: str) -> UUID:
    """A customer of the pack is known by a user id besides."""
    with db.transaction() as session:
        customer_id = profiles.owner(session, "number", number)
        assert customer_id is not None
        profiles.be_known_by(session, customer_id, "external", user)
    return customer_id


def test_an_unknown_user_becomes_a_prospect_with_what_was_told() -> None:
    taken(identify("u1", name="Noor Haddad", email="Noor@Example.com", phone="+1 202 555 0143", plan="One year"))
    one = known("external", "u1")
    assert (one.name, one.email, one.phone) == ("Noor Haddad", "Noor@Example.com", "+12025550143")
    assert one.attributes["contract"] == "One year"
    assert owner("email", "noor@example.com") == one.customer_id == owner("phone", "+12025550143")
    (line,) = happened(one.customer_id, "profile.changed")
    assert line.data["summary"] == "Name, E-mail address, Telephone number, Contract · Website"


def test_the_same_message_sent_again_counts_once() -> None:
    event = track("Payment Failed", now(), userId="u1", messageId="m-1")
    assert [one.known for one in send(event, event)] == [False, False]
    assert [one.known for one in send(event)] == [True]
    one = known("external", "u1")
    assert len(happened(one.customer_id, "happened")) == 1
    assert sum(one.facts["days"]["failed_payments"].values()) == 1


def test_late_events_land_in_their_place() -> None:
    at = now()
    taken(track("Payment Failed", at, userId="u1"))
    taken(
        track("Payment Failed", at - timedelta(days=3), userId="u1"),
        track("Order Completed", at - 90 * MINUTE, userId="u1", properties={"total": 20}),
    )
    one = known("external", "u1")
    events = happened(one.customer_id, "happened")
    assert [event.data["name"] for event in events] == ["Payment Failed", "Order Completed", "Payment Failed"]
    days = one.facts["days"]["failed_payments"]
    assert days == {
        clock.local_day(at, one.timezone).isoformat(): 1,
        clock.local_day(at - timedelta(days=3), one.timezone).isoformat(): 1,
    }


def test_a_wrong_clock_is_set_right_by_when_it_was_sent() -> None:
    at = now()
    wrong = at - timedelta(days=400)
    event = track("Payment Failed", wrong, userId="u1")
    ingest.take([event], "web", at, sent_at=(wrong + 2 * MINUTE).isoformat())
    (line,) = happened(known("external", "u1").customer_id, "happened")
    assert line.at == (at - 2 * MINUTE).astimezone(UTC)


def test_what_is_ahead_of_us_happened_when_it_came_in() -> None:
    at = now()
    send(track("Payment Failed", at + timedelta(days=30), userId="u1"), at=at)
    (line,) = happened(known("external", "u1").customer_id, "happened")
    assert line.at == at


@pytest.mark.parametrize(
    ("event", "code", "field"),
    [
        ({"type": "track", "event": "X"}, "invalid", "userId"),
        ({"type": "dance", "userId": "u"}, "unknown_type", "type"),
        ({"type": "track", "userId": "u"}, "invalid", "event"),
        ({"type": "track", "userId": "u", "event": "X", "properties": []}, "invalid", "properties"),
        ({"type": "track", "userId": "u" * 300, "event": "X"}, "invalid", "userId"),
        ({"type": "track", "userId": "u", "event": "X", "timestamp": "yesterday"}, "invalid", "timestamp"),
        ({"type": "alias", "userId": "u"}, "invalid", "previousId"),
        ({"type": "track", "userId": "u", "event": "Order Completed", "properties": {}}, "misshapen", "total"),
        ({"type": "track", "userId": "u", "event": "Social Post", "properties": {"tone": "loud"}}, "misshapen", "tone"),
        ({"type": "identify", "userId": "u", "traits": {"tenure": "long"}}, "misshapen", "tenure"),
        ({"type": "track", "userId": "u", "event": "X\u0000"}, "unstorable", None),
        ({"type": "track", "userId": "u", "event": "X", "properties": {"a": "\ud800"}}, "unstorable", None),
        ("text", "not_an_object", None),
    ],
)  # fmt: skip
def test_a_bad_event_is_refused_with_the_reason_and_the_rest_stands(event: Any, code: str, field: str | None) -> None:
    first, bad, last = send(track("A", userId="u1"), event, track("B", userId="u1"))
    assert (first.taken, bad.taken, last.taken) == (True, False, True)
    assert bad.code == code
    assert bad.message
    assert (set(bad.errors) == {field}) if field else not bad.errors
    assert [line.data["name"] for line in happened(known("external", "u1").customer_id, "tracked")] == ["B", "A"]


def test_an_event_of_more_than_32_kilobytes_is_refused() -> None:
    (one,) = send(track("A", userId="u1", properties={"text": "x" * 33_000}))
    assert (one.taken, one.code) == (False, "too_large")


def test_what_a_device_did_becomes_part_of_who_signs_in() -> None:
    at = now()
    taken(
        track("Cancel plan", at - 5 * MINUTE, call="page", anonymousId="d1"),
        track("Something Else", at - 4 * MINUTE, anonymousId="d1"),
    )
    visitor = known("cookie", "d1")
    assert visitor.is_anonymous
    assert visitor.moment is not None
    customer_id = link(LOYAL_CUSTOMER, "loyal")
    before = known("external", "loyal")
    taken(identify("loyal", "d1"))
    after = known("external", "loyal")
    assert after.customer_id == customer_id == owner("cookie", "d1")
    assert [line.data["label"] for line in happened(customer_id, "tracked")][:2] == [
        "Did “Something Else”",
        "Looked at the page for cancelling",
    ]
    assert after.moment is not None
    assert (after.moment.stage, after.moment.intent) == ("leave", "leaving")
    assert after.version > before.version
    with db.reading() as session:
        assert profiles.resolve(session, visitor.customer_id) == customer_id
        assert profiles.profile(session, visitor.customer_id).number == LOYAL_CUSTOMER


def test_a_visitor_of_whom_we_learn_who_they_are_keeps_the_profile() -> None:
    taken(track("A", anonymousId="d1"))
    visitor = owner("cookie", "d1")
    taken(identify("u1", "d1", name="Noor Haddad"))
    one = known("external", "u1")
    assert (one.customer_id, one.is_anonymous, one.name) == (visitor, False, "Noor Haddad")


def test_a_shared_device_never_takes_another_person_along() -> None:
    first, second = link(LOYAL_CUSTOMER, "loyal"), link("C371828", "other")
    taken(identify("loyal", "d1"), track("Mine", anonymousId="d1", userId="loyal"))
    taken(identify("other", "d1"), track("Yours", anonymousId="d1", userId="other"))
    assert [line.data["name"] for line in happened(first, "tracked")] == ["Mine"]
    assert [line.data["name"] for line in happened(second, "tracked")] == ["Yours"]
    taken(track("Whose?", anonymousId="d1"))
    assert owner("cookie", "d1") not in (first, second)
    taken(identify("loyal", "d1"))
    assert [line.data["name"] for line in happened(first, "tracked")] == ["Whose?", "Mine"]
    taken(track("Whose now?", anonymousId="d1"))
    assert [line.data["name"] for line in happened(first, "tracked")] == ["Whose?", "Mine"]
    assert [line.data["name"] for line in happened(second, "tracked")] == ["Yours"]


def test_an_identifier_of_somebody_else_never_links() -> None:
    mine = link(LOYAL_CUSTOMER, "loyal")
    theirs = known("number", "C371828")
    taken(identify("loyal", email=theirs.email))
    assert owner("email", theirs.email or "") == theirs.customer_id
    assert known("external", "loyal").email != theirs.email
    assert known("external", "loyal").customer_id == mine
    with db.reading() as session:
        (suggested,) = identities.of_customer(session, mine)
    assert {suggested.customer_id, suggested.other_id} == {mine, theirs.customer_id}


def test_an_alias_links_what_is_nobodys_and_leaves_another_customer_alone() -> None:
    link(LOYAL_CUSTOMER, "loyal")
    other = link("C371828", "other")
    taken({"type": "alias", "userId": "loyal", "previousId": "earlier"})
    assert owner("external", "earlier") == owner("external", "loyal")
    (one,) = send({"type": "alias", "userId": "loyal", "previousId": "other"})
    assert (one.taken, one.code) == (False, "belongs_to_another")
    assert owner("external", "other") == other


def test_of_two_sources_the_more_trusted_is_believed_whatever_the_order() -> None:
    at = now()
    link(LOYAL_CUSTOMER, "loyal")
    told = {"timestamp": (at - 2 * MINUTE).isoformat()}
    taken(identify("loyal", paymentMethod="Mailed check") | told, source="web")
    taken(
        identify("loyal", paymentMethod="Electronic check") | {"timestamp": (at - 3 * MINUTE).isoformat()},
        source="billing",
    )
    taken(
        identify("loyal", paymentMethod="Credit card (automatic)") | {"timestamp": (at - MINUTE).isoformat()},
        source="web",
    )
    one = known("external", "loyal")
    assert one.attributes["payment_method"] == "Electronic check"
    with db.reading() as session:
        from backend.catalogue import service as catalogues

        found = profiles.sources(session, one.customer_id, catalogues.pack_in_force(session))["payment_method"]
    assert (found.source, found.why) == ("billing", "trusted")
    assert found.others[0].source == "web"


def test_an_event_changes_life_cycle_segments_and_experience_at_once() -> None:
    customer_id = link(LOYAL_CUSTOMER, "loyal")
    before = known("external", "loyal")
    taken(track("Service Outage", now(), userId="loyal", properties={"hours": 9}))
    after = known("external", "loyal")
    assert after.facts["bad_experience"]["kind"] == "outage"
    assert after.states is not None
    with db.reading() as session:
        from backend.catalogue import service as catalogues

        pack = catalogues.pack_in_force(session)
    scores = [profiles.snapshot(one, now(), pack).facts["experience"] for one in (before, after)]
    assert scores[1] == pytest.approx(scores[0] - 22)
    taken({"type": "identify", "userId": "loyal", "traits": {"tenure": 2}}, source="crm")
    lines = happened(customer_id, "segment.left", "life_cycle.changed")
    assert {(line.kind, line.data["key"]) for line in lines} >= {
        ("segment.left", "long_standing"),
        ("life_cycle.changed", "new"),
    }
    told = next(line for line in lines if line.kind == "segment.left")
    assert ["Months with us", 2] in told.data["why"]


def test_what_others_say_of_us_is_marked_as_outside_our_control_and_felt() -> None:
    customer_id = link(LOYAL_CUSTOMER, "loyal")
    taken(
        track("Review Posted", now() - MINUTE, userId="loyal", properties={"rating": 5}),
        track("Review Posted", now(), userId="loyal", properties={"rating": 1}),
        source="crm",
    )
    worst, best = happened(customer_id, "outside")
    assert (worst.data["properties"]["rating"], best.data["properties"]["rating"]) == (1, 5)
    assert [key for _day, key in known("external", "loyal").facts["truths"]].count("bad_review") == 1


def test_nobody_finds_a_visitor_among_the_customers() -> None:
    taken(track("A", anonymousId="d1"))
    with db.reading() as session:
        assert profiles.search(session, query="Anonymous").items == ()
        assert [match.matched for match in profiles.search(session, identifier="cookie:d1").items] == ["cookie"]


def test_what_comes_in_looks_through_no_table_of_customers() -> None:
    """However many there are: a known customer, an unknown one, a visitor, one who joins them, one event told twice."""
    link(LOYAL_CUSTOMER, "u-1")
    hums = track("Fault Reported", userId="u-1", messageId="m-1")
    with listened() as asked:
        send(hums, hums, identify("u-1", "device-1", plan="x"), identify("u-2", email="somebody.new@example.org"))
        send(track("Cancel Viewed", call="page", anonymousId="device-2"), identify("u-2", "device-2"))
    said = " ".join(" ".join(statement.split()) for statement, _ in asked)
    assert all(f"FROM {name} " in said for name in ("customer", "identifier_claim"))
    assert looked_through(asked) == set()
