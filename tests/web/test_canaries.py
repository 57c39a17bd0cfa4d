"""What is ours stays ours: a word planted in everything that a customer must not see is in no byte that they are sent."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from sqlmodel import text
from werkzeug.test import TestResponse

from backend import db
from backend.cases import service as cases
from backend.interactions import service as interactions
from backend.overview import service as overview
from backend.people import service as people
from backend.profiles import service as profiles
from backend.treatments import publishing
from backend.treatments import service as treatments
from shared.kernel import clock
from shared.kernel.actors import SYSTEM, Actor
from tests.cast import PORTAL_CUSTOMER, sign_in
from tests.pages import Browser
from tests.screens import look
from tests.world import routes

NUMBER = 8_417_263


@dataclass
class Planted:
    """The words that were planted, and the places where they lie."""

    where: dict[str, str] = field(default_factory=dict)

    def word(self, place: str) -> str:
        """A word that stands nowhere else, for this place."""
        word = f"Canary{len(self.where):03}{uuid4().hex[:8]}"
        self.where[word] = place
        return word

    def number(self, place: str) -> int:
        number = NUMBER + 1_009 * len(self.where)
        self.where[str(number)] = place
        self.where[f"{number:,}"] = place
        return number

    def found_in(self, sent: dict[str, bytes]) -> dict[str, set[str]]:
        """The places whose words were sent, and with which answers."""
        leaks: dict[str, set[str]] = {}
        for name, answer in sent.items():
            low = answer.lower()
            for word, place in self.where.items():
                if word.lower().encode() in low:
                    leaks.setdefault(place, set()).add(name)
        return leaks


@pytest.fixture
def planted(loaded: str, monkeypatch: pytest.MonkeyPatch) -> Planted:
    """A customer of whom everything that is ours has a word of its own."""
    plant, now = Planted(), clock.now()
    with db.reading() as session:
        found = profiles.find_by_sign_in(session, PORTAL_CUSTOMER)
        assert found is not None
        catalogue = publishing.in_force(session).catalogue
    _label(plant, catalogue, monkeypatch)
    _know(plant, found, catalogue.pack, now)
    _talk(plant, found, catalogue.pack, now)
    return plant


def _label(plant: Planted, catalogue: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The labels of all that is only for agents: segments, states, reasons, what we call an intent; our words to each other."""
    pack = catalogue.pack
    hidden = {
        "segment": pack.segments, "life cycle": pack.life_cycle, "protective state": pack.protective, "fact": pack.facts.values(),
        "decline reason": pack.decline_reasons, "wrap-up": pack.wrap_ups, "intent": pack.intents.values(), "stage": pack.stages,
        "attribute": [a for a in pack.attributes.values() if "customer" not in a.visible],
    }  # fmt: skip
    for kind, things in hidden.items():
        for thing in things:
            monkeypatch.setitem(thing.__dict__, "label", plant.word(f"label of the {kind} {thing.key}"))
    for term in pack.churn.term:
        for name in ("reason", "reason_low"):
            monkeypatch.setitem(term.__dict__, name, plant.word(f"churn {name} of {term.attribute}"))
    for treatment in catalogue.treatments.values():
        for name in ("name", "owner", "metric", "acceptance_evidence"):
            monkeypatch.setitem(treatment.__dict__, name, plant.word(f"{name} of {treatment.key}"))
        for reason in treatment.reason:
            monkeypatch.setitem(reason.__dict__, "agent", plant.word(f"agent's reason of {treatment.key}"))
        if treatment.phone is not None:
            monkeypatch.setitem(treatment.phone.__dict__, "script", plant.word(f"script of {treatment.key}"))


def _know(plant: Planted, customer_id: Any, pack: Any, now: datetime) -> None:
    """Attributes that customers are not shown, facts, what went wrong, why we think that they are here."""
    hidden = {
        a.key: plant.word(f"attribute {a.key}")
        for a in pack.attributes.values()
        if "customer" not in a.visible and a.type in ("text", "choice")
    }
    with db.transaction() as session:
        profiles.learn(
            session, customer_id, now=now,
            attributes={**hidden, "unknown_text": plant.word("unknown attribute"), "unknown_number": plant.number("unknown attribute")},
            values={"unknown_fact": plant.number("unknown fact"), "unknown_words": plant.word("unknown fact in words")},
            count={plant.word("name of a counted fact"): plant.number("counted fact")},
            bad_experience={"kind": "outage", "what": plant.word("what went wrong"), "on": now.date().isoformat(), "resolved": False},
        )  # fmt: skip
        profiles.set_moment(
            session, customer_id, "leave", "leaving", "inferred", "portal", _staff("agent1"), now, pack, evidence=plant.word("evidence")
        )  # fmt: skip


