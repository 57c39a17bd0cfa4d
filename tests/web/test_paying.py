"""Paying a bill: the provider's page, its signed word, and what the customer and the desk see meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select, update

from backend import db
from backend.interactions import service as interactions
from backend.overview import service as overview
from backend.paying import service as paying
from backend.paying.tables import PaymentRow
from backend.profiles import service as profiles
from backend.profiles.tables import BillRow
from backend.record.tables import OutboxJobRow
from shared.kernel import clock
from shared.kernel.actors import Actor
from tests import apps
from tests.cast import sign_in
from tests.pages import Browser, Page, text_of
from tests.provider import LONG_AGO, PATH, LocalProvider, notice, provider

PAYMENT, BILL, JOB = db.table_of(PaymentRow), db.table_of(BillRow), db.table_of(OutboxJobRow)


@pytest.fixture(scope="module")
def running() -> Iterator[LocalProvider]:
    with provider() as here:
        yield here


@pytest.fixture
def pays(running: LocalProvider) -> LocalProvider:
    """A provider that nobody has asked for anything yet."""
    running.asked.clear()
    running.became.clear()
    running.times, running.refused, running.status, running.answer = 0, 0, 201, None
    return running


@pytest.fixture
def faces(loaded: str, tmp_path: Path, pays: LocalProvider) -> dict[str, Flask]:
    return {name: apps.create(name, loaded, tmp_path, **pays.settings()) for name in ("portal", "api")}


class Owing:
    """A customer with one bill to pay, signed in; and the provider's voice."""

    def __init__(self, faces: dict[str, Flask], overdue: bool = True) -> None:
        with db.reading() as session:
            row = session.execute(
                select(BILL.c.customer_id, BILL.c.bill_id, BILL.c.amount_minor, BILL.c.reference)
                .where(BILL.c.status == ("overdue" if overdue else "open"))
                .order_by(BILL.c.customer_id, BILL.c.bill_id)
                .limit(1)
            ).one()
            self.profile = profiles.profile(session, row.customer_id)
        self.bill_id, self.amount, self.reference = row.bill_id, row.amount_minor, row.reference
        self.browser = sign_in(Browser(faces["portal"]), self.profile.number)
        self.api = faces["api"].test_client()

    @property
    def where(self) -> str:
        return f"/bills/{self.bill_id}"

    def press(self) -> Page:
        """Presses Pay, and stands before the way to the provider's page."""
        return self.browser.get(self.where).submit(f"{self.where}/payments")

    def payment(self) -> Any:
        with db.reading() as session:
            mine = select(PAYMENT).where(PAYMENT.c.bill_id == self.bill_id).order_by(PAYMENT.c.payment_id.desc())
            return session.execute(mine).first()

    def told(self, kind: str = "paid", amount: int | None = None, reference: str = "", **more: Any) -> tuple[int, Any]:
        """The provider tells it at the real door."""
        reference = reference or str(self.payment().payment_id)
        body, headers = notice(reference, kind, self.amount if amount is None else amount, **more)
        answer = self.api.post(PATH, data=body, headers=headers)
        return answer.status_code, answer.get_json()

    def status(self) -> str:
        with db.reading() as session:
            return profiles.bill_of(session, self.profile.customer_id, self.bill_id).status

    def kinds(self, kind: str) -> int:
        page = self.browser.get("/activity")
        return page.text.count(kind)

    def facts(self) -> dict[str, Any]:
        with db.reading() as session:
            return profiles.profile(session, self.profile.customer_id).facts


@pytest.fixture
def owing(faces: dict[str, Flask]) -> Owing:
    return Owing(faces)


def back(owing: Owing, hint: str = "") -> Page:
    return owing.browser.get(f"/payments/{owing.payment().payment_id}{hint}")


