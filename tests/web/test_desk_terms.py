"""Other terms, another treatment, approvals and budgets: on their pages, with what each of the three then sees."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest

from backend import db
from backend.identities import service as identities
from backend.people import service as people
from backend.profiles import service as profiles
from backend.treatments import service as treatments
from shared.kernel import clock
from shared.kernel.actors import Actor
from tests import steps_of_drafts as drafting
from tests.cast import AGENT, PORTAL_CUSTOMER, SUPERVISOR, sign_in
from tests.pages import Browser, Page, text_of

both_ways = pytest.mark.parametrize("htmx", [False, True], ids=["plain", "htmx"])
TERM = "term-credit"


@pytest.fixture
def customer(loaded: str) -> UUID:
    """Someone whom we let down, so that a credit stands among what to offer."""
    with db.transaction() as session:
        customer_id = profiles.find_by_sign_in(session, PORTAL_CUSTOMER)
        assert customer_id is not None
        profiles.learn(
            session, customer_id, now=clock.now(), attributes={"monthly_charges": 70.0},
            bad_experience={"kind": "outage", "what": "Nine hours without a line", "on": "2026-11-01", "resolved": False},
            dates={"bad_experience": clock.now().date()},
        )  # fmt: skip
    return customer_id


def actor(email: str) -> Actor:
    with db.reading() as session:
        found = people.find_staff(session, email)
        assert found is not None
        signed_in = people.staff_actor(session, found[0])
        assert signed_in is not None
        return signed_in


def credit(customer: UUID) -> UUID:
    """The credit, offered by an agent, on top of the page or chosen."""
    decided = treatments.decide(customer, clock.now())
    ranked = {r.treatment: r.offer_id for r in decided.ranked}
    if "apology_credit" in ranked:
        return UUID(ranked["apology_credit"])
    with db.transaction() as session:
        return treatments.override(
            session,
            customer,
            "apology_credit",
            channel="phone",
            actor=actor(AGENT),
            now=clock.now(),
            reason="For the test.",
        ).offer_id


def page_of(desk: Browser, customer: UUID) -> Page:
    return desk.get(f"/customers/{customer}")


def asked(desk: Browser, customer: UUID, *, htmx: bool = False, **fields: str) -> Page:
    """The form of other terms, sent; the offer is shown, or else the form is made up to name it."""
    offer = credit(customer)
    page = page_of(desk, customer)
    if any(form.action.endswith(f"{offer}/terms") for form in page.forms):
        return page.submit(f"{offer}/terms", htmx=htmx, **fields)
    return desk.post(f"/offers/{offer}/terms", htmx=htmx, customer=str(customer), **fields)


def state_of(customer: UUID) -> list[tuple[str, str]]:
    with db.reading() as session:
        lines = treatments.offers_of(session, customer, actor(AGENT), clock.now())
    return [(line.state, line.terms[0].text) for line in lines if line.treatment == "apology_credit"]


@both_ways
def test_terms_within_the_agents_authority_stand_at_once(desk: Browser, customer: UUID, htmx: bool) -> None:
    after = asked(desk, customer, htmx=htmx, **{TERM: "14.50"})
    assert after.status == 200
    assert "New terms: $14.50 off" in after.text
    assert state_of(customer)[0] == ("presented", "$14.50")


@both_ways
def test_terms_beyond_it_need_a_reason_and_what_was_typed_stays(desk: Browser, customer: UUID, htmx: bool) -> None:
    refused = asked(desk, customer, htmx=htmx, **{TERM: "19"})
    assert refused.status == 422
    assert "Say why: these terms need an approval." in refused.text
    assert 'value="19"' in refused.html
    after = asked(desk, customer, htmx=htmx, **{TERM: "19", "reason": "Nine hours."})
    assert "Sent for approval: $19.00 off" in after.text
    assert state_of(customer)[0] == ("pending_approval", "$19.00")


@pytest.mark.parametrize(
    ("typed", "said"),
    [("a lot", "Write a number."), ("99", "at most 20"), ("nan", "at most 20"), ("", "Write a number.")],
)
def test_what_is_no_term_is_told_beside_what_was_typed(desk: Browser, customer: UUID, typed: str, said: str) -> None:
    refused = asked(desk, customer, **{TERM: typed, "reason": "Because."})
    assert refused.status == 422
    assert said.lower() in refused.text.lower()


def test_a_supervisor_approves_and_the_customer_sees_each_step(
    desk: Browser, desk_as: Callable[[str], Browser], portal_as: Callable[[str], Browser], customer: UUID
) -> None:
    asked(desk, customer, **{TERM: "19", "reason": "Nine hours without a line."})
    portal = portal_as(PORTAL_CUSTOMER)
    assert "Being confirmed" in portal.get("/offers").text
    supervisor = desk_as(SUPERVISOR)
    waiting = supervisor.get("/approvals")
    assert "Nine hours without a line." in waiting.text
    assert "$19.00" in waiting.text
    form = next(form.action for form in waiting.forms if "/approvals/" in form.action)
    no_reason = waiting.submit(form, decision="refuse")
    assert no_reason.status == 422
    assert "Say why" in no_reason.text
    done = waiting.submit(form, decision="approve")
    assert "Approved: $19.00 off" in done.text
    assert "Nothing waits for an approval." in done.text
    again = waiting.submit(form, decision="approve")
    assert again.status == 409
    assert "This was decided already." in again.text
    assert "Being confirmed" not in portal.get("/offers").text
    assert state_of(customer)[0][0] == "accepted"


def test_a_refusal_is_told_to_the_agent_with_its_reason_and_to_the_customer_without(
    desk: Browser, desk_as: Callable[[str], Browser], portal_as: Callable[[str], Browser], customer: UUID
) -> None:
    asked(desk, customer, **{TERM: "19", "reason": "Nine hours without a line."})
    portal = portal_as(PORTAL_CUSTOMER)
    page = portal.get("/offers")
    link = next(a.get("href") or "" for a in page.one("li", class_="line").iter() if a.get("href"))
    waiting = portal.get(link).text
    assert "Being confirmed: $19.00 off" in waiting
    assert "The credit is on your next bill" not in waiting, "nobody agreed to it yet"
    supervisor = desk_as(SUPERVISOR)
    approvals = supervisor.get("/approvals")
    form = next(form.action for form in approvals.forms if "/approvals/" in form.action)
    approvals.submit(form, decision="refuse", reason="Fifteen is what we give.")
    assert "Not approved: Fifteen is what we give." in desk.get(f"/customers/{customer}").text
    refused = portal.get(link).text
    assert "Could not be confirmed" in refused
    assert "Fifteen" not in refused


def test_who_asked_cannot_approve(desk_as: Callable[[str], Browser], customer: UUID) -> None:
    supervisor = desk_as(SUPERVISOR)
    asked(supervisor, customer, **{TERM: "19", "reason": "Nine hours."})
    page = supervisor.get("/approvals")
    assert "somebody else has to decide" in page.text
    assert not [form for form in page.forms if "/approvals/" in form.action]
    offer = next(line for line in state_of(customer))
    assert offer[0] == "pending_approval"


def test_another_treatment_is_chosen_with_a_reason(desk: Browser, customer: UUID) -> None:
    page = desk.get(f"/customers/{customer}/alternatives")
    choices = [radio.get("value", "") for radio in page.all("input", type="radio")]
    assert choices
    refused = page.submit("/alternatives", treatment=choices[0], reason="")
    assert refused.status == 422
    assert "Say why you choose another treatment." in refused.text
    assert [r.get("value") for r in refused.all("input", type="radio") if "checked" in r.attrib] == [choices[0]]
    nothing = page.submit("/alternatives", treatment="", reason="They asked.")
    assert nothing.status == 422
    assert "Choose one of these treatments." in nothing.text
    after = page.submit("/alternatives", treatment=choices[0], reason="They asked for it.")
    assert after.path == f"/customers/{customer}"
    assert "Offered: " in after.text
    assert "Chosen by the agent" in text_of(after.one(id="timeline"))
    twice = page.submit("/alternatives", treatment=choices[0], reason="They asked for it.")
    assert twice.status == 409


def test_what_is_left_is_told_in_words(desk: Browser) -> None:
    page = desk.get("/budgets")
    assert "Technician visits" in page.text
    assert "$25,000.00 left." in page.text
    assert "Monday " in page.text


def test_an_agent_sees_no_approvals(desk: Browser) -> None:
    assert desk.get("/approvals").status == 403


def test_the_supervisors_page_stands_by_itself_when_nothing_waits(
    desk_app: object, desk_as: Callable[[str], Browser]
) -> None:
    page = desk_as(SUPERVISOR).get("/approvals")
    assert "Nothing waits for an approval." in page.text
    assert page.lint() == []


def test_sign_in_comes_first(desk_app) -> None:  # type: ignore[no-untyped-def]
    browser = Browser(desk_app)
    assert browser.get("/budgets").path == "/sign-in"
    assert "What is left" in sign_in(browser, AGENT).get("/budgets").text


def test_changes_of_the_catalogue_and_customers_who_may_be_one_wait_on_the_same_page(
    desk_as: Callable[[str], Browser],
) -> None:
    supervisor = desk_as(SUPERVISOR)
    assert "Nothing waits for an approval." in supervisor.get("/approvals").text
    draft_id = drafting.made("Films for less")
    drafting.approved(draft_id, stop="asked")
    page = supervisor.get("/approvals")
    assert "Catalogue: Films for less" in page.text
    (link,) = [a for a in page.all("a") if text_of(a) == "the whole draft"]
    assert link.get("href") == f"/catalogue/drafts/{draft_id}"
    with db.transaction() as session:
        first, second = (one.id for one in profiles.search(session, limit=2).items)
        identities.suggest(session, [(first, second, 33.0, ())], clock.now())
        names = {profiles.profile(session, one).name for one in (first, second)}
    page = supervisor.get("/approvals")
    assert all(name in text_of(page.one("section", aria_labelledby="pairs")) for name in names)