def _talk(plant: Planted, customer_id: Any, pack: Any, now: datetime) -> None:
    """Calls, one of them private, with notes and summaries; an offer declined for a reason; all by staff whose e-mail is ours."""
    mine = _staff("agent2")
    with db.transaction() as session:
        email = plant.word("staff e-mail") + "@demo.example"
        session.execute(
            text("UPDATE staff SET email = :email WHERE name = :name"), {"email": email.lower(), "name": mine.name}
        )
        for place, private, ago in (("call", False, 3), ("private call", True, 2)):
            at = now - timedelta(hours=ago)
            contact = interactions.begin(session, customer_id, "phone", mine, at)
            where = (customer_id, contact.interaction_id)
            interactions.write_notes(session, *where, plant.word(f"notes of a {place}"), 0, mine, at)
            interactions.set_private(session, *where, private, mine, at)
            overview.wrap_up(
                session, *where, code=pack.wrap_ups[0].key, summary=plant.word(f"summary of a {place}"), not_mentioned=(), actor=mine,
                now=at,
            )  # fmt: skip
        still = interactions.begin(session, customer_id, "phone", mine, now)
        interactions.write_notes(session, customer_id, still.interaction_id, plant.word("notes of now"), 0, mine, now)
        for kind, data in (
            ("moment.set", {"stage": "leave", "stage_label": plant.word("stage told"), "intent_label": plant.word("intent told"),
                            "choice": "I'm thinking of leaving", "source": "stated", "evidence": plant.word("evidence told")}),
            ("moment.set", {"stage": "leave", "stage_label": plant.word("stage inferred"), "intent_label": plant.word("intent inferred"),
                            "choice": plant.word("choice inferred"), "source": "inferred", "evidence": plant.word("evidence inferred")}),
            ("offer.declined", {"headline": "Something", "reason": plant.word("reason"), "reason_label": plant.word("reason in words")}),
            ("offer.unmentioned", {"headline": plant.word("offer not mentioned")}),
            ("profile.changed", {"summary": plant.word("change of the profile"), "changed": {plant.word("what changed"): 1}}),
        ):  # fmt: skip
            interactions.record(session, customer_id, kind, "phone", mine, data, now)
    cards = treatments.recommend_for_agent(customer_id, "phone", mine, now).cards
    last = cards[-1].card
    with db.transaction() as session:
        treatments.answer(
            session, last.offer_id, "declined", channel="phone", actor=mine, now=now, reason=pack.decline_reasons[0].key,
            customer_id=customer_id,
        )  # fmt: skip
    for one in cards:
        plant.where[repr(one.priority)] = f"priority of {one.card.treatment}"


def _staff(login: str) -> Actor:
    with db.reading() as session:
        found = people.find_staff(session, login)
        assert found is not None
        actor = people.staff_actor(session, found[0])
        assert actor is not None
        return actor


class Everything:
    """All that a customer is sent, by the request that brought it: bodies, headers, and what their cookie holds."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        self.sent: dict[str, bytes] = {}

    def keep(self, name: str, answer: TestResponse) -> None:
        head = "\n".join(f"{key}: {value}" for key, value in answer.headers)
        with self.browser.client.session_transaction() as cookie:
            held = json.dumps(dict(cookie), default=str)
        self.sent[f"{name} {answer.status_code}"] = answer.get_data() + f"\n{head}\n{held}".encode()

    def ask(self, method: str, path: str, **fields: str) -> None:
        """The request as a page's form sends it, by htmx and plain, with and without its token."""
        token = look(self.browser, "/").html.partition('name="csrf_token" value="')[2].partition('"')[0]
        for htmx in (False, True):
            for data in ({"csrf_token": token, **fields}, fields):
                sent = data if method == "POST" else None
                headers = {"HX-Request": "true"} if htmx else {}
                answer = self.browser.client.open(path, method=method, data=sent, headers=headers)
                self.keep(f"{method} {path} {'htmx' if htmx else 'plain'} {len(data)}", answer)


