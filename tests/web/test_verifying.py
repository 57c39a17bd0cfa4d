"""A caller proves who they are by questions or a code: compared on the server, counted, on record, and over after a while."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

from backend import db
from backend.catalogue import service as catalogues
from backend.interactions import service as interactions
from backend.interactions.tables import InteractionRow
from backend.people import service as people
from backend.profiles import service as profiles
from backend.profiles.service import Profile
from backend.profiles.sourcing import SIGN
from backend.profiles.survivorship import Claim
from shared.kernel import clock
from tests.cast import AGENT, PORTAL_CUSTOMER
from tests.pages import Browser, Page

INTERACTION = db.table_of(InteractionRow)
both_ways = pytest.mark.parametrize("htmx", [False, True], ids=["plain", "htmx"])
OTHER_AGENT = "agent2@demo.example"


@pytest.fixture
def customer(loaded: str) -> Profile:
    with db.reading() as session:
        found = profiles.find_by_sign_in(session, PORTAL_CUSTOMER)
        assert found is not None
        return profiles.profile(session, found)


@pytest.fixture
def sent() -> Iterator[list[dict[str, Any]]]:
    """What was sent, in place of a mail server."""
    letters: list[dict[str, Any]] = []
    interactions.send_codes_by(lambda session, **letter: letters.append(letter))
    yield letters
    interactions.stop_sending()


def talking(desk: Browser, customer: Profile) -> Page:
    """My contact with the customer is open, and its proof is asked for."""
    page = desk.get(f"/customers/{customer.customer_id}")
    if any(form.action.endswith("/contact") for form in page.forms):
        page.submit("/contact")
        page = desk.get(page.path)
    [link] = [a.get("href") for a in page.all("a") if str(a.get("href", "")).endswith("/proof")]
    return desk.get(str(link).removeprefix("/desk"))


def right_answers(page: Page, customer: Profile) -> dict[str, str]:
    """What the customer would say to these questions."""
    with db.reading() as session:
        snapshot = profiles.snapshot(customer, clock.now(), catalogues.pack_in_force(session))
    assert customer.birth_date is not None
    known = {
        "answer-birth": f"{customer.birth_date:%d.%m.%Y}",
        "answer-email": str(customer.email).upper(),
        "answer-last_bill": str(snapshot.facts["last_bill_amount"]),
    }
    asked = [name for name in page.form("/proof/answers").fields if name.startswith("answer-")]
    assert len(asked) == 2
    return {name: known[name] for name in asked}


def masked(desk: Browser, customer: Profile) -> bool:
    html = desk.get(f"/customers/{customer.customer_id}").html
    assert customer.email
    return customer.email not in html


def events(customer: Profile, kind: str) -> list[Any]:
    with db.reading() as session:
        return list(interactions.timeline(session, customer.customer_id, kinds=(kind,)).items)


@both_ways
def test_right_answers_unmask_and_which_were_asked_is_on_record(desk: Browser, customer: Profile, htmx: bool) -> None:
    page = talking(desk, customer)
    assert masked(desk, customer)
    answers = right_answers(page, customer)
    after = page.submit("/proof/answers", htmx=htmx, **answers)
    assert after.status == 200
    assert "Verified: " in after.text
    assert not masked(desk, customer)
    [event] = events(customer, "caller.verified")
    assert len(event.data["questions"]) == 2
    for answer in answers.values():
        assert answer not in str(event.data), "what they answered is on no record"


def test_a_wrong_answer_is_not_told_which_and_what_was_typed_comes_back(desk: Browser, customer: Profile) -> None:
    page = talking(desk, customer)
    answers = right_answers(page, customer)
    first = next(iter(answers))
    after = page.submit("/proof/answers", htmx=True, **(answers | {first: "1.1.1901"}))
    assert after.status == 422
    assert "That is not what we have. 2 more tries." in after.text
    assert after.form("/proof/answers").fields[first] == "1.1.1901"
    assert right_answers(page, customer)[first] not in after.html
    assert masked(desk, customer)
    assert len(events(customer, "caller.unverified")) == 1


def test_a_question_without_an_answer_is_no_wrong_one(desk: Browser, customer: Profile) -> None:
    page = talking(desk, customer)
    after = page.submit("/proof/answers", htmx=True)
    assert after.status == 422
    assert "Ask, and type what they say." in after.text
    assert not events(customer, "caller.unverified")


def test_after_three_wrong_answers_nothing_is_compared_not_even_by_a_colleague(
    desk_as: Callable[[str], Browser], customer: Profile
) -> None:
    desk = desk_as(AGENT)
    page = talking(desk, customer)
    answers = right_answers(page, customer)
    for _ in range(3):
        after = page.submit("/proof/answers", htmx=True, **dict.fromkeys(answers, "9.9.1909"))
    assert "Nothing is compared until" in after.text
    assert page.submit("/proof/answers", htmx=True, **answers).status == 409
    other = desk_as(OTHER_AGENT)
    assert "Nothing is compared until" in talking(other, customer).text
    assert masked(desk, customer)
    with db.transaction() as session:
        long_ago = clock.now() - timedelta(minutes=16)
        session.execute(update(INTERACTION).where(INTERACTION.c.wrong_answers > 0).values(wrong_at=long_ago))
    assert page.submit("/proof/answers", htmx=True, **answers).status == 200


def test_without_anybody_to_send_it_no_code_is_offered(desk: Browser, customer: Profile) -> None:
    page = talking(desk, customer)
    assert not [form for form in page.forms if "/proof/code" in form.action]


@both_ways
def test_a_code_that_is_read_back_unmasks_once(
    desk: Browser, customer: Profile, sent: list[dict[str, Any]], htmx: bool
) -> None:
    page = talking(desk, customer)
    after = page.submit("/proof/code", htmx=htmx)
    assert after.status == 200
    [letter] = sent
    assert (letter["to"], letter["purpose"]) == (customer.email, "code")
    code = "".join(re.findall(r"\b(\d{3}) (\d{3})\b", letter["text"])[0])
    assert code not in after.html
    with db.reading() as session:
        kept = session.execute(select(INTERACTION.c.proof).where(INTERACTION.c.proof.is_not(None))).scalar()
    assert code not in str(kept)
    wrong = after.submit("/proof/code/reading", htmx=htmx, code=f"{(int(code) + 1) % 1_000_000:06}")
    assert wrong.status == 422
    right = after.submit("/proof/code/reading", htmx=htmx, code=f"{code[:3]} {code[3:]}")
    assert right.status == 200
    assert not masked(desk, customer)
    [event] = events(customer, "caller.verified")
    assert customer.email not in str(event.data)
    again = after.submit("/proof/code/reading", htmx=htmx, code=code)
    assert again.status == 409, "a code is good once"


def test_a_code_is_over_after_five_minutes_and_after_three_tries(
    desk: Browser, customer: Profile, sent: list[dict[str, Any]]
) -> None:
    page = talking(desk, customer).submit("/proof/code", htmx=True)
    code = "".join(re.findall(r"\b(\d{3}) (\d{3})\b", sent[0]["text"])[0])
    with clock.frozen(clock.now() + timedelta(minutes=5, seconds=1)):
        assert page.submit("/proof/code/reading", htmx=True, code=code).status == 409
    page = talking(desk, customer).submit("/proof/code", htmx=True)
    code = "".join(re.findall(r"\b(\d{3}) (\d{3})\b", sent[1]["text"])[0])
    for _ in range(3):
        page.submit("/proof/code/reading", htmx=True, code=f"{(int(code) + 7) % 1_000_000:06}")
    assert page.submit("/proof/code/reading", htmx=True, code=code).status == 409


def test_an_address_that_was_told_in_this_very_call_gets_no_code(
    desk: Browser, customer: Profile, sent: list[dict[str, Any]]
) -> None:
    page = talking(desk, customer)
    assert [form for form in page.forms if form.action.endswith("/proof/code")]
    with db.transaction() as session:
        claims = profiles.claims_of(session, customer.customer_id)
        told = Claim("web", str(customer.email), clock.now(), False)
        profiles.keep_claims(session, customer.customer_id, {**claims, f"{SIGN}email": {"web": told.to_json()}})
    assert page.submit("/proof/code", htmx=True).status == 409
    assert not sent


def test_a_verification_ends_by_itself(desk: Browser, customer: Profile) -> None:
    page = talking(desk, customer)
    assert page.submit("/proof/answers", htmx=True, **right_answers(page, customer)).status == 200
    assert not masked(desk, customer)
    with clock.frozen(clock.now() + timedelta(minutes=31)):
        assert masked(desk, customer)


def test_a_call_that_is_put_through_is_not_verified_for_the_next_agent(
    desk_as: Callable[[str], Browser], customer: Profile
) -> None:
    desk, other = desk_as(AGENT), desk_as(OTHER_AGENT)
    page = talking(desk, customer)
    assert page.submit("/proof/answers", htmx=True, **right_answers(page, customer)).status == 200
    other.get("/")
    with db.transaction() as session:
        from backend.interactions import contacts

        mine = contacts.open_with_customer(session, customer.customer_id)[-1]
        to = people.find_staff(session, OTHER_AGENT)
        assert to is not None
        contacts.hand_over(session, customer.customer_id, mine.interaction_id, to, clock.now())
    assert masked(other, customer)
    assert masked(desk, customer)


def test_ways_that_are_asked_for_are_not_to_be_noted_without_asking(desk: Browser, customer: Profile) -> None:
    talking(desk, customer)
    page = desk.get(f"/customers/{customer.customer_id}")
    for how in ("questions", "code"):
        assert page.submit("/verification", htmx=True, how=how).status == 422
    assert masked(desk, customer)
    assert UUID(str(customer.customer_id))
