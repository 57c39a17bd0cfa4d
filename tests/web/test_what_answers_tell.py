"""What pages tell browsers, and addresses tell everyone: a strict policy with every answer, personal data in no address."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import unquote, urlsplit

from agent_ui.desk.portal import POLICY as VIEW_ONLY
from tests.cast import AGENT, PASSWORD, PORTAL_CUSTOMER
from tests.pages import Browser
from tests.world import FACES, World, routes, tokened


def test_no_address_holds_personal_data(world: World) -> None:
    """Searches, sign-ins, redirects, links, forms: ids may stand in an address; names, numbers and e-mails may not."""
    person, addresses = world.mine, list[str]()
    first, last = person.name.split()[0], person.name.split()[-1]
    agent, customer = world.browser("agent"), world.browser("customer")
    for query in (person.name, last, person.phone, person.email, person.number):
        answer = tokened(agent, "POST", "/search", query=query)
        assert answer.status_code == 303
        addresses.append(answer.location)
        page = agent.get("/search")
        addresses += [page.response.request.url, *_addresses(page)]
    for face, who in (("desk", AGENT), ("portal", person.email), ("portal", person.number)):
        browser = Browser(world.apps[face])
        name = "email" if face == "desk" else "who"
        for password in ("wrong", PASSWORD):
            answer = browser.get("/sign-in").submit("/sign-in", follow=False, **{name: who, "password": password})
            addresses += [answer.response.location or "", *_addresses(answer)]
    for browser, where in (
        (agent, "/"), (agent, f"/customers/{person.customer_id}"), (agent, f"/customers/{person.customer_id}/timeline"),
        (agent, f"/decisions/{person.decision_id}"), (customer, "/"), (customer, "/offers"), (customer, f"/offers/{person.offer_id}"),
        (customer, "/services"), (customer, "/bills"), (customer, "/activity"),
    ):  # fmt: skip
        addresses += _addresses(browser.get(where))
    assert len(addresses) > 150
    digits = "".join(c for c in person.phone if c.isdigit())
    for address in addresses:
        told = f"{unquote(address)} {_unpacked(address)}".lower()
        for secret in (first, last, person.email, AGENT, digits, person.number):
            assert secret.lower() not in told, (secret, address)


def _addresses(page: Any) -> list[str]:
    names = ("href", "action", "hx-get", "hx-post", "src", "formaction")
    found = [element.get(name) for element in page.all() for name in names if element.get(name)]
    return [address for address in found if address and not address.startswith("/assets/")]


def _unpacked(address: str) -> str:
    """What stands in the parameters of an address when they are unpacked from base64: a cursor hides nothing."""
    told = []
    for part in urlsplit(address).query.split("&"):
        value = unquote(part.partition("=")[2])
        try:
            told.append(base64.urlsafe_b64decode(value + "=" * (-len(value) % 4)).decode("utf-8", "replace"))
        except ValueError:
            continue
    return " ".join(told)


def test_every_answer_carries_the_strict_policy(world: World) -> None:
    """On pages, fragments, error pages, redirects and the API alike. Each page is linted too: no inline style or script."""
    answers = []
    for role in ("agent", "customer"):
        browser = world.browser(role)
        for rule, method in routes(browser.app, public=True):
            if method == "GET":
                answers.append(browser.get(world.address(rule), follow=False).response)
        answers += [browser.get(path).response for path in ("/nowhere", "/offers/not-an-id")]
        answers.append(browser.post("/sign-in", {"email": "x"}).response)
        answers.append(browser.client.put("/"))
    for face in FACES:
        answers.append(Browser(world.apps[face]).get("/sign-in").response)
    for rule, method in routes(world.apps["api"], public=True):
        answers.append(world.apps["api"].test_client().open(world.address(rule), method=method))
    assert {200, 303, 400, 401, 404, 405} <= {answer.status_code for answer in answers}
    for answer in answers:
        where = answer.request.path
        if answer.mimetype == "application/octet-stream":
            # What somebody sent is handed out to be saved: nothing of it may run, whatever it holds.
            assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox", where
            assert answer.headers["Content-Disposition"].startswith("attachment"), where
            assert answer.headers["X-Content-Type-Options"] == "nosniff", where
            assert "no-store" in answer.headers["Cache-Control"], where
            continue
        if where.endswith("/portal/page"):
            # The customer's portal in a frame: nothing of it runs or is sent, and only the desk may frame it.
            assert answer.headers["Content-Security-Policy"] == VIEW_ONLY, where
            assert answer.headers["X-Frame-Options"] == "SAMEORIGIN", where
            continue
        policy = dict(part.strip().split(" ", 1) for part in answer.headers["Content-Security-Policy"].split(";"))
        assert policy["script-src"] == policy["style-src"] == policy["default-src"] == "'self'", where
        assert policy["base-uri"] == policy["frame-ancestors"] == "'none'", where
        assert policy["form-action"] == "'self'", where
        assert "unsafe" not in answer.headers["Content-Security-Policy"], where
        assert answer.headers["X-Content-Type-Options"] == "nosniff", where
        assert answer.headers["Referrer-Policy"] in ("same-origin", "no-referrer"), where
        if not where.startswith("/assets/"):
            assert answer.headers["Cache-Control"] == "no-store", where


def test_cookies_are_kept_from_scripts_and_other_sites(world: World) -> None:
    for face, who, name in (("desk", AGENT, "email"), ("portal", PORTAL_CUSTOMER, "who")):
        browser = Browser(world.apps[face])
        answer = browser.get("/sign-in").submit("/sign-in", follow=False, **{name: who, "password": PASSWORD})
        cookies = answer.response.headers.getlist("Set-Cookie")
        # The session, and that this device was signed in on before.
        assert sorted(cookie.partition("=")[0] for cookie in cookies) == [f"evenhand_{face}", f"evenhand_{face}_device"]
        assert all("HttpOnly" in cookie and "SameSite=Lax" in cookie for cookie in cookies)


def test_a_sign_in_leads_nowhere_else(world: World) -> None:
    for where in (
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "\t//evil.example",
        "/desk\r\nX: y",
    ):
        for face, who, name in (("desk", AGENT, "email"), ("portal", PORTAL_CUSTOMER, "who")):
            page = Browser(world.apps[face]).get("/sign-in")
            answer = page.submit("/sign-in", follow=False, next=where, **{name: who, "password": PASSWORD})
            assert answer.status == 303
            assert answer.response.location == "/", where
