"""One question once something is done: asked once, changeable for a week; a low answer moves the experience and warns the desk."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import text
from werkzeug.test import TestResponse

from backend import db
from backend.cases import service as cases
from backend.interactions import service as interactions
from backend.overview import service as overview
from backend.people import service as people
from backend.profiles import service as profiles
from backend.record import service as record
from backend.treatments import service as treatments
from shared.kernel import clock
from shared.kernel.actors import SYSTEM, Actor
from shared.kernel.errors import Conflict
from tests.cast import LOYAL_CUSTOMER, PORTAL_CUSTOMER
from tests.pages import Browser, text_of

SUBJECT = "The line hums"


def customer(number: str = PORTAL_CUSTOMER) -> UUID:
    with db.reading() as session:
        found = profiles.find_by_sign_in(session, number)
    assert found is not None
    return found


def opened(number: str = PORTAL_CUSTOMER) -> UUID:
    with db.transaction() as session:
        return cases.open_case(session, customer(number), "case", SUBJECT, actor=SYSTEM, now=clock.now()).case_id


def solve(case_id: UUID, number: str = PORTAL_CUSTOMER) -> None:
    with db.transaction() as session:
        cases.resolve(session, customer(number), case_id, outcome="", seen=None, actor=SYSTEM, now=clock.now())


@pytest.fixture
def case_id(portal: Browser) -> UUID:
    """A case that was solved just now."""
    found = opened()
    solve(found)
    return found


def low_truths() -> int:
    with db.reading() as session:
        kept = profiles.profile(session, customer()).facts.get("truths", ())
    return sum(key == "low_rating" for _, key in kept)


def told() -> list[tuple[str, int]]:
    with db.reading() as session:
        found = interactions.timeline(session, customer(), kinds={"rating.low", "rating.given"}).items
    return [(event.kind, event.data["score"]) for event in reversed(found)]


def test_a_low_answer_is_a_moment_of_truth_at_once_and_the_desk_reads_it(
    portal: Browser, desk: Browser, case_id: UUID
) -> None:
    before = low_truths()
    page = portal.get(f"/cases/{case_id}").submit("/rating", htmx=True, score="1", words="Nobody came")
    assert (page.status, page.is_whole) == (200, False)
    assert "You told us: very bad" in page.text
    assert low_truths() == before + 1
    assert told() == [("rating.low", 1)]
    warnings = text_of(desk.get(f"/customers/{customer()}").one(role="group", aria_label="Warnings"))
    assert "Rated 1 of 5" in warnings
    assert f"{SUBJECT}: “Nobody came”" in warnings
    assert "You told us how it was: very bad" in portal.get("/activity").text


def test_said_again_it_is_as_it_was_and_a_better_answer_takes_the_low_one_back(
    portal: Browser, desk: Browser, case_id: UUID
) -> None:
    before = low_truths()
    for score, kept, many in (("2", before + 1, 1), ("2", before + 1, 1), ("1", before + 1, 2), ("4", before, 3)):
        page = portal.get(f"/cases/{case_id}").submit("/rating", score=score, words="")
        assert page.path == f"/cases/{case_id}"
        assert (low_truths(), len(told())) == (kept, many)
    assert "You told us: good" in page.text
    assert not [one for one in desk.get(f"/customers/{customer()}").all(class_="warning") if "Rated" in text_of(one)]


def test_nobody_is_asked_before_it_is_done_nor_long_after_and_after_a_week_the_answer_stands(portal: Browser) -> None:
    case_id = opened()
    assert not portal.get(f"/cases/{case_id}").all(id="rating")
    solve(case_id)
    form = portal.get(f"/cases/{case_id}").form("/rating")
    actor = people.customer_of(customer(), "", customer())
    with db.transaction() as session, pytest.raises(Conflict):
        overview.rate_case(session, actor, case_id, 5, "", clock.now() + timedelta(days=31))
    assert portal.send("post", form.action, {**form.fields, "score": "4"}).status == 200
    with db.transaction() as session, pytest.raises(Conflict, match="some time ago"):
        overview.rate_case(session, actor, case_id, 1, "", clock.now() + timedelta(days=8))
    with db.reading() as session:
        late = overview.asking_of_case(session, actor, case_id, clock.now() + timedelta(days=8))
    assert (late.asks, late.given and late.given.score) == (False, 4)


def test_what_is_no_answer_is_told_in_place_and_anothers_case_is_not_there(portal: Browser, case_id: UUID) -> None:
    form = portal.get(f"/cases/{case_id}").form("/rating")
    for score, words in (("", "so"), ("6", "so"), ("x", "so"), ("²", "so"), ("5", "w" * 1001)):
        page = portal.send("post", form.action, {**form.fields, "score": score, "words": words})
        assert page.status == 422
        assert words in (page.one("textarea", name="words").text or "")
    assert told() == []
    other = opened(LOYAL_CUSTOMER)
    solve(other, LOYAL_CUSTOMER)
    assert portal.send("post", f"/cases/{other}/rating", {**form.fields, "score": "1"}).status == 404


def test_what_was_accepted_is_asked_about_once_it_is_done(portal: Browser) -> None:
    page = portal.get("/offers")
    offer = next(str(one.get("data-offer")) for one in page.all("article") if one.get("data-offer"))
    sent = {**page.forms[0].fields, "score": "5"}
    assert portal.send("post", f"/offers/{offer}/rating", sent).status == 409
    portal.get(f"/offers/{offer}").submit(f"/offers/{offer}/acceptance")
    record.run_due(clock.now())
    done = portal.get(f"/offers/{offer}").submit("/rating", score="2", words="Slow")
    assert done.path == f"/offers/{offer}"
    assert "You told us: bad" in done.text
    assert told() == [("rating.low", 2)]


@pytest.mark.parametrize("kind", ["appointment", "callback"])
def test_nobody_is_asked_how_a_visit_was_before_it_took_place(portal: Browser, kind: str) -> None:
    page = portal.get("/offers")
    offer = next(str(one.get("data-offer")) for one in page.all("article") if one.get("data-offer"))
    portal.get(f"/offers/{offer}").submit(f"/offers/{offer}/acceptance")
    record.run_due(clock.now())
    asked = portal.get(f"/offers/{offer}").form("/rating")
    with db.transaction() as session:
        work = cases.opened_by_offer(session, customer(), UUID(offer))
        assert work is not None
        day = (clock.now() + timedelta(days=1)).date() if kind == "appointment" else None
        planned = text("UPDATE customer_case SET kind = :kind, day = :day WHERE reference = :reference")
        session.connection().execute(planned, {"kind": kind, "day": day, "reference": work.reference})
    page = portal.get(f"/offers/{offer}")
    assert "How did we do?" not in page.text
    assert portal.send("post", asked.action, {**asked.fields, "score": "5"}).status == 409
    with clock.frozen(clock.now() + timedelta(days=3)), db.reading() as session:
        me = Actor("customer", str(customer()), "A", customer_id=customer())
        line = treatments.offer_page(session, UUID(offer), me, clock.now()).line
        passed = overview.asking_of_offer(session, me, line, clock.now()).asks
    assert passed is (kind == "appointment"), "nobody has to say of a visit that it took place"
    with db.transaction() as session:
        cases.done(session, customer(), work.case_id, actor=SYSTEM, now=clock.now())
    assert "How did we do?" in portal.get(f"/offers/{offer}").text


def test_programs_read_what_customers_said_and_what_is_masked_stays_masked(portal: Browser, api_app: Flask) -> None:
    first, second = opened(), opened()
    for case_id in (first, second):
        solve(case_id)
    portal.get(f"/cases/{first}").submit("/rating", score="4")
    portal.get(f"/cases/{second}").submit("/rating", score="1", words="Nobody called")
    client, where = api_app.test_client(), f"/api/v1/customers/{customer()}/ratings"

    def told(scope: str) -> TestResponse:
        with db.transaction() as session:
            key = people.create_key(session, [scope], clock.now())[1]
        return client.get(where, headers={"Authorization": f"Bearer {key}"})

    answer = told("customers:read")
    assert answer.status_code == 200
    assert [
        (one["about"], one["id"], one["score"], one["words"], one["is_low"]) for one in answer.get_json()["items"]
    ] == [("case", str(second), 1, "Nobody called", True), ("case", str(first), 4, "", False)]
    assert told("articles:read").status_code == 403
    with db.reading() as session:
        email = profiles.profile(session, customer()).email
    assert email
    portal.get(f"/cases/{second}").submit("/rating", score="1", words=f"Write to {email}")
    assert email not in told("customers:read").get_json()["items"][0]["words"]
    assert email in told("customers:sensitive").get_json()["items"][0]["words"]
