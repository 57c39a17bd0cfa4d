"""What acceptance does on the profile, once: money on the bill, work that someone does; and how it is called off."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from backend import db
from backend.cases import service as cases
from backend.profiles import service as profiles
from backend.profiles.service import NewBill
from backend.treatments import service as treatments
from shared.kernel import ids
from shared.kernel.errors import Conflict, Invalid, NotFound, NotUndoable, TooLate
from shared.kernel.money import Money
from tests.fulfilling import (
    CALL,
    PLAN,
    PROMISE,
    VISIT,
    facts,
    lines,
    open_shop,
    open_work,
    taken,
    undo,
)
from tests.small_company import (
    ADA,
    BY_ADA,
    DAY,
    KIM,
    NOW,
    TODAY,
    decide,
    events,
    learn,
    publish,
    row_of,
    work,
)


@pytest.fixture(autouse=True)
def company(database: str) -> str:
    open_shop()
    return database


def bill(reference: str, cents: int, issued: date, status: str = "open") -> NewBill:
    return NewBill(
        bill_id=ids.uuid7(), reference=reference, issued_on=issued, due_on=issued + timedelta(days=20), amount_minor=cents,
        currency="USD", status=status, paid_on=issued if status == "paid" else None,
        lines=[{"text": "Line", "amount_minor": cents}],
    )  # fmt: skip


def issue(given: NewBill, now: Any = NOW) -> Money:
    with db.transaction() as session:
        return profiles.issue_bill(session, ADA, given, now)


def bills() -> dict[str, tuple[int, list[tuple[str, int]]]]:
    with db.reading() as session:
        return {b.reference: (b.amount.minor, [(t, a.minor) for t, a in b.lines]) for b in profiles.bills(session, ADA)}


def waiting() -> list[int]:
    with db.reading() as session:
        return [credit.amount.minor for credit in profiles.waiting_credits(session, ADA)]


def credited() -> int:
    """Accepts the goodwill credit, has it fulfilled, and gives its cents."""
    learn(count={"calls": 7})
    offer = taken("goodwill")
    work()
    return int(row_of(offer).terms[0]["value"])


def test_a_credit_is_a_line_on_the_open_bill() -> None:
    issue(bill("B2", 6000, TODAY - timedelta(days=40), "paid"))
    learn(values={"last_bill": 70.0})
    issue(bill("B3", 7000, TODAY - timedelta(days=5)))
    cents = credited()
    assert cents > 0
    assert bills()["B3"] == (7000 - cents, [("Line", 7000), ("Goodwill", -cents)])
    assert bills()["B2"][0] == 6000
    assert facts()["last_bill"] == (7000 - cents) / 100
    assert ("credit.booked", None) in events()
    assert waiting() == []


@pytest.mark.parametrize("which", ["none", "paid", "overdue", "too small"])
def test_where_no_open_bill_can_take_it_a_credit_waits_for_the_next(which: str) -> None:
    given = {
        "paid": bill("B1", 7000, TODAY - timedelta(days=5), "paid"),
        "overdue": bill("B1", 7000, TODAY - timedelta(days=30)),
        "too small": bill("B1", 100, TODAY - timedelta(days=5)),
    }.get(which)
    if given:
        issue(given)
    cents = credited()
    assert waiting() == [cents]
    to_pay = issue(bill("B9", 9000, TODAY + timedelta(days=3)))
    assert to_pay == Money(9000 - cents, "USD")
    assert bills()["B9"] == (9000 - cents, [("Line", 9000), ("Goodwill", -cents)])
    assert waiting() == []


def test_a_bill_takes_no_more_credits_than_it_reaches() -> None:
    with db.transaction() as session:
        for cents in (500, 900, 300):
            profiles.book_credit(session, ADA, ids.uuid7(), f"Credit of {cents}", Money(cents, "USD"), NOW)
    assert issue(bill("B1", 1000, TODAY)) == Money(200, "USD")
    assert waiting() == [900]


def test_the_same_credit_is_booked_once() -> None:
    issue(bill("B3", 7000, TODAY - timedelta(days=5)))
    credit_id = ids.uuid7()
    with db.transaction() as session:
        one, again = (profiles.book_credit(session, ADA, credit_id, "Sorry", Money(800, "USD"), NOW) for _ in range(2))
    assert (one, one.bill) == (again, "B3")
    assert bills()["B3"][0] == 6200


def test_a_credit_cannot_be_taken_back() -> None:
    credited()
    line = next(o for o in lines() if o.treatment == "goodwill")
    assert line.undo_until is None
    with pytest.raises(NotUndoable):
        undo(line.offer_id)


def test_a_concession_that_was_taken_back_is_free_again() -> None:
    publish(
        goodwill={"fulfilment": {"kind": "case", "what": "Book it", "undo_days": 30, **PROMISE}},
        loyalty={"fulfilment": PLAN},
    )
    learn(count={"calls": 7})
    offer = taken("goodwill")
    assert decide().inputs.ledger.offers[-1].concession > 0
    given = lambda: sum(o.concession for o in decide().inputs.ledger.offers if o.state in ("accepted", "fulfilled"))  # noqa: E731
    assert given() > 0
    undo(offer)
    assert given() == 0


def test_a_case_is_opened_and_called_off_with_the_offer() -> None:
    offer = taken("autumn")
    assert open_work() == ()
    work()
    (case,) = open_work()
    assert (case.kind, case.subject, case.offer_id, case.reference) == (
        "case",
        "Set it up",
        offer,
        row_of(offer).reference,
    )
    assert "open_cases" not in facts(), "what they took up is no trouble of theirs"
    undo(offer, channel="portal", actor=BY_ADA)
    assert open_work() == ()
    assert [kind for kind, _ in events()][-2:] == ["case.cancelled", "offer.undone"]


def test_what_was_done_already_is_not_taken_back() -> None:
    offer = taken("autumn")
    work()
    (case,) = open_work()
    with db.transaction() as session:
        treatments.close_case(session, ADA, case.case_id, actor=KIM, now=NOW, channel="phone", outcome="Set up.")
    assert next(o for o in lines() if o.offer_id == offer).undo_until is None
    with pytest.raises(NotUndoable, match="done already"):
        undo(offer)
    with pytest.raises(Conflict, match="closed already"), db.transaction() as session:
        treatments.close_case(session, ADA, case.case_id, actor=KIM, now=NOW, channel="phone")


def test_a_visit_is_planned_on_a_working_day_and_called_off_until_the_day_before() -> None:
    publish(autumn={"fulfilment": VISIT}, loyalty={"fulfilment": PLAN})
    offer = taken("autumn")  # a Sunday
    work()
    (visit,) = open_work()
    assert (visit.kind, visit.day, visit.day.isoweekday() if visit.day else 0) == ("appointment", date(2026, 11, 24), 2)
    assert "open_cases" not in facts()
    assert next(o for o in lines() if o.offer_id == offer).undo_until == date(2026, 11, 23)
    with pytest.raises(TooLate):
        undo(offer, NOW + 2 * DAY)
    undo(offer, NOW + DAY)
    assert open_work() == ()


def test_a_call_that_was_promised_is_called_off_until_it_was_made() -> None:
    publish(autumn={"fulfilment": CALL}, loyalty={"fulfilment": PLAN})
    offer = taken("autumn")
    work()
    (call,) = open_work()
    assert (call.kind, call.state_label) == ("callback", "To call")
    undo(offer, NOW + 20 * DAY)
    assert open_work() == ()
    assert [kind for kind, _ in events()][-2:] == ["callback.cancelled", "offer.undone"]


def test_done_twice_it_is_done_once() -> None:
    offer = taken("autumn")
    for _ in range(3):
        with db.transaction() as session:
            treatments.fulfil(session, ADA, {"offer_id": str(offer)}, NOW)
    assert len(open_work()) == 1


def test_an_agent_closes_work_with_its_event_and_nobody_elses() -> None:
    with db.transaction() as session:
        case = cases.open_case(session, ADA, "case", "  The  line ", actor=KIM, now=NOW, channel="phone")
    assert (case.subject, case.state, len(case.reference)) == ("The line", "open", 6)
    assert facts()["open_cases"] == 1
    with pytest.raises(NotFound), db.transaction() as session:
        cases.done(session, UUID(int=1), case.case_id, actor=KIM, now=NOW)
    with pytest.raises(Invalid), db.transaction() as session:
        cases.done(session, ADA, case.case_id, actor=KIM, now=NOW, outcome="x" * 501)
    with db.transaction() as session:
        closed = cases.done(session, ADA, case.case_id, actor=KIM, now=NOW, outcome="Mended.")
    assert facts()["open_cases"] == 0
    assert (closed.state_label, closed.outcome, closed.closed_by) == ("Closed", "Mended.", "Kim")
    assert [kind for kind, _ in events()] == ["case.opened", "case.resolved"]
    with db.transaction() as session:
        exported = cases.export_customer(session, ADA)
        assert {table: len(rows) for table, rows in exported.items() if rows} == {"customer_case": 1, "case_work": 1}
        assert cases.erase_customer(session, ADA) == 2


@pytest.mark.parametrize("wrong", [{"kind": "appointment"}, {"kind": "case", "day": TODAY}])
def test_an_appointment_has_a_day_and_nothing_else_has(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="day"), db.transaction() as session:
        cases.open_case(session, ADA, subject="x", actor=KIM, now=NOW, **wrong)
    with pytest.raises(Invalid), db.transaction() as session:
        cases.open_case(session, ADA, "case", "x" * 201, actor=KIM, now=NOW)
