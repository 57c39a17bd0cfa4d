"""Who may reach what, on every route of the three apps."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import urljoin, urlsplit
from uuid import uuid4

import pytest
from sqlalchemy import text
from werkzeug.exceptions import HTTPException

from backend import db
from backend.people.permissions import ROLES, SCOPES
from tests.pages import Page
from tests.world import FACES, STAFF, Person, World, needed, people_open, routes, tokened

# --- nobody ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("face", FACES)
def test_nobody_is_led_to_the_sign_in_page(world: World, face: str) -> None:
    app = world.apps[face]
    for rule, method in routes(app):
        answer = app.test_client().open(world.address(rule), method=method)
        assert answer.status_code == 303, (method, rule.rule, answer.status_code)
        assert urlsplit(answer.location).path == "/sign-in", (method, rule.rule)
        piece = app.test_client().open(world.address(rule), method=method, headers={"HX-Request": "true"})
        assert (piece.status_code, piece.headers["HX-Redirect"], piece.data) == (401, "/sign-in", b""), rule.rule


def test_nobody_gets_401_from_the_api(world: World) -> None:
    app = world.apps["api"]
    for rule, method in routes(app):
        for headers in ({}, {"Authorization": "Bearer eh_0_no"}, {"Authorization": "Basic YTpi"}):
            answer = app.test_client().open(world.address(rule), method=method, headers=headers, json={})
            assert answer.status_code == 401, (method, rule.rule, headers)
            assert answer.mimetype == "application/problem+json"
            assert answer.json["code"] == "unauthenticated"


def test_a_made_up_session_opens_nothing(world: World) -> None:
    """Neither a cookie signed by the other face nor an unsigned one, under either name."""
    stolen = {}
    for role, face in (("agent", "desk"), ("customer", "portal")):
        cookie = world.browser(role).client.get_cookie(f"evenhand_{face}")
        assert cookie is not None
        stolen[face] = cookie.value
    forged = base64.urlsafe_b64encode(json.dumps({"_user_id": world.mine.customer_id}).encode()).decode().rstrip("=")
    for face, other in (("desk", "portal"), ("portal", "desk")):
        for value in (stolen[other], f"{forged}.aaaa.bbbb", "", "x" * 3000):
            client = world.apps[face].test_client()
            client.set_cookie(f"evenhand_{face}", value)
            assert client.get("/").status_code == 303, (face, value[:20])
        client = world.apps[face].test_client()
        client.set_cookie(f"evenhand_{face}", stolen[face])
        assert client.get("/").status_code == 200, "the check itself: one's own cookie opens one's own face"


# --- the roles ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [*STAFF, "customer"])
def test_each_role_reaches_what_it_may_and_nothing_else(world: World, role: str) -> None:
    browser = world.browser(role)
    app = browser.app
    reached = refused = 0
    for rule, method in routes(app):
        if rule.endpoint == "signing_in.leave":
            continue  # it would end the session; the journeys sign out
        allowed = needed(app, rule) in ROLES[role]
        # Without a form's token: whoever may is refused for that alone, and nothing changes meanwhile.
        status = browser.client.open(world.address(rule), method=method).status_code
        expected = (200, 303, 400) if allowed else (403,)
        assert status in expected, (role, method, rule.rule, status)
        reached, refused = reached + allowed, refused + (not allowed)
    assert reached
    assert refused or role in ("agent", "senior_agent", "supervisor", "customer")


@pytest.mark.parametrize("role", STAFF)
def test_no_page_offers_a_role_what_it_is_then_refused(world: World, role: str) -> None:
    """Each link, each form, each button with an address of its own, on each page that the role may see."""
    browser, walked = world.browser(role), 0
    app = browser.app
    router = app.url_map.bind("localhost")
    for rule, method in routes(app):
        if method != "GET" or needed(app, rule) not in ROLES[role] or "stream" in rule.rule:
            continue
        page = browser.get(world.address(rule))
        if not page.is_html or page.status != 200:
            continue
        sendable = [
            form
            for form in page.forms
            if form.method.lower() == "post" and any(not b.get("formaction") for b in form.element.iter("button"))
        ]
        asked = [("POST", urljoin(page.path, form.action)) for form in sendable]
        asked += [("GET", urljoin(page.path, str(a.get("href")))) for a in page.all("a") if a.get("href")]
        asked += [
            ("POST", urljoin(page.path, str(b.get("formaction")))) for b in page.all("button") if b.get("formaction")
        ]
        for how, where in asked:
            try:
                endpoint, _ = router.match(urlsplit(where).path, method=how)
            except HTTPException:
                continue  # not the desk's own
            view = app.view_functions[endpoint]
            is_open = getattr(view, "is_public", False) or endpoint.endswith("static")
            assert is_open or str(view.permission) in ROLES[role], (role, rule.rule, how, where)  # type: ignore[attr-defined]
            walked += 1
    assert walked > 100, role


def test_who_is_refused_reads_why(world: World) -> None:
    page = world.browser("quality").get("/wall")
    assert page.status == 403
    assert "You do not have the right to do this" in page.text
    assert page.one("main"), "a page of the desk, with a way on"


@pytest.mark.parametrize("scope", SCOPES)
def test_each_key_reaches_what_its_scope_says(world: World, scope: str) -> None:
    app = world.apps["api"]
    for rule, method in routes(app):
        headers = {"Authorization": f"Bearer {world.keys[scope]}"}
        answer = app.test_client().open(world.address(rule), method=method, headers=headers, json={"no": "such"})
        if needed(app, rule) in SCOPES[scope]:
            assert answer.status_code not in (401, 403), (scope, rule.rule, answer.status_code)
        else:
            assert (answer.status_code, answer.json["code"]) == (403, "forbidden"), (scope, rule.rule)


# --- another customer's things --------------------------------------------------------------------------------------


def own_ids(person: Person) -> set[str]:
    """The ids of a person's things by which the portal's addresses name them."""
    names = ("offer_id", "case_id", "session_id", "passkey_id", "bill_id", "payment_id", "cancellation_id")
    return {getattr(person, name) for name in names}


def test_a_customer_never_reaches_another_customers_things(world: World) -> None:
    browser = world.browser("customer")
    asked = 0
    for rule, method in routes(browser.app):
        if not rule.arguments:
            continue
        theirs, nobodys = world.address(rule, world.other), world.address(rule)
        for mine in own_ids(world.mine):
            nobodys = nobodys.replace(mine, str(uuid4()))
        assert own_ids(world.other) & set(theirs.split("/")), "a new kind of id: give it to Person"
        for until in ("2030-01-01", "never"):
            answers = [tokened(browser, method, where, until=until, seen="1") for where in (theirs, nobodys)]
            assert [answer.status_code for answer in answers] == [404, 404], (method, rule.rule, until)
            # That there is such an offer at all is not to be learnt either.
            told = [Page(browser, answer).text for answer in answers]
            assert told[0] == told[1], (method, rule.rule, until)
        asked += 1
    assert asked >= 4
    assert tokened(browser, "GET", f"/offers/{world.mine.offer_id}").status_code == 200, "the check itself"


def test_no_page_of_the_portal_names_another_customer(world: World) -> None:
    browser = world.browser("customer")
    for rule, method in routes(browser.app):
        if method == "GET":
            html = browser.get(world.address(rule)).html
            for secret in (world.other.customer_id, world.other.offer_id, world.other.number, world.other.email):
                assert secret not in html, rule.rule


def test_an_agents_form_cannot_answer_an_offer_of_a_customer_whom_it_does_not_name(world: World) -> None:
    browser = world.browser("agent")
    # Their page decides anew where something moved since the last time: that is no answer, and comes first.
    browser.get(f"/customers/{world.mine.customer_id}")
    before = _states()
    for act in ("presentation", "acceptance", "decline", "deferral", "undo"):
        where = f"/offers/{world.other.offer_id}/{act}"
        for customer in (world.mine.customer_id, str(uuid4()), "", "x"):
            for until in ("2030-01-01", "never"):
                answer = tokened(browser, "POST", where, customer=customer, until=until)
                # With a form that is wrong in itself, their own customer's page comes back; of the other nothing is said.
                expected = 422 if (act, until, customer) == ("deferral", "never", world.mine.customer_id) else 404
                assert answer.status_code == expected, (act, customer, until, answer.status_code)
                assert world.other.name not in answer.get_data(as_text=True)
    assert _states() == before


# --- forged forms ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [*STAFF, "customer"])
def test_a_form_without_its_token_changes_nothing(world: World, role: str) -> None:
    browser = world.browser(role)
    before = _states()
    posts = [(rule, method) for rule, method in routes(browser.app, public=True) if method != "GET"]
    assert len(posts) >= 6
    for rule, method in posts:
        view = browser.app.view_functions[rule.endpoint]
        if not getattr(view, "is_public", False) and needed(browser.app, rule) not in ROLES[role]:
            assert browser.client.open(world.address(rule), method=method).status_code == 403, rule.rule
            continue
        fields = {
            "moment": "support/complaint",
            "until": "2030-01-01",
            "reason": "too_expensive",
            "when": "soon",
            "query": "x",
        }
        open_to_all = people_open(rule, browser.app.view_functions[rule.endpoint])
        if not open_to_all and needed(browser.app, rule) not in ROLES[role]:
            assert browser.client.open(world.address(rule), method=method, data=fields).status_code == 403
            continue
        for token in ({}, {"csrf_token": ""}, {"csrf_token": "x.y.z"}):
            sent = {**fields, **token, "customer": world.mine.customer_id}
            answer = browser.client.open(world.address(rule), method=method, data=sent)
            assert answer.status_code == 400, (method, rule.rule, token)
            assert "Nothing was saved" in answer.get_data(as_text=True)
        html = browser.client.open(world.address(rule), method=method, data=fields, headers={"HX-Request": "true"})
        assert html.status_code == 400
    assert _states() == before
    assert browser.client.get("/").status_code == 200, "still signed in"


def _states() -> tuple[Any, ...]:
    """What acts would change: offers by state, moments, events, drafts, what is in force."""
    with db.reading() as session:
        run = session.connection().execute
        offers = run(text("SELECT state, count(*) FROM offer GROUP BY state ORDER BY state")).all()
        tables = ("moment", "event", "catalogue_draft", "configuration_version")
        rest = [run(text(f"SELECT count(*) FROM {table}")).scalar_one() for table in tables]
        rest.append(run(text("SELECT sum(revision) FROM catalogue_draft")).scalar_one())
    return (*(tuple(row) for row in offers), *rest)
