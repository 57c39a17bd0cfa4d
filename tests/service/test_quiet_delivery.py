"""A message that was promised in the night is told to a messenger in the morning, by the customer's clock, and once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.hooks import add, rows, send
from tests.receiver import Receiver, receiving
from tests.small_company import NOW, answer, decide, offer_of, open_company, work

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
