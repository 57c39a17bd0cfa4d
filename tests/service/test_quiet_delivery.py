"""A message that was promised in the night is told to a messenger in the morning, by the customer's clock, and once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from backend import db
from backend.profiles.tables import CustomerRow
from backend.record import service as record
from backend.record.tables import WebhookDeliveryRow
from tests.hooks import add, rows, send
from tests.receiver import Receiver, receiving
from tests.small_company import ADA, NOW, answer, decide, offer_of, open_company, work

_CUSTOMER = db.table_of(CustomerRow)
_DELIVERY = db.table_of(WebhookDeliveryRow)
QUIET = {"quiet_hours": {"from": "21:00", "until": "08:00"}}
NIGHT = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
"""Ten in the evening in New York."""
MORNING = datetime(2026, 11, 23, 13, 0, tzinfo=UTC)


@pytest.fixture
def messenger(database: str) -> Iterator[Receiver]:
    with receiving() as one:
        open_company(pack=QUIET)
        add(one, "message.due")
        yield one


def change(**values: Any) -> None:
    """What the only delivery would say by now."""
    with db.transaction() as session:
        session.execute(update(_DELIVERY).values(**values))


def promised(now: datetime, treatment: str = "faster") -> None:
    answer(offer_of(decide(now), treatment), "accepted", now)
    work(now)
    work(now)


def test_what_is_promised_in_the_night_reaches_the_messenger_in_the_morning_once(messenger: Receiver) -> None:
    promised(NIGHT)
    (row,) = rows()
    assert row.run_at == MORNING
    send(MORNING - timedelta(seconds=1))
    assert messenger.bodies == {}
    send(MORNING)
    send(MORNING + timedelta(hours=1))
    (body,) = messenger.bodies.values()
    assert (body["type"], body["data"]["treatment"]) == ("message.due", "faster")
    assert datetime.fromisoformat(body["data"]["deliver_from"]) == MORNING
    assert "Ada" not in str(body)
    assert len(messenger.came) == 1


EVENING = datetime(2026, 11, 23, 1, 58, tzinfo=UTC)
"""Two minutes to nine in the evening in New York."""


def test_a_retry_that_falls_into_the_night_waits_for_the_morning_too(messenger: Receiver) -> None:
    """Only the first attempt was ever put off: the second, minutes later, told the messenger in the night."""
    messenger.status = 500
    promised(EVENING)
    send(EVENING)
    (failed,) = rows()
    assert (failed.state, failed.attempts) == ("pending", 1)
    change(run_at=NIGHT)
    messenger.status = 204
    send(NIGHT)
    (held,) = rows()
    assert (held.run_at, held.attempts) == (MORNING, 1), "waiting is no attempt of its own"
    send(MORNING - timedelta(seconds=1))
    assert len(messenger.came) == 1
    send(MORNING)
    assert len(messenger.came) == 2
    assert rows()[0].state == "delivered"


def test_a_dead_letter_that_somebody_sends_again_at_night_waits_for_the_morning_too(messenger: Receiver) -> None:
    promised(NOW)
    change(state="dead", settled_at=NOW)
    with db.transaction() as session:
        assert record.resend_all(session, NIGHT) == 1
    send(NIGHT)
    assert messenger.came == []
    send(MORNING)
    assert rows()[0].state == "delivered"


def test_whoever_was_away_all_day_sends_nothing_at_night(messenger: Receiver) -> None:
    """No worker ran while it was day, or the endpoint was switched off: what was due at noon is late, not urgent."""
    promised(NOW)
    send(NIGHT)
    assert messenger.came == []
    send(MORNING)
    assert len(messenger.came) == 1


def test_where_the_customer_lives_by_now_says_when_it_is_quiet(messenger: Receiver) -> None:
    promised(NIGHT)
    with db.transaction() as session:
        session.execute(update(_CUSTOMER).where(_CUSTOMER.c.customer_id == ADA).values(timezone="Pacific/Auckland"))
    (row,) = rows()
    assert row.run_at == MORNING, "as it was promised"
    # Eight in the morning in New York is two in the night in Auckland.
    send(MORNING)
    assert messenger.came == []
    assert rows()[0].run_at == datetime(2026, 11, 23, 19, 0, tzinfo=UTC)


def test_what_goes_to_machines_alone_is_sent_and_sent_again_at_night(messenger: Receiver) -> None:
    add(messenger, "offer.accepted")
    promised(NIGHT)
    send(NIGHT)
    assert [body["type"] for body in messenger.bodies.values()] == ["offer.accepted"]


def test_by_day_it_is_due_at_once(messenger: Receiver) -> None:
    promised(NOW)
    (row,) = rows()
    assert row.run_at == NOW


def test_what_needs_no_message_sends_none(database: str) -> None:
    case = {"kind": "case", "what": "Look at the line", "promise": "We look at your line."}
    open_company(pack=QUIET, faster={"fulfilment": case})
    with receiving() as one:
        add(one, "message.due", "offer.fulfilled")
        promised(NOW)
        assert [row.event for row in rows()] == ["offer.fulfilled"]


def test_a_pack_without_quiet_hours_lets_nothing_wait(database: str) -> None:
    open_company()
    with receiving() as one:
        add(one, "message.due")
        promised(NIGHT)
        (row,) = rows()
        assert row.run_at == NIGHT