def test_a_bill_is_paid_on_the_providers_page_and_settled_by_its_word(
    owing: Owing, pays: LocalProvider, desk_as: Callable[[str], Browser]
) -> None:
    before = owing.facts()["values"]["overdue_amount"]
    door = owing.press()
    (asked,) = pays.asked.values()
    assert (asked["amount_minor"], asked["currency"], asked["reference"]) == (
        owing.amount,
        "USD",
        str(owing.payment().payment_id),
    )
    assert asked["return_url"].endswith(door.path.removesuffix("/page")), "led back to how the payment stands"
    assert owing.profile.name not in str(asked)
    assert owing.profile.number not in str(asked)
    page = f"http://127.0.0.1:{pays.port}/pages/{asked['reference']}"
    assert door.response.headers["Refresh"] == f"0; url={page}"
    assert [a.get("href") for a in door.all("a", class_="primary")] == [page]
    assert "being confirmed" in text_of(back(owing).one("h1")), "back before the provider told us"
    assert owing.told() == (200, {"state": "paid"})
    paid = back(owing)
    assert "Paid: $" in text_of(paid.one("h1"))
    reference = owing.payment().reference
    assert text_of(paid.one("span", class_="reference")) == f"{reference[:3]} {reference[3:]}", (
        "short enough to be read out"
    )
    assert str(owing.payment().payment_id) not in text_of(paid.one("div", id="payment"))
    assert owing.status() == "paid"
    assert not owing.browser.get(owing.where).all("button", class_="primary")
    after = owing.facts()
    assert after["values"]["overdue_amount"] == pytest.approx(before - owing.amount / 100)
    assert after["dates"]["last_payment"]
    with db.reading() as session:
        waits = session.execute(select(JOB.c.customer_id).where(JOB.c.topic == paying.PAID)).scalars().all()
    assert waits == [owing.profile.customer_id], "what was offered about paying is looked at again"
    seen = desk_as("agent1@demo.example").get(f"/customers/{owing.profile.customer_id}")
    assert "by card" in seen.text, "the desk sees it at once"
    with db.reading() as session:
        assert overview.find_reference(session, f"{reference[:3]} {reference[3:]}".lower()) == owing.profile.customer_id


def test_told_again_late_or_in_another_order_it_is_paid_once(owing: Owing) -> None:
    owing.press()
    assert owing.told("failed", id="msg_1", reason="expired") == (200, {"state": "failed"})
    assert "The card has expired." in back(owing).text
    assert owing.told("paid", id="msg_2") == (200, {"state": "paid"}), "they tried once more on the same page"
    for kind, id in (("paid", "msg_2"), ("paid", "msg_3"), ("failed", "msg_1"), ("cancelled", "msg_4")):
        assert owing.told(kind, id=id) == (200, {"state": "paid"})
    assert owing.kinds("Payment $") >= 1
    counted = owing.facts()["days"]["payments"]
    assert counted[max(counted)] == 1
    with db.reading() as session:
        assert profiles.waiting_credits(session, owing.profile.customer_id) == ()


def test_what_the_provider_did_not_sign_just_now_changes_nothing(owing: Owing) -> None:
    owing.press()
    stranger = "whsec_" + "c3RyYW5nZXIgc3RyYW5nZXIgc3RyYW5nZXI="
    now = clock.now()
    for more in ({"secret": stranger}, {"at": now - LONG_AGO}, {"at": now + LONG_AGO}):
        assert owing.told(**more)[0] == 401
    body, headers = notice(str(owing.payment().payment_id), "paid", owing.amount)
    assert owing.api.post(PATH, data=body.replace(b"paid", b"fine"), headers=headers).status_code == 401
    for name in ("webhook-id", "webhook-timestamp", "webhook-signature"):
        assert owing.api.post(PATH, data=body, headers={**headers, name: ""}).status_code == 401
        assert owing.api.post(PATH, data=body, headers={**headers, name: "9" * 300}).status_code == 401
    assert owing.api.post(PATH, json={}).status_code == 401
    assert (owing.status(), owing.payment().state) == ("overdue", "started")
    assert owing.told(reference=str(UUID(int=1)))[0] == 404
    for odd in (
        {"amount_minor": "70"},
        {"amount_minor": True},
        {"currency": "usd"},
        {"reference": 7},
        {"amount_minor": -1},
    ):
        body, headers = notice("x", amount=1, **odd)
        assert owing.api.post(PATH, data=body, headers=headers).status_code == 422


