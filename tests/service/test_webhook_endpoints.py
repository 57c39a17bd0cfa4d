"""Where webhooks go: which addresses are taken, and that no receiver is in anybody's way."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select, update

from backend import db
from backend.record import service as record
from backend.record import webhook_sending, webhooks
from backend.record.tables import WebhookDeliveryRow, WebhookEndpointRow
from backend.record.webhook_sending import Sender
from shared.kernel.errors import Invalid, NotFound
from tests.hooks import KEY, NOTHING_LISTENS, add, add_url, happen, later, rows, send, states
from tests.receiver import Receiver, receiving
from tests.small_company import DAY, NOW, enter, open_company

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


def test_a_receiver_that_sleeps_delays_neither_other_receivers_nor_anything_else(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook_sending, "READ_SECONDS", 2.0)
    for _ in range(6):
        add_url(NOTHING_LISTENS)
    slows = [receiving(stall=30.0) for _ in range(5)]
    for one in slows:
        add(one.__enter__())
    customers = [enter(nth)[0] for nth in range(8)]
    ended = threading.Event()
    sender = Sender(KEY)
    thread = threading.Thread(target=sender.run, args=(ended,))
    thread.start()
    try:
        began = time.monotonic()
        for customer_id in customers:
            happen(1, customer_id)
        receiver.wait_for(len(customers), 10)
        took = time.monotonic() - began
        began = time.monotonic()
        with db.transaction() as session:
            session.execute(select(_ENDPOINT))
        locked = time.monotonic() - began
    finally:
        ended.set()
        thread.join(10)
        for one in slows:
            one.__exit__(None, None, None)
    assert took < 5, f"the quick receiver waited {took:.1f} s for the slow ones"
    assert locked < 0.5, "no receiver is waited for inside a transaction"
    assert not thread.is_alive()


def test_who_answers_byte_by_byte_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    monkeypatch.setattr(webhook_sending, "WHOLE_SECONDS", 1.0)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        ended = threading.Event()

        def drip() -> None:
            there, _ = listening.accept()
            with there:
                there.sendall(b"HTTP/1.1 200 OK\r\nX-Long: ")
                while not ended.wait(0.1):
                    try:
                        there.sendall(b"x")
                    except OSError:
                        return

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        add_url(f"http://127.0.0.1:{listening.getsockname()[1]}/hook")
        happen()
        began = time.monotonic()
        send()
        ended.set()
        thread.join(5)
    assert time.monotonic() - began < 4
    (row,) = rows()
    assert (row.state, row.last_status) == ("pending", None)
    assert "no answer" in row.last_error


def test_many_events_reach_a_receiver_once_each(receiver: Receiver) -> None:
    customers = [enter(nth)[0] for nth in range(5)]
    for customer_id in customers:
        happen(4, customer_id)
    senders = [Sender(KEY), Sender(KEY)]
    for _ in range(40):
        if states().count("delivered") == 20:
            break
        for sender in senders:
            sender.turn(later())
        for sender in senders:
            assert sender.settle(30)
    assert states() == ["delivered"] * 20
    assert len(receiver.came) == len(set(receiver.came)) == 20


# --- endpoints -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "", "nowhere", "ftp://example.org/x", "http://", "https://user:pw@example.org/", "https://example.org/#part",
        "https://example.org:99999/", "https://example.org:0/", "https://exa mple.org/", "https://example.org/" + "x" * 500,
        "javascript:alert(1)", "https://[::1", "http://ex\u00e4mple.org/", "https://example.org/\nx",
    ],
)  # fmt: skip
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(Invalid) as wrong:
        add_url(url)
    assert "url" in wrong.value.errors


def test_in_production_an_address_needs_tls() -> None:
    def added(url: str) -> Any:
        with db.transaction() as session:
            return record.add_endpoint(session, url, (), by="test", key=KEY, tls_only=True, now=NOW)

    with pytest.raises(Invalid, match="https://"):
        added("http://example.org/")
    assert added(" https://example.org/x?token=1 ")[0].url == "https://example.org/x?token=1"


def test_an_event_that_there_is_not_is_refused_and_none_means_all() -> None:
    with pytest.raises(Invalid, match="no such event"):
        add_url(NOTHING_LISTENS, "offer.eaten")
    add_url(NOTHING_LISTENS)
    with db.reading() as session:
        (endpoint,) = record.endpoints(session)
    assert endpoint.events == webhooks.EVENTS


def test_an_endpoint_goes_with_all_that_was_on_its_way(receiver: Receiver) -> None:
    gone, _ = add_url(NOTHING_LISTENS)
    happen(2)
    with db.transaction() as session:
        assert record.remove_endpoint(session, gone).pending == 2
        with pytest.raises(NotFound):
            record.remove_endpoint(session, gone)
    assert len(rows()) == 2
    assert len({row.endpoint_id for row in rows()}) == 1


def test_what_was_delivered_is_forgotten_after_a_week() -> None:
    add_url(NOTHING_LISTENS)
    happen(3)
    with db.transaction() as session:
        first, second, _ = (row.message_id for row in rows())
        for message_id, state in ((first, "delivered"), (second, "dead")):
            session.execute(
                update(_DELIVERY).where(_DELIVERY.c.message_id == message_id).values(state=state, settled_at=NOW)
            )
    assert record.purge_deliveries(NOW + 6 * DAY) == 0
    assert record.purge_deliveries(NOW + 8 * DAY) == 1
    assert record.purge_deliveries(NOW + 61 * DAY) == 1
    assert states() == ["pending"]