def planted_case(number: str) -> str:
    """A call that the customer asked for, so that there is one to call off."""
    with db.transaction() as session:
        customer_id = profiles.find_by_sign_in(session, number)
        assert customer_id is not None
        return str(cases.open_case(session, customer_id, "callback", "My bill", actor=SYSTEM, now=clock.now()).case_id)


def everything(portal: Flask, others: tuple[Flask, ...]) -> Everything:
    browser = sign_in(Browser(portal), PORTAL_CUSTOMER)
    got = Everything(browser)
    offers = [shown.offer for shown in (*look(browser, "/").cards, *look(browser, "/offers").cards)]
    assert offers
    pages = []
    for rule, method in routes(portal, public=True):
        if rule.endpoint in ("assets.static", "signing_in.leave"):
            continue
        ids = {"offer_id": offers, "case_id": [planted_case(PORTAL_CUSTOMER)]}
        values = [{name: one} for name in rule.arguments for one in (*dict.fromkeys(ids[name]), str(uuid4()))] or [{}]
        with portal.test_request_context():
            pages += [(method, str(rule.build(value, append_unknown=False)[1])) for value in values]
    forms = ({"until": "2030-01-01", "seen": "1", "when": "soon", "about": "x", "moment": "pay/bill_question", "allow": "no"},
             {"until": "never", "when": "never", "about": "x" * 300, "moment": "no/such", "back": "/bills"})  # fmt: skip
    for order in ("GET", "POST", "GET"):
        for method, path in pages:
            if method == order and not (method == "POST" and path == "/sign-in"):
                for fields in forms if method == "POST" else ({},):
                    got.ask(method, path, **fields)
    for path in ("/nowhere", "/activity?cursor=nonsense", "/offers/none", "/stream?drawn=1", "/stream?after=0"):
        got.ask("GET", path)
    got.ask("PUT", "/")
    got.ask("POST", "/callback", about="x" * 100_000)
    for other in others:
        # Their cookies at the other doors, under every name.
        client = other.test_client()
        for name in ("evenhand_portal", "evenhand_desk"):
            cookie = browser.client.get_cookie("evenhand_portal")
            assert cookie is not None
            client.set_cookie(name, cookie.value)
        for rule, method in routes(other):
            if not rule.arguments:
                got.keep(f"{other.name} {method} {rule.rule}", client.open(rule.rule, method=method))
    return got


def test_nothing_of_ours_is_in_any_byte_that_a_customer_is_sent(
    planted: Planted, portal_app: Flask, desk_app: Flask, api_app: Flask
) -> None:
    got = everything(portal_app, (desk_app, api_app))
    assert len(got.sent) > 60
    statuses = {int(name.rpartition(" ")[2]) for name in got.sent}
    assert {200, 303, 400, 401, 404, 405, 413, 422} <= statuses
    assert b"event: hello" in b"".join(got.sent.values())
    assert planted.found_in(got.sent) == {}


def test_the_desk_does_show_what_was_planted(planted: Planted, desk: Browser) -> None:
    """The check itself: what the portal keeps to itself is there to be seen."""
    with db.reading() as session:
        customer_id = profiles.find_by_sign_in(session, PORTAL_CUSTOMER)
    page = desk.get(f"/customers/{customer_id}")
    shown = planted.found_in({"desk": page.html.encode()})
    for place in ("evidence", "summary of a call", "summary of a private call", "what went wrong", "reason in words"):
        assert place in shown, place
    assert any(place.startswith("script of") for place in shown)
    assert any(place.startswith("label of the life cycle") for place in shown)


@pytest.mark.parametrize("leak", ["word", "number"])
def test_a_planted_leak_is_found(planted: Planted, portal_as: Callable[[str], Browser], leak: str) -> None:
    browser = portal_as(PORTAL_CUSTOMER)
    said = planted.word("a leak") if leak == "word" else f"{planted.number('a leak'):,}"
    browser.get("/").submit("/callback", when="soon", about=said)
    got = Everything(browser)
    got.ask("GET", "/activity")
    assert set(planted.found_in(got.sent)) == {"a leak"}