def test_another_amount_than_was_asked_settles_nothing_and_a_person_looks_at_it(owing: Owing) -> None:
    owing.press()
    assert owing.told(amount=1) == (200, {"state": "disputed"})
    assert owing.told() == (200, {"state": "disputed"}), "a second word does not make it right"
    assert owing.status() == "overdue"
    assert "We are looking into your payment" in back(owing).text
    assert "came for bill" in owing.browser.get("/").text


def test_pressed_twice_it_is_one_payment_and_one_page(owing: Owing, pays: LocalProvider) -> None:
    page = owing.browser.get(owing.where)
    doors = {page.submit(f"{owing.where}/payments").path for _ in range(2)}
    assert (len(doors), len(pays.asked), pays.times) == (1, 1, 1)


def test_paid_twice_after_all_the_second_is_taken_off_the_next_bill(owing: Owing) -> None:
    owing.press()
    first = str(owing.payment().payment_id)
    with db.transaction() as session:
        session.execute(update(PAYMENT).values(started_at=clock.now() - LONG_AGO * 10))
    owing.press()
    second = str(owing.payment().payment_id)
    assert first != second
    assert owing.told(reference=second) == (200, {"state": "paid"})
    assert owing.told(reference=first) == (200, {"state": "paid"})
    with db.reading() as session:
        credits = profiles.waiting_credits(session, owing.profile.customer_id)
        bills = profiles.bills(session, owing.profile.customer_id)
    taken = [amount.minor for bill in bills for text, amount in bill.lines if text.startswith("Paid more")]
    assert [one.amount.minor for one in credits] + [-one for one in taken] == [owing.amount]


def at_once(act: Callable[[int], Any], times: int = 6) -> list[Any]:
    """Does it so many times at the same moment, each in a thread of its own."""
    gate = threading.Barrier(times)

    def run(nth: int) -> Any:
        gate.wait()
        return act(nth)

    with ThreadPoolExecutor(times) as threads:
        return list(threads.map(run, range(times)))


def test_pressed_and_told_at_the_same_moment_it_is_one_payment_settled_once(
    owing: Owing, faces: dict[str, Flask]
) -> None:
    door = faces["portal"].config["PAYMENTS"]
    actor = Actor("customer", str(owing.profile.customer_id), "A", customer_id=owing.profile.customer_id)

    def press(_nth: int) -> UUID:
        return paying.begin(door, actor, owing.bill_id, clock.now()).payment_id

    begun = set(at_once(press))
    assert len(begun) == 1
    told = [notice(str(*begun), "paid", owing.amount) for _ in range(6)]

    def tell(nth: int) -> tuple[int, Any]:
        body, headers = told[nth]
        answer = faces["api"].test_client().post(PATH, data=body, headers=headers)
        return answer.status_code, answer.get_json()

    assert at_once(tell) == [(200, {"state": "paid"})] * 6
    counted = owing.facts()["days"]["payments"]
    assert counted[max(counted)] == 1
    with db.reading() as session:
        made = interactions.timeline(session, owing.profile.customer_id, kinds=["payment.made"], limit=100).items
    assert len([one for one in made if "payment_id" in one.data]) == 1


def test_a_word_that_was_lost_is_asked_for(owing: Owing, faces: dict[str, Flask], pays: LocalProvider) -> None:
    owing.press()
    ask, reference = paying.asker(faces["portal"].config["PAYMENTS"]), str(owing.payment().payment_id)
    later = clock.now() + timedelta(minutes=5)
    assert ask(clock.now()) == 0, "it may still be on its way"
    assert (ask(later), owing.status()) == (0, "overdue")
    told = {"reference": reference, "amount_minor": owing.amount, "currency": "USD", "method": "bank"}
    pays.became[reference] = {"type": "payment.paid", "data": told}
    assert (ask(later), owing.status(), ask(later)) == (1, "paid", 0)
    assert "By bank transfer" in back(owing).text
    assert owing.told() == (200, {"state": "paid"}), "and when it comes after all, nothing happens"


def test_who_comes_back_without_paying_is_told_so_kindly(owing: Owing) -> None:
    owing.press()
    assert "We have not heard of a payment." in back(owing, "?outcome=cancelled").text
    assert owing.told("cancelled") == (200, {"state": "cancelled"})
    page = back(owing)
    assert text_of(page.one("h1")) == "You went back without paying"
    again = page.submit(f"{owing.where}/payments")
    assert again.all("a", class_="primary"), "another attempt is one press away"
    assert owing.told() == (200, {"state": "paid"})


