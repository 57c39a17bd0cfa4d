"""Webhooks: signed, sent from what was left with the event, again until they arrive, and never in anybody's way."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select, update
from standardwebhooks import Webhook, WebhookVerificationError

from backend import db, metrics
from backend.record import service as record
from backend.record import webhook_sending
from backend.record.tables import WebhookDeliveryRow, WebhookEndpointRow
from backend.record.webhook_sending import DELAYS, EACH, JITTER, LEASE, Sender
from backend.record.webhook_signing import headers_of, secret_of
from shared.kernel import clock, ids
from shared.kernel.errors import Conflict, NotFound
from tests.hooks import KEY, NOTHING_LISTENS, add, add_url, happen, later, rows, send, states
from tests.receiver import Receiver, receiving
from tests.small_company import ADA, BY_ADA, DAY, NOW, answer, decide, offer_of, open_company, work

_DELIVERY = db.table_of(WebhookDeliveryRow)
_ENDPOINT = db.table_of(WebhookEndpointRow)


@pytest.fixture(autouse=True)
def company(database: str) -> str:
    open_company()
    return database


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as one:
        add(one)
        yield one


# --- what is sent ----------------------------------------------------------------------------------------------------


def test_what_happens_to_an_offer_arrives_signed_in_the_order_in_which_it_happened(receiver: Receiver) -> None:
    offer = offer_of(decide(), "faster")
    answer(offer, "presented", channel="portal", actor=BY_ADA)
    answer(offer, "accepted")
    work()
    for _ in range(4):
        send()
    assert receiver.refused == 0
    told = [receiver.bodies[message] for message in receiver.came]
    assert [one["type"] for one in told] == ["offer.presented", "offer.accepted", "offer.fulfilled", "message.due"]
    assert [one["data"]["channel"] for one in told] == ["portal", "phone", None, None]
    assert {one["data"]["offer_id"] for one in told} == {str(offer)}
    assert {one["data"]["customer_id"] for one in told} == {str(ADA)}
    assert all(datetime.fromisoformat(one["timestamp"]) == NOW for one in told)
    assert states() == ["delivered"] * 4
    with db.reading() as session:
        assert {f"msg_{row.message_id.hex}" for row in rows()} == set(receiver.came)
        assert [one.error for one in record.deliveries(session)] == [None] * 4


def test_nothing_that_names_the_customer_or_that_an_agent_wrote_goes_out(receiver: Receiver) -> None:
    answer(offer_of(decide(), "faster"), "declined", reason="Her husband is ill")
    send()
    (body,) = receiver.bodies.values()
    assert set(body["data"]) == {"customer_id", "channel", "offer_id", "treatment", "reference", "terms"}
    assert "Ada" not in str(body)
    assert "ill" not in str(body).replace("will", "")


def test_an_endpoint_gets_what_it_asked_for(receiver: Receiver) -> None:
    with receiving() as other:
        add(other, "offer.declined")
        answer(offer_of(decide(), "faster"), "presented")
        answer(offer_of(decide(), "autumn"), "declined")
        for _ in range(2):
            send()
        assert [other.bodies[m]["type"] for m in other.came] == ["offer.declined"]
    assert sorted(receiver.bodies[m]["type"] for m in receiver.came) == ["offer.declined", "offer.presented"]
    assert len(set(receiver.came) & set(other.came)) == 1, "one event has one id, wherever it is sent"


def test_what_is_rolled_back_is_never_told(receiver: Receiver) -> None:
    def fail() -> None:
        with db.transaction() as session:
            record.announce(session, ids.uuid7(), ADA, "offer.accepted", "phone", {}, NOW)
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    assert rows() == []
    with db.transaction() as session:
        record.announce(session, ids.uuid7(), ADA, "profile.changed", None, {}, NOW)
    assert rows() == [], "nobody can ask for that"


def test_a_signature_holds_for_this_message_this_time_and_this_text_alone() -> None:
    secret = secret_of(KEY, uuid4(), "salt")
    assert secret.startswith("whsec_")
    headers = headers_of(secret, "msg_1", clock.now(), '{"a":1}')
    assert Webhook(secret).verify('{"a":1}', headers) == {"a": 1}
    for other in ({"webhook-id": "msg_2"}, {"webhook-timestamp": str(int(headers["webhook-timestamp"]) + 1)}):
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify('{"a":1}', headers | other)
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify('{"a":2}', headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(secret_of(KEY, uuid4(), "salt")).verify('{"a":1}', headers)


def test_the_secret_is_in_no_table_and_no_log(receiver: Receiver, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    receiver.status = 500
    happen()
    send()
    with db.reading() as session:
        kept = str([*session.execute(select(_ENDPOINT)), *session.execute(select(_DELIVERY))])
    assert receiver.secret.removeprefix("whsec_") not in kept + caplog.text
    assert receiver.url not in caplog.text, "an address may hold a token"


# --- again and again -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [500, 503, 404, 400, 301, 302, 307, 199 + 101])
def test_what_is_not_answered_well_is_sent_again_under_the_same_id(receiver: Receiver, status: int) -> None:
    receiver.status, receiver.location = status, receiver.url + "/elsewhere"
    happen()
    sender, now = Sender(KEY), later()
    send(now, sender)
    (row,) = rows()
    assert (row.state, row.attempts, row.last_status) == ("pending", 1, status)
    assert len(receiver.came) == 1, "a redirect is not followed"
    assert DELAYS[0] <= row.run_at - row.last_at <= DELAYS[0] * (1 + JITTER)
    send(row.run_at - timedelta(seconds=1), sender)
    assert len(receiver.came) == 1, "not before its time"
    receiver.status, receiver.location = 200, ""
    send(row.run_at, sender)
    assert len(set(receiver.came)) == 1
    assert len(receiver.came) == 2
    assert states() == ["delivered"]


def test_after_three_days_it_is_a_dead_letter_that_can_be_sent_again(receiver: Receiver) -> None:
    receiver.status = 500
    happen(1)
    failed, dead = (metrics.WEBHOOKS.labels(outcome)._value.get() for outcome in ("failed", "dead"))
    sender, began = Sender(KEY), later()
    waits = []
    now = began
    while states() == ["pending"]:
        send(now, sender)
        (row,) = rows()
        waits.append(row.run_at - row.last_at)
        now = max(now, row.run_at)
    assert (row.attempts, row.state, row.last_status) == (10, "dead", 500)
    assert timedelta(days=3) < sum(waits[:-1], timedelta()) < timedelta(days=4)
    assert metrics.WEBHOOKS.labels("failed")._value.get() == failed + 9
    assert metrics.WEBHOOKS.labels("dead")._value.get() == dead + 1
    send(now + DAY, sender)
    assert len(receiver.came) == 10, "a dead letter is left alone"

    receiver.status = 200
    with db.transaction() as session:
        (letter,) = record.deliveries(session, "dead")
        assert (letter.status, letter.attempts) == (500, 10)
        assert record.endpoints(session)[0].dead == 1
        assert record.resend(session, letter.message, None, now) == 1
        with pytest.raises(Conflict, match="no dead letter"):
            record.resend(session, letter.message, None, now)
    send(now, sender)
    assert states() == ["delivered"]
    assert set(receiver.came) == {letter.message}


def test_all_dead_letters_are_sent_again_at_once() -> None:
    dead, _ = add_url(NOTHING_LISTENS)
    other, _ = add_url(NOTHING_LISTENS)
    happen(3)
    with db.transaction() as session:
        session.execute(update(_DELIVERY).values(state="dead", attempts=10, settled_at=NOW))
        assert [one.dead for one in record.endpoints(session)] == [3, 3]
        assert record.resend_all(session, NOW, other) == 3
        assert record.resend_all(session, NOW) == 3
        assert record.resend_all(session, NOW) == 0
        assert {(row.state, row.attempts) for row in session.execute(select(_DELIVERY))} == {("pending", 0)}
        for wrong in ("msg_" + "0" * 32, "nonsense", ""):
            with pytest.raises(NotFound):
                record.resend(session, wrong, dead, NOW)


def test_where_nobody_listens_it_is_tried_again(receiver: Receiver) -> None:
    add_url(NOTHING_LISTENS)
    happen()
    send()
    assert sorted(states()) == ["delivered", "pending"]
    lost = next(row for row in rows() if row.state == "pending")
    assert (lost.last_status, lost.last_error) == (None, "ConnectError")


def test_who_is_gone_is_sent_nothing_more(receiver: Receiver) -> None:
    receiver.status = 410
    happen()
    send()
    happen()
    assert states() == ["dead"], "what happens after is not even left"
    with db.transaction() as session:
        (endpoint,) = record.endpoints(session)
        assert not endpoint.active
        record.switch_endpoint(session, endpoint.endpoint_id, active=True)
        with pytest.raises(NotFound):
            record.switch_endpoint(session, uuid4(), active=True)
    happen()
    assert sorted(states()) == ["dead", "pending"]


def test_what_a_killed_sender_had_begun_is_sent_when_its_lease_is_over(receiver: Receiver) -> None:
    happen()
    now = later()
    taken = webhook_sending._lease(next(iter(webhook_sending._due(now))), now, EACH, ())
    assert len(taken) == 1, "and then it was killed"
    send(now + LEASE - timedelta(seconds=1))
    assert receiver.came == []
    send(now + LEASE)
    assert len(receiver.came) == 1
    webhook_sending._note(taken[0], webhook_sending._Came(500, None), now)
    assert states() == ["delivered"], "what the first would say now counts no more"
