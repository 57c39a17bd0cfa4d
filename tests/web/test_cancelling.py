"""Leaving online: what it would mean, done in plain steps, seen by colleagues at once, and taken back until the day before."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select

from backend import db
from backend.cancelling import service as cancelling
from backend.cases import service as cases
from backend.mail.posting import SENT
from backend.overview import service as overview
from backend.profiles import service as profiles
from backend.record import service as record
from shared.kernel import clock
from tests.cast import sign_in
from tests.mailing import sending
from tests.pages import Browser, Page, text_of

SUMMARY = "/services/cancel/summary"
CARER = "agent1@demo.example"


class Leaving:
    """A customer with this contract and TV streaming, signed in."""

    def __init__(self, app: Flask, contract: str = "Month-to-month") -> None:
        with db.reading() as session:
            cursor, found = None, None
            while found is None:
                page = profiles.search(session, limit=100, cursor=cursor)
                cursor = page.next_cursor
                for one in page.items:
                    known = profiles.profile(session, one.id)
                    wanted = {"contract": contract, "streaming_tv": "Yes", "churned": False}
                    if (
                        known.email
                        and wanted.items() <= known.attributes.items()
                        and profiles.bill_heads(session, one.id, 1)
                    ):
                        found = known
                        break
        self.customer_id: UUID = found.customer_id
        self.browser = sign_in(Browser(app), found.number)

    def profile(self) -> profiles.Profile:
        with db.reading() as session:
            return profiles.profile(session, self.customer_id)

    def choose(self, what: str, **more: str) -> Page:
        asked = "&".join(f"{name}={value}" for name, value in {"what": what, **more}.items())
        return self.browser.get(f"{SUMMARY}?{asked}")

    def standing(self) -> tuple[cancelling.Cancellation, ...]:
        with db.reading() as session:
            return cancelling.standing(session, self.customer_id)

    def events(self) -> list[str]:
        return [line.title for line in self.activity()]

    def activity(self) -> tuple[Any, ...]:
        actor = profiles_actor(self.profile())
        return overview.activity_page(actor, clock.now()).items

    def mails(self) -> list[Any]:
        with db.reading() as session:
            return list(
                session.execute(select(SENT).where(SENT.c.customer_id == self.customer_id).order_by(SENT.c.mail_id))
            )


def profiles_actor(profile: profiles.Profile) -> Any:
    from shared.kernel.actors import Actor

    return Actor("customer", str(profile.customer_id), profile.name, customer_id=profile.customer_id)


@pytest.fixture
def who(portal_app: Flask) -> Leaving:
    return Leaving(portal_app)


def terms(page: Page) -> dict[str, str]:
    return {
        text_of(row.find("dt")): text_of(row.find("dd"))
        for one in page.all("dl", class_="terms")
        for row in one
        if row.find("dt") is not None
    }


def test_the_whole_plan_is_cancelled_in_plain_steps_and_colleagues_know_at_once(
    who: Leaving, desk_as: Callable[[str], Browser]
) -> None:
    before = who.profile()
    assert "Thinking of leaving?" in who.browser.get("/services").text
    page = who.browser.get("/services/cancel")
    assert page.form(SUMMARY).method == "get"
    with sending():
        summary = who.choose("plan")
        assert who.standing() == (), "reading cancels nothing"
        said = terms(summary)
        made = summary.submit("/services/cancel", reason="price")
    (one,) = who.standing()
    assert text_of(made.one("h1")) == "Cancelled: My whole plan"
    assert one.reference.replace(" ", "") in made.text.replace(" ", "")
    assert terms(made)["Last day"] == said["Last day"]
    assert "Thinking of leaving?" not in who.browser.get("/services").text, "they have said so"
    assert who.profile().attributes == before.attributes, "nothing changes before its day"
    moment = who.profile().moment
    assert moment is not None
    assert (moment.stage, moment.intent, moment.source) == ("leave", "leaving", "stated")
    assert "cancelled" in [key for _, key in who.profile().facts["truths"]]
    desk = desk_as(CARER).get(f"/customers/{who.customer_id}")
    assert "Cancelled everything: the last day is" in desk.text
    assert "Cancelled by the customer: My whole plan" in desk.text
    assert "Too expensive" in desk.text
    assert f"Cancelled: My whole plan, last day {one.last_day.day}" in desk.text, "as a case"
    assert "Too expensive" not in " ".join(f"{line.title} {line.detail}" for line in who.activity())
    assert who.profile().facts["values"].get("open_cases", 0) == before.facts["values"].get("open_cases", 0), (
        "no trouble of theirs"
    )
    (mail,) = who.mails()
    assert (mail.subject, one.reference[:3] in mail.text) == ("Cancelled: My whole plan", True)
    with sending():
        back = made.submit("/undo")
    assert text_of(back.one("h1")) == "Taken back: My whole plan"
    assert who.standing() == ()
    assert [mail.subject for mail in who.mails()][1:] == ["Taken back: My whole plan"]
    assert who.profile().facts["values"].get("open_cases", 0) == before.facts["values"].get("open_cases", 0)
    assert "Cancelled everything" not in desk_as(CARER).get(f"/customers/{who.customer_id}").text
    assert made.submit("/undo").status == 200, "pressed twice"


def test_one_service_goes_on_its_day_and_the_bill_with_it(who: Leaving) -> None:
    before = who.profile().attributes
    summary = who.choose("tv")
    goes = terms(summary)["Your bill, month by month"]
    after = f"{before['monthly_charges'] - 10:,.2f}"
    assert goes == f"goes from ${before['monthly_charges']:,.2f} to ${after}"
    summary.submit("/services/cancel")
    (one,) = who.standing()
    assert "Cancelled" in who.browser.get("/services").text
    with clock.frozen(clock.now() + timedelta(days=45)):
        record.run_due(clock.now())
    assert who.standing() == ()
    now = who.profile().attributes
    assert (now["streaming_tv"], f"{now['monthly_charges']:,.2f}") == ("No", after)
    assert {key for key in before if before[key] != now[key]} == {"streaming_tv", "monthly_charges"}
    again = who.browser.get(f"/cancellations/{one.cancellation_id}")
    assert text_of(again.one("h1")) == "Ended: TV streaming"
    assert not [form for form in again.forms if form.action.endswith("/undo")]
    assert who.events().count("Ended: TV streaming") == 1


def test_who_left_has_left_and_nothing_more_is_to_be_cancelled(who: Leaving) -> None:
    for what in ("tv", "plan"):
        who.choose(what).submit("/services/cancel")
    assert len(who.standing()) == 2
    assert who.choose("films").path == "/services/cancel", "all of it ends already"
    with clock.frozen(clock.now() + timedelta(days=45)):
        record.run_due(clock.now())
        record.run_due(clock.now())
    profile = who.profile()
    assert profile.attributes["churned"] is True
    assert profile.facts["dates"]["left"]
    assert profile.facts["values"]["leaving_on"] is None
    assert "There is nothing to cancel." in who.browser.get("/services/cancel").text


def test_pressed_twice_it_is_cancelled_once(who: Leaving) -> None:
    summary = who.choose("plan")
    places = {summary.submit("/services/cancel").path for _ in range(2)}
    assert len(places) == len(who.standing()) == 1
    assert len([mail for mail in who.events() if mail.startswith("You cancelled")]) == 1


def test_what_was_not_read_is_not_cancelled(who: Leaving) -> None:
    summary = who.choose("plan")
    late = summary.submit("/services/cancel", seen="2026-01-01 0")
    assert (late.status, who.standing()) == (409, ())
    assert "has changed since you read it" in late.text
    odd = summary.submit("/services/cancel", reason="because")
    assert (odd.status, who.standing()) == (422, ())
    assert summary.submit("/services/cancel", what="everything").status == 422
    assert who.choose("everything").path == "/services/cancel"


def test_on_the_last_day_it_is_too_late_to_take_it_back(who: Leaving) -> None:
    made = who.choose("plan").submit("/services/cancel")
    (one,) = who.standing()
    token = made.form("/undo").fields["csrf_token"]
    noon = clock.utc(
        datetime.combine(one.last_day, datetime.min.time(), clock.zone_named(who.profile().timezone))
    ) + timedelta(hours=12)
    with clock.frozen(noon), pytest.raises(Exception, match="can't be taken back"), db.transaction() as session:
        overview.take_cancellation_back(session, profiles_actor(who.profile()), one.cancellation_id, noon)
    assert token
    assert who.standing() == (one,)


@pytest.mark.parametrize("contract", ["One year", "Two year"])
def test_a_contract_may_end_at_its_end_for_nothing_or_earlier_at_a_price_that_is_told(
    portal_app: Flask, contract: str
) -> None:
    who = Leaving(portal_app, contract)
    soon = who.choose("plan")
    days = [radio.get("value") for radio in soon.all("input", name="when", type="radio")]
    later = who.choose("plan", when="contract")
    assert days in ([], ["soon", "contract"])
    if days:
        assert terms(later)["For leaving before the contract ends"] == "nothing"
        later.submit("/services/cancel")
        (one,) = who.standing()
        assert one.early_cost.minor == 0
        assert one.last_day > date.fromisoformat(
            soon.form("/services/cancel").fields.get("seen", "2026-01-01 0").split()[0]
        )


def test_one_offer_at_most_stands_beside_the_button_which_weighs_as_much(portal_app: Flask) -> None:
    who = Leaving(portal_app)
    who.browser.get("/services/cancel")
    page = who.choose("plan")
    assert len(page.all("article", class_="offer")) <= 1
    assert page.all(class_="primary") == [], "no way out weighs more than another"
    buttons = [text_of(one) for one in page.all("button", class_="button") if text_of(one).startswith("Cancel on")]
    assert len(buttons) == 1
    assert "Are you sure" not in page.text


def test_the_case_of_a_cancellation_is_told_in_the_customers_language_and_stays_english_at_the_desk(
    who: Leaving, desk_as: Callable[[str], Browser]
) -> None:
    who.browser.get("/").submit("/language", language="es")
    who.choose("plan").submit("/services/cancel")
    (one,) = who.standing()
    assert one.case_id is not None
    for path in ("/", "/cases", f"/cases/{one.case_id}"):
        page = who.browser.get(path)
        assert "Cancelado: Todo mi plan, último día: " in page.text
        assert "Cancelled" not in page.text
    desk = desk_as(CARER).get(f"/customers/{who.customer_id}")
    assert "Cancelled: My whole plan, last day" in desk.text
    with db.reading() as session:
        subject = cases.case_of(session, who.customer_id, one.case_id).subject
    assert " de " not in subject, "the day too is as colleagues read it"
    who.browser.get(f"/cancellations/{one.cancellation_id}").submit("/undo")
    assert "Taken back" not in who.browser.get(f"/cases/{one.case_id}").text


def test_on_the_first_page_a_sentence_and_the_reference_stand_apart(who: Leaving) -> None:
    who.choose("plan").submit("/services/cancel")
    assert ".Reference" not in who.browser.get("/").response.get_data(as_text=True)
