"""Words and numbers planted in everything that a customer must not see, and all that a customer is ever sent."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import select, text, update
from werkzeug.test import TestResponse

from backend import db
from backend.cases.tables import CaseRow
from backend.catalogue import publishing
from backend.engine.scripts import walk
from backend.interactions import service as interactions
from backend.overview import service as overview
from backend.people import service as people
from backend.profiles import service as profiles
from backend.profiles.tables import CustomerRow
from backend.treatments import service as treatments
from backend.treatments.tables import OfferRow
from backend.treatments.views import decided_json
from shared.kernel import clock
from shared.kernel.actors import Actor
from shared.kernel.errors import Conflict
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


STATES = (
    "presented",
    "accepted",
    "fulfilled",
    "declined",
    "deferred",
    "expired",
    "withdrawn",
    "pending_approval",
    "superseded",
)


def plant(who: str, monkeypatch: pytest.MonkeyPatch, seed: int | None = None) -> Planted:
    """A customer, by number, of whom everything that is ours has a word of its own. With a seed their life is made up at random."""
    planted, now, mine = Planted(), clock.now(), _staff("agent2")
    with db.reading() as session:
        found = profiles.find_by_sign_in(session, who)
        assert found is not None
        catalogue = publishing.in_force(session).catalogue
    _label(planted, catalogue, monkeypatch)
    _rules(planted, catalogue, monkeypatch)
    _others(planted, found, mine)
    if seed is not None:
        _live(found, catalogue.pack, now, Random(seed))
    _know(planted, found, catalogue.pack, now)
    _talk(planted, found, catalogue.pack, mine, now)
    if seed is not None:
        _offer(planted, found, mine, now, Random(seed))
    _weigh(planted, found, now)
    return planted


def _rules(plant: Planted, catalogue: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The text of every rule, the evidence of every value, what acts are called, and the keys of segments and states."""
    rules = [(f"rule {name} of {t.key}", e) for t in catalogue.treatments.values() for name, e in t.expressions()]
    rules += [(f"rule of {s.key}", s.rule) for s in (*catalogue.pack.segments, *catalogue.pack.protective)]
    for place, expression in rules:
        if expression.names:
            monkeypatch.setattr(expression, "text", plant.word(place))
    for t in catalogue.treatments.values():
        for name in ("equity_evidence", "experience_evidence"):
            monkeypatch.setitem(t.value.__dict__, name, plant.word(f"{name} of {t.key}"))
    for act in catalogue.pack.acts:
        monkeypatch.setitem(act.__dict__, "label", plant.word(f"label of the act {act.key}"))
    for kind, things in (("segment", catalogue.pack.segments), ("state", catalogue.pack.life_cycle)):
        for thing in things:
            if "_" in thing.key:  # a word that stands in no page by chance
                plant.where[thing.key] = f"key of the {kind} {thing.key}"


def _others(plant: Planted, customer_id: Any, mine: Actor) -> None:
    """The names of other customers, and of all staff but those who served this one: whom they talked with, they know."""
    with db.transaction() as session:
        rows = session.execute(text("SELECT staff_id, name FROM staff WHERE name <> :mine"), {"mine": mine.name}).all()
        for row in rows:
            session.execute(
                text("UPDATE staff SET name = :name WHERE staff_id = :id"),
                {"name": plant.word(f"name of the staff {row.name}"), "id": row.staff_id},
            )
        others = [m.id for m in profiles.search(session, limit=4).items if m.id != customer_id][:3]
    for other in others:
        name = plant.word("name of another customer")
        with db.transaction() as session:
            session.execute(
                update(CustomerRow.__table__).where(CustomerRow.__table__.c.customer_id == other).values(name=name)
            )
        treatments.recommend_for_agent(other, "phone", _staff("agent1"), clock.now())


def _live(customer_id: Any, pack: Any, now: datetime, chance: Random) -> None:
    """What may be known of anybody: attributes, facts, a moment."""
    attributes = {
        a.key: chance.choice(a.choices)
        for a in pack.attributes.values()
        if a.type == "choice" and "customer" in a.visible and chance.random() < 0.4
    }
    values = {"overdue_amount": chance.choice([0, 0, 75.5]), "open_complaints": chance.choice([0, 0, 1])}
    with db.transaction() as session:
        profiles.learn(session, customer_id, attributes=attributes, values=values, now=now)
        if chance.random() < 0.7:
            intent = chance.choice(sorted(pack.intents))
            profiles.set_moment(
                session,
                customer_id,
                pack.intents[intent].stage,
                intent,
                "stated",
                "portal",
                _staff("agent1"),
                now,
                pack,
            )


