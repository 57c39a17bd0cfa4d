"""A world for tests of access: the three apps on one database, two customers with offers of their own, all who sign in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from flask import Flask
from sqlmodel import Session
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from agent_ui.desk.portal import draws_with
from backend import db
from backend.alerts import service as alerts
from backend.cancelling.tables import CancellationRow
from backend.cases import service as cases
from backend.catalogue import service as catalogues
from backend.entering import service as entering
from backend.entering.tables import PasskeyRow
from backend.interactions import service as interactions
from backend.knowledge import service as knowledge
from backend.paying import service as paying
from backend.people import service as people
from backend.people.permissions import SCOPES
from backend.profiles import service as profiles
from backend.profiles.service import NewBill
from backend.quality.tables import ReviewRow
from backend.record import service as record
from backend.teaching import service as teaching
from backend.trials import service as trials
from backend.trials.service import Plan, PlannedArm
from selfservice_ui.showing import views
from shared.kernel import clock, ids
from tests import apps
from tests.cast import ADMIN, AGENT, AUTHOR, OTHERS, PORTAL_CUSTOMER, SUPERVISOR, add_others, sign_in
from tests.databases import fresh, opened
from tests.pages import Browser
from tests.screens import look

STAFF = {"agent": AGENT, "supervisor": SUPERVISOR, "author": AUTHOR, "admin": ADMIN, **OTHERS}
FACES = ("desk", "portal")


@dataclass(frozen=True)
class Person:
    """A customer and what there is of theirs: ids that nobody else may use."""

    customer_id: str
    number: str
    name: str
    email: str
    phone: str
    offer_id: str
    decision_id: str
    call_id: str
    interaction_id: str
    case_id: str
    representative_id: str
    file_id: str
    group_id: str
    task_id: str
    notice_id: str
    session_id: str
    passkey_id: str
    event_id: str
    bill_id: str
    payment_id: str
    cancellation_id: str
    word_id: str
    review_id: str


_PLAN = Plan(
    "Something tried", "To see.", (PlannedArm("control", "As it is"), PlannedArm("b", "More", levers=(("referral", 2.0),))),
    "acceptance", 7, 0.2, 0.0, 0.2, 0.8, 1.0, "", ("retention",),
)  # fmt: skip


@dataclass
class World:
    """The three apps on one database, two customers with offers of their own, and everyone who may sign in."""

    apps: dict[str, Flask]
    mine: Person
    other: Person
    keys: dict[str, str] = field(default_factory=dict)
    draft_id: str = ""
    article_id: str = ""
    entry_id: str = ""
    alert_id: str = ""
    staff_id: str = ""
    invitation_id: str = ""
    experiment_id: str = ""

    def __post_init__(self) -> None:
        self.signed_in: dict[str, Browser] = {}

    def browser(self, role: str) -> Browser:
        """The browser of a role, signed in once."""
        if role not in self.signed_in:
            app, who = ("portal", self.mine.number) if role == "customer" else ("desk", STAFF[role])
            self.signed_in[role] = sign_in(Browser(self.apps[app]), who)
        return self.signed_in[role]

    def address(self, rule: Rule, person: Person | None = None) -> str:
        """An address of the route: of the person's own things where it takes an id."""
        person = person or self.mine
        values = {
            "endpoint_id": str(UUID(int=7)),
            "merge_id": str(UUID(int=9)),
            "other_id": (self.mine if person is self.other else self.other).customer_id,
            "name": "who",
            "part": "talk",
            "mail_id": str(UUID(int=11)),
            "filename": "mark.svg",
            "mark": "0" * 12,
            "ending": "css",
            "token": "none",
            "panel": "going",
            "measure": "handle",
            "act": "accepted",
            "version": 1,
            "path": "pack.toml",
            "key": "contract_one_year",
            "treatment": "contract_one_year",
            "budget": "technician",
            "slug": "restart-your-router",
            "article_id": self.article_id,
            "stage": "support",
            "channel": "phone",
        }
        values["staff_id"], values["invitation_id"] = self.staff_id, self.invitation_id
        values["draft_id"], values["entry_id"] = self.draft_id, self.entry_id
        values["alert_id"], values["experiment_id"] = self.alert_id, self.experiment_id
        for argument in rule.arguments - set(values):
            values[argument] = getattr(person, argument)
        with self.apps_context(rule):
            return str(rule.build(values, append_unknown=False)[1])

    def apps_context(self, rule: Rule) -> Any:
        return next(app for app in self.apps.values() if rule in list(app.url_map.iter_rules())).test_request_context()