@pytest.mark.parametrize(
    "answer", [{}, {"id": "1", "page": "javascript:alert(1)"}, {"id": "1", "page": "http://pay.example/"}, []]
)
def test_a_provider_that_does_not_answer_as_agreed_takes_no_money(
    owing: Owing, pays: LocalProvider, answer: Any
) -> None:
    pays.answer = answer
    page = owing.press()
    assert page.status == 503
    assert "Nothing was paid." in page.text
    assert f"{owing.where}/payments" in [form.action for form in page.forms]
    assert "Not confirmed yet" not in page.text
    pays.answer = None
    assert owing.press().all("a", class_="primary"), "the next press goes on with the same payment"
    assert len(pays.asked) == 1


def test_nobody_sees_or_pays_what_is_anothers(owing: Owing, faces: dict[str, Flask]) -> None:
    owing.press()
    with db.reading() as session:
        other = next(one for one in profiles.search(session, limit=5).items if one.id != owing.profile.customer_id)
    stranger = sign_in(Browser(faces["portal"]), other.number)
    token = stranger.get("/").forms[0].fields["csrf_token"]
    for path in (
        owing.where,
        f"/payments/{owing.payment().payment_id}",
        f"/payments/{owing.payment().payment_id}/page",
    ):
        assert stranger.get(path).status == 404
    assert stranger.post(f"{owing.where}/payments", {"csrf_token": token}).status == 404
    assert stranger.get(f"/test-payments/{owing.payment().payment_id}").status == 404


def test_a_paid_bill_is_not_paid_again(owing: Owing) -> None:
    page = owing.browser.get(owing.where)
    page.submit(f"{owing.where}/payments")
    owing.told()
    late = page.submit(f"{owing.where}/payments")
    assert late.status == 409
    assert "This bill is paid already" in late.text


@pytest.mark.parametrize(
    ("outcome", "heading"), [("paid", "Paid: $"), ("failed", "did not go through"), ("cancelled", "without paying")]
)
def test_without_a_provider_a_page_of_our_own_stands_in_and_says_so(
    loaded_sqlite: str, tmp_path: Path, outcome: str, heading: str
) -> None:
    portal = apps.create("portal", loaded_sqlite, tmp_path)
    owing = Owing({"portal": portal, "api": portal})
    page = owing.press()
    assert page.path == f"/test-payments/{owing.payment().payment_id}"
    assert "This is a test: no money moves" in page.text
    assert [one for one in page.all("input") if one.get("type") != "hidden"] == [], "it asks for nothing"
    assert heading in text_of(page.submit(page.path, outcome=outcome).one("h1"))


def test_in_production_bills_are_paid_online_only_where_a_provider_is_set_up(
    loaded_sqlite: str, tmp_path: Path
) -> None:
    portal = apps.create("portal", loaded_sqlite, tmp_path, EVENHAND_ENV="production", EVENHAND_SECRET="s" * 40)
    assert portal.config["PAYMENTS"].provider is None
    api = apps.create("api", loaded_sqlite, tmp_path, EVENHAND_ENV="production", EVENHAND_SECRET="s" * 40)
    body, headers = notice(str(UUID(int=1)), "paid", 1)
    assert api.test_client().post(PATH, data=body, headers=headers).status_code == 401


def test_a_bill_explains_itself_line_by_line(faces: dict[str, Flask]) -> None:
    owing = Owing(faces)
    page = owing.browser.get(owing.where)
    lines = [text_of(row) for row in page.one("table", class_="sums").iter("tr")]
    assert lines[-1].startswith("Total")
    assert "What changed since the bill before" in page.text
    listed = owing.browser.get("/bills")
    charted = list(listed.one("table", class_="chart").iter("tr"))
    assert len(charted) > 2
    assert all("$" in text_of(row) for row in charted[1:])
    used = [text_of(one) for one in owing.browser.get("/services").all("table", class_="chart")]
    assert any("GB" in text or "minutes" in text for text in used), "what was used, beside its bars"