def _offer(plant: Planted, customer_id: Any, mine: Actor, now: datetime, chance: Random) -> None:
    """Offers in every state in which one can be, those among them that no act of today leads to."""
    ranked = treatments.decide(customer_id, now).ranked
    for item in ranked:
        with db.transaction() as session, suppress(Conflict):
            treatments.answer(
                session, UUID(item.offer_id), "presented", channel="phone", actor=mine, now=now, customer_id=customer_id
            )
    offers = OfferRow.__table__  # type: ignore[attr-defined]
    with db.transaction() as session:
        presented = session.execute(
            select(offers.c.offer_id).where(offers.c.customer_id == customer_id, offers.c.state == "presented")
        ).scalars()
        for offer_id in presented:
            state = chance.choice(STATES)
            answered = {} if state in ("presented", "expired", "withdrawn", "superseded") else {
                "answered_at": now, "answered_on": now.date(), "answered_channel": "phone", "answered_by": mine.name,
                "reason": plant.word("reason of an answer"),
            }  # fmt: skip
            session.execute(
                update(offers).where(offers.c.customer_id == customer_id, offers.c.offer_id == offer_id)
                .values(state=state, **answered)
            )  # fmt: skip


def _weigh(plant: Planted, customer_id: Any, now: datetime) -> None:
    """The numbers of the decision as it stands: priorities, their factors, the risk; those long enough to be no other number."""
    decided = treatments.decide(customer_id, now)
    numbers = {
        f"{name} of {r.treatment}": getattr(r.factors, name) for r in decided.ranked for name in r.factors.__slots__
    }
    numbers |= {f"priority of {r.treatment}": r.priority for r in decided.ranked}
    numbers |= {"risk": decided.inputs.snapshot.churn_risk}
    numbers |= {f"part of the risk by {name}": part for name, part in decided.inputs.snapshot.risk_reasons}
    for place, number in numbers.items():
        if number is not None and len(repr(number)) > 9:
            plant.where[repr(number)] = place
            plant.where[repr(number)[:9]] = place


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
            for one in (*(answer for _, answer in walk(treatment.phone.answer)), *treatment.phone.objection):
                monkeypatch.setitem(one.__dict__, "say", plant.word(f"what the agent says of {treatment.key}"))


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


def _talk(plant: Planted, customer_id: Any, pack: Any, mine: Actor, now: datetime) -> None:
    """Calls, one of them private, with notes and summaries; an offer declined for a reason; all by staff whose e-mail is ours."""
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
        interactions.record_representative(
            session, customer_id, name="Rosa Marín", relation="carer", authority=plant.word("authority of a carer"), may_act=True,
            actor=mine, now=now,
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
    if not cards:
        return
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


def everything(portal: Flask, others: tuple[Flask, ...], who: str = PORTAL_CUSTOMER) -> Everything:
    """All routes of the portal by their methods, with forms that fit and forms that do not, the errors and the streams; and the other doors."""
    browser = sign_in(Browser(portal), who)
    got = Everything(browser)
    look(browser, "/")
    with db.reading() as session:
        table = OfferRow.__table__  # type: ignore[attr-defined]
        owner = profiles.find_by_sign_in(session, who)
        offers = [
            str(one) for one in session.execute(select(table.c.offer_id).where(table.c.customer_id == owner)).scalars()
        ]
        work = CaseRow.__table__  # type: ignore[attr-defined]
        works = [
            str(one) for one in session.execute(select(work.c.case_id).where(work.c.customer_id == owner)).scalars()
        ]
    assert offers
    pages = []
    for rule, method in routes(portal, public=True):
        if rule.endpoint in ("assets.static", "signing_in.leave"):
            continue
        # Ids of theirs where there are any of the kind, and one that is nobody's.
        kinds = {"offer_id": offers, "case_id": works}
        values = [
            dict.fromkeys(rule.arguments, one)
            for one in dict.fromkeys((*(id_ for name in rule.arguments for id_ in kinds.get(name, ())), str(uuid4())))
        ]
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


def renderings(who: str) -> dict[str, bytes]:
    """What the API gives programs to show to the customer: words and terms in each channel that the customer reads."""
    with db.reading() as session:
        customer_id = profiles.find_by_sign_in(session, who)
    assert customer_id is not None
    decided = treatments.decide(customer_id, clock.now())
    sent = {}
    for channel in ("portal", "email", "sms", "chat"):
        told = decided_json(decided, treatments.by_id(decided.offers), (), channel, 100)["treatments"]
        shown = [[one["rendering"], one["terms"], one["valid_until"]] for one in told]
        sent[f"API rendering {channel} 200"] = json.dumps(shown, default=str).encode()
    return sent