def make_world(engine: str, home: Path) -> Iterator[World]:
    with fresh(engine, "loaded", home) as url, opened(url, home):
        made = {name: apps.create(name, url, home) for name in apps.APPS}
        draws_with(made["desk"], views(made["portal"]))
        for app in made.values():
            # As in production: an exception that nobody expected becomes a 500, which the tests below look for.
            app.config["PROPAGATE_EXCEPTIONS"] = False
        add_others()
        agent = sign_in(Browser(made["desk"]), AGENT)
        with db.reading() as session:
            another = profiles.search(session, limit=1).items[0].number
        mine, other = (_person(made, agent, number, home) for number in (PORTAL_CUSTOMER, another))
        keys = {}
        with db.transaction() as session:
            for scope in SCOPES:
                keys[scope] = people.create_key(session, [scope], clock.now())[1]
            found = people.find_staff(session, AUTHOR)
            assert found is not None
            author = people.staff_actor(session, found[0])
            assert author is not None
            draft_id = catalogues.begin_draft(session, "Something else", author, clock.now())
            experiment_id = trials.plan_trial(session, _PLAN, author, clock.now())
            alerts.settle(
                session, [alerts.Found("r", "1", "floor", "Rule", "now", "")], ["r"], timedelta(hours=1), clock.now()
            )
            alert_id = alerts.waiting(session, clock.now())[0].alert_id
            admin_id = people.find_staff(session, ADMIN)
            admin = people.staff_actor(session, admin_id[0]) if admin_id else None
            assert admin is not None
            invited = people.invite(session, "newcomer@example.com", "agent", (), admin, clock.now())[0]
            other_staff = people.find_staff(session, "agent2")
            assert other_staff is not None
            article_id = knowledge.public_article(session, "restart-your-router").article_id
        assert teaching.publish_now(clock.now())
        with db.reading() as session:
            entry_id = record.entries(session, record.Wanted(), None, 1)[0][0].entry_id
        yield World(
            made,
            mine,
            other,
            keys,
            str(draft_id),
            str(article_id),
            str(entry_id),
            str(alert_id),
            str(other_staff[0]),
            str(invited.invitation_id),
            str(experiment_id),
        )


