"""An agent on whose call the customer changes their mind takes it back for them; a supervisor settles what came that was not asked for."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import func, select

from backend import db
from backend.cases import service as cases
from backend.interactions import service as interactions
from backend.mail.posting import SENT
from backend.paying import service as paying
from backend.profiles import service as profiles
from backend.record.tables import AuditEntryRow
from shared.kernel import clock
from shared.kernel.actors import SYSTEM
from tests.mailing import sending
from tests.pages import Browser, text_of
from tests.provider import LocalProvider
from tests.web.test_cancelling import Leaving
from tests.web.test_paying import Owing, back, faces, pays, running

__all__ = ["faces", "pays", "running"]
CARER, SUPERVISOR, READER = "agent1@demo.example", "supervisor@demo.example", "author@demo.example"
AUDIT = db.table_of(AuditEntryRow)


def audited(action: str) -> int:
    with db.reading() as session:
        found = session.execute(select(func.count()).select_from(AUDIT).where(AUDIT.c.action == action)).scalar()
    return found or 0


@pytest.fixture
def who(portal_app: Flask) -> Leaving:
    found = Leaving(portal_app)
    found.choose("plan").submit("/services/cancel")
    return found


@pytest.mark.parametrize("htmx", [False, True])
def test_a_cancellation_is_taken_back_on_the_call_on_which_they_change_their_mind(
    who: Leaving, desk_as: Callable[[str], Browser], htmx: bool
) -> None:
    (one,) = who.standing()
    desk = desk_as(CARER)
    where = f"/customers/{who.customer_id}/unsettled"
    assert desk.get(f"/customers/{who.customer_id}").all("a", href=where), "reached with scripting off"
    page = desk.get(where)
    assert "Cancelled: My whole plan" in page.text
    with sending():
        after = page.submit(f"/cancellations/{one.cancellation_id}/undo", htmx=htmx)
    assert "Cancellation taken back" in after.text
    assert who.standing() == ()
    assert f"Taken back: {one.label}" in text_of(who.browser.get(f"/cancellations/{one.cancellation_id}").one("h1"))
    with db.reading() as session:
        (event,) = interactions.timeline(session, who.customer_id, kinds={"cancellation.undone"}).items
    assert (event.channel, event.actor_kind, event.actor_name) == ("phone", "staff", "Avery Quinn")
    assert "taken back" in who.mails()[-1].subject.lower(), "in writing"
    again = desk.post(f"{where}/cancellations/{one.cancellation_id}/undo", page.forms[-1].fields)
    assert again.status == 200, "pressed twice, it is taken back once"
    assert who.events().count(f"You took your cancellation back: {one.label}") == 1


def test_the_closing_of_an_account_is_taken_back_too_and_confirmed(
    who: Leaving, desk_as: Callable[[str], Browser]
) -> None:
    with db.transaction() as session:
        interactions.ask_to_close(session, who.customer_id, actor=SYSTEM, now=clock.now())
    page = desk_as(CARER).get(f"/customers/{who.customer_id}/unsettled")
    with sending():
        assert "The account is kept" in page.submit("/closing/undo").text
    with db.reading() as session:
        assert interactions.closing_of(session, who.customer_id) is None
        mail = session.execute(select(SENT.c.subject).order_by(SENT.c.mail_id.desc())).scalars().first()
    assert mail is not None
    assert "account" in mail
    assert audited("closing.taken_back") == 1
    late = page.submit("/closing/undo")
    assert (late.status, "nothing to take back" in late.text) == (409, True), "somebody else was faster"


def test_who_only_reads_takes_nothing_back(who: Leaving, desk_as: Callable[[str], Browser]) -> None:
    reader = desk_as(READER)
    page = reader.get(f"/customers/{who.customer_id}/unsettled")
    (one,) = who.standing()
    assert not [form for form in page.forms if "unsettled" in form.action]
    token = next(form.fields["csrf_token"] for form in page.forms if "csrf_token" in form.fields)
    for path in (f"cancellations/{one.cancellation_id}/undo", "closing/undo"):
        answer = reader.post(f"/customers/{who.customer_id}/unsettled/{path}", {"csrf_token": token})
        assert answer.status == 403
    assert who.standing()


@pytest.fixture
def owing(faces: dict[str, Flask], pays: LocalProvider) -> Owing:
    found = Owing(faces)
    found.press()
    return found


def credit_of(owing: Owing) -> int:
    """What is taken off what they owe: waiting, or off a bill that is open."""
    with db.reading() as session:
        waiting = profiles.waiting_credits(session, owing.profile.customer_id)
        bills = profiles.bills(session, owing.profile.customer_id)
    taken = [amount for bill in bills for text, amount in bill.lines if text.startswith("Paid more")]
    return abs(sum(one.amount.minor for one in waiting)) + abs(sum(one.minor for one in taken))


@pytest.mark.parametrize(("over", "status", "heading"), [(500, "paid", "Paid:"), (-500, "overdue", "Counted:")])
def test_what_came_is_counted_as_far_as_it_goes_and_no_money_is_lost(
    owing: Owing, desk_as: Callable[[str], Browser], over: int, status: str, heading: str
) -> None:
    came = owing.amount + over
    assert owing.told(amount=came) == (200, {"state": "disputed"})
    where = f"/customers/{owing.profile.customer_id}/unsettled"
    assert "A supervisor settles it" in desk_as(CARER).get(where).text
    page = desk_as(SUPERVISOR).get(where)
    payment = owing.payment()
    settled = page.submit(f"/payments/{payment.payment_id}", how="counted")
    assert "Payment settled" in settled.text
    assert owing.status() == status
    assert credit_of(owing) == (over if over > 0 else came)
    assert text_of(back(owing).one("h1")).startswith(heading)
    with db.reading() as session:
        found = paying.payment_of(session, owing.profile.customer_id, payment.payment_id)
        assert found.case_id is not None
        case = cases.case_of(session, owing.profile.customer_id, found.case_id)
    assert (case.state, case.outcome) == ("done", "What you paid was counted.")
    assert audited("payment.counted") == 1
    assert owing.told("failed", id="msg_9") == (200, {"state": "paid"}), "what is told later changes nothing"
    again = page.submit(f"/payments/{payment.payment_id}", how="counted")
    assert again.status == 200
    assert credit_of(owing) == (over if over > 0 else came), "settled twice, it is settled once"


def test_what_was_sent_back_is_still_to_pay_and_a_late_word_does_not_pay_it(
    owing: Owing, desk_as: Callable[[str], Browser]
) -> None:
    assert owing.told(amount=1) == (200, {"state": "disputed"})
    page = desk_as(SUPERVISOR).get(f"/customers/{owing.profile.customer_id}/unsettled")
    payment = owing.payment()
    where = f"/payments/{payment.payment_id}"
    assert page.submit(where, how="returned").status == 200
    assert text_of(back(owing).one("h1")) == "Sent back to you: $0.01"
    assert owing.status() == "overdue"
    assert back(owing).all("button", class_="primary"), "it can be paid anew"
    assert owing.told(id="msg_7") == (200, {"state": "cancelled"})
    other = page.submit(where, how="counted")
    assert (other.status, "Nothing about this payment is open" in other.text) == (409, True)
    assert "Payment of $0.01 sent back to you" in owing.browser.get("/activity").text


def test_another_currency_can_only_be_sent_back(owing: Owing, desk_as: Callable[[str], Browser]) -> None:
    assert owing.told(currency="EUR") == (200, {"state": "disputed"})
    page = desk_as(SUPERVISOR).get(f"/customers/{owing.profile.customer_id}/unsettled")
    where = f"/payments/{owing.payment().payment_id}"
    assert "can only be sent back" in page.text
    assert page.submit(where, how="counted").status == 422
    assert page.submit(where).status in (200, 303)