def _person(made: dict[str, Flask], agent: Browser, number: str, home: Path) -> Person:
    customer = sign_in(Browser(made["portal"]), number)
    offers = look(customer, "/offers").cards
    assert offers, f"{number} has no offer to guard"
    with db.reading() as session:
        profile = profiles.profile(session, profiles.search(session, identifier=f"number:{number}").items[0].id)
    page = agent.get(f"/customers/{profile.customer_id}")
    decision = next(a.get("href", "") for a in page.all("a") if "/decisions/" in (a.get("href") or ""))
    assert profile.email
    assert profile.phone
    with db.transaction() as session:
        call_id = interactions.ring(
            session, f"of {number}", "anonymous", "", "inbound", ["agent2"], clock.now()
        ).call_id
        agent2 = people.find_staff(session, "agent2")
        assert agent2 is not None
        other = people.staff_actor(session, agent2[0])
        assert other is not None
        case_id = cases.open_case(
            session, profile.customer_id, "callback", f"of {number}", actor=other, now=clock.now()
        ).case_id
        event_id = interactions.timeline(session, profile.customer_id, limit=1).items[0].event_id
        representative_id = interactions.record_representative(
            session, profile.customer_id, name=f"Carer of {number}", relation="carer", authority="Seen", may_act=True,
            actor=other, now=clock.now(),
        ).representative_id  # fmt: skip
        group_id = interactions.join_group(
            session, profile.customer_id, f"home of {number}", kind="household", name="", traits={}, source="crm", label="Records",
            since=clock.now(), actor=other, now=clock.now(),
        ).group.group_id  # fmt: skip
        file_id = cases.attach(
            session, profile.customer_id, case_id, "a.txt", b"A file", home=home, most_megabytes=1, seen=None, actor=other,
            now=clock.now(), channel="portal",
        ).file_id  # fmt: skip
        interaction_id = interactions.begin(session, profile.customer_id, "phone", other, clock.now()).interaction_id
        supervisor = people.find_staff(session, "supervisor")
        assert supervisor is not None
        watching = people.staff_actor(session, supervisor[0])
        assert watching is not None
        word_id = interactions.whisper(
            session, profile.customer_id, interaction_id, f"of {number}", watching, clock.now()
        ).word_id
        review_id = ids.uuid7()
        review = {
            "customer_id": profile.customer_id, "review_id": review_id, "interaction_id": interaction_id, "nth": 1, "paired": False,
            "agent_id": agent2[0], "agent": other.name, "channel": "phone", "at": clock.now(), "week": clock.now().date(),
            "reason": "", "why": "By lot", "form": "Talk", "questions": [{"key": "kind", "label": "Was kind?"}],
            "state": "waiting", "reviewer": "", "answers": {}, "summary": "", "version": 1, "written_in": "", "failed": False,
            "drawn_at": clock.now(), "said": "", "replied": "",
        }  # fmt: skip
        db.upsert(session, ReviewRow, [review], key=("customer_id", "review_id"))
        tomorrow = clock.now() + timedelta(days=1)
        task_id = cases.promise(
            session, profile.customer_id, f"of {number}", tomorrow, actor=other, now=clock.now()
        ).task_id
        cases.notify(session, profile.customer_id, other.id, "approved", f"of {number}", "", clock.now())
        notice_id = cases.waiting_for(session, agent2[0])[-1].thing_id
        theirs = people.customer_of(profile.customer_id, profile.name, profile.customer_id)
        elsewhere = entering.visitor("192.0.2.1", f"of {number}", "", b"key")
        session_id = entering.begin(session, theirs, "password", elsewhere, "https://my.example", clock.now())
        passkey_id = ids.uuid7()
        key = {
            "subject_id": profile.customer_id, "passkey_id": passkey_id, "credential_id": "YQ", "public_key": "AA", "sign_count": 0,
            "name": f"of {number}", "added_at": clock.now(),
        }  # fmt: skip
        db.upsert(session, PasskeyRow, [key], key=("subject_id", "passkey_id"))
        bill_id = _bill(session, profile.customer_id)
        cancellation_id = ids.uuid7()
        cancelled = {
            "customer_id": profile.customer_id, "cancellation_id": cancellation_id, "what": "tv", "label": f"of {number}",
            "reference": ids.spoken_reference(), "state": "done", "guard": cancellation_id.hex, "last_day": clock.now().date(),
            "early_minor": 0, "currency": "USD", "loses": [], "reason": "", "asked_at": clock.now(),
        }  # fmt: skip
        db.upsert(session, CancellationRow, [cancelled], key=("customer_id", "cancellation_id"))
    payment = paying.begin(made["portal"].config["PAYMENTS"], theirs, bill_id, clock.now())
    return Person(
        customer_id=str(profile.customer_id),
        number=number,
        name=profile.name,
        email=profile.email,
        phone=profile.phone,
        offer_id=offers[0].offer,
        decision_id=decision.rpartition("/")[2],
        call_id=str(call_id),
        interaction_id=str(interaction_id),
        case_id=str(case_id),
        representative_id=str(representative_id),
        file_id=str(file_id),
        group_id=str(group_id),
        task_id=str(task_id),
        notice_id=str(notice_id),
        session_id=str(session_id),
        passkey_id=str(passkey_id),
        event_id=str(event_id),
        bill_id=str(bill_id),
        payment_id=str(payment.payment_id),
        cancellation_id=str(cancellation_id),
        word_id=str(word_id),
        review_id=str(review_id),
    )


def _bill(session: Session, customer_id: UUID) -> UUID:
    """A bill of theirs that is still to be paid."""
    today = clock.now().date()
    bill = NewBill(
        ids.uuid7(), "B1", today, today + timedelta(days=20), 2_000, "USD", "open", None, [{"text": "Phone line", "amount_minor": 2_000}]
    )  # fmt: skip
    profiles.issue_bill(session, customer_id, bill, clock.now())
    return bill.bill_id


def routes(app: Flask, *, public: bool = False) -> list[tuple[Rule, str]]:
    """Each route with each of its methods; the public ones and the assets only when asked for."""
    found = []
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        if public or not people_open(rule, view):
            found += [(rule, method) for method in sorted(set(rule.methods or ()) - {"HEAD", "OPTIONS"})]
    assert len(found) > 7
    return found


def people_open(rule: Rule, view: Any) -> bool:
    return bool(getattr(view, "is_public", False)) or rule.endpoint.rpartition(".")[2] == "static"


def needed(app: Flask, rule: Rule) -> str:
    return str(app.view_functions[rule.endpoint].permission)  # type: ignore[attr-defined]


def token_of(browser: Browser) -> str:
    page = browser.get("/")
    return next(form.fields["csrf_token"] for form in page.forms if form.fields.get("csrf_token"))


def tokened(browser: Browser, method: str, path: str, **fields: str) -> TestResponse:
    """The request as from a form of one's own page."""
    if method == "GET":
        return browser.client.get(path)
    return browser.client.open(path, method=method, data={"csrf_token": token_of(browser), **fields})
