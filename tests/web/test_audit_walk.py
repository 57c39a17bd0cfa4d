"""Whatever staff send from the desk: where something is written, an entry of the audit trail comes with it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin, urlsplit
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import text
from werkzeug.exceptions import HTTPException

from agent_ui.oversight.act_words import has_words
from backend import db
from backend.cases import service as cases
from backend.oversight import service as oversight
from backend.people import service as people
from backend.people.permissions import ROLES
from shared.kernel import clock
from tests.architecture.project import ROOT
from tests.cast import sign_in
from tests.pages import Browser, Form, Page
from tests.world import STAFF, World, needed, people_open, tokened

LOOKS = {"GET", "HEAD", "OPTIONS"}
ENDS = ("signing_in.leave", "sign_ins.end", "sign_ins.end_others")
"""They end the very sign-in that walks, or those of the other tests."""
TYPED = {
    "reason": "too_expensive", "until": "2030-01-01", "state": "away", "text": "Good day", "subject": "A question", "outcome": "Done",
    "name": "Kim", "authority": "Seen", "relation": "carer", "may_act": "no", "notes": "Said hello", "summary": "All said",
    "extension": "101", "email": STAFF["agent"], "url": "https://example.com/hook", "words": "Please look again", "query": "internet",
    "decision": "approve", "title": "How to restart", "path": "treatments/new.toml", "priority": "high", "type": "question",
}  # fmt: skip
"""What a person would fill in where a form asks for it and is drawn empty."""


def acts(app: Flask) -> list[Any]:
    """Every route of the desk, for people, that takes more than looks."""
    found = [rule for rule in app.url_map.iter_rules() if set(rule.methods or ()) - LOOKS]
    return [rule for rule in found if not people_open(rule, app.view_functions[rule.endpoint])]


BESIDE = {"customer.looked", "signed_in", "state.changed"}
"""What comes of drawing the page, or of signing in for the test, and not of the act itself."""


def entries_after(last: str) -> list[tuple[Any, ...]]:
    """Who, what and about whom, of the entries that came after the last one."""
    asked = text("SELECT actor_id, action, customer_id FROM audit_entry WHERE entry_id > :last ORDER BY entry_id")
    with db.reading() as session:
        return [tuple(row) for row in session.connection().execute(asked, {"last": last}) if row.action not in BESIDE]


def last_entry() -> str:
    with db.reading() as session:
        return str(session.connection().exec_driver_sql("SELECT max(entry_id) FROM audit_entry").scalar_one() or "")


def entries_of(actor_id: str) -> int:
    asked = text("SELECT count(*) FROM audit_entry WHERE actor_id = :who")
    with db.reading() as session:
        return int(session.connection().execute(asked, {"who": actor_id}).scalar_one())


def staff_id(email: str) -> UUID:
    with db.reading() as session:
        found = people.find_staff(session, email)
    assert found is not None
    return found[0]


def role_for(app: Flask, rule: Any) -> str:
    return next(role for role in STAFF if needed(app, rule) in ROLES[role])


@pytest.mark.parametrize("says_so", [True, False])
def test_no_route_of_the_desk_writes_without_an_entry(
    world: World, monkeypatch: pytest.MonkeyPatch, says_so: bool
) -> None:
    """Each route in turn writes something and, as one that was forgotten, says nothing of it: its entry is there all the same."""
    app = world.apps["desk"]
    someone = staff_id(STAFF["agent"])

    def forgetful(**_: Any) -> str:
        with db.transaction() as session:
            cases.join_teams(session, someone, [])
        return "done"

    walked = 0
    for rule in acts(app):
        if (rule.endpoint in oversight.NO_ACTS) is says_so or rule.endpoint in ENDS[:1]:
            continue
        permission = vars(app.view_functions[rule.endpoint])["permission"]
        monkeypatch.setattr(forgetful, "permission", permission, raising=False)
        monkeypatch.setitem(app.view_functions, rule.endpoint, forgetful)
        role = role_for(app, rule)
        me, browser = str(staff_id(STAFF[role])), world.browser(role)
        last = last_entry()
        method = sorted(set(rule.methods or ()) - LOOKS)[0]
        answer = tokened(browser, method, world.address(rule))
        assert answer.status_code == 200, (rule.rule, answer.status_code)
        came = [(who, what, UUID(str(whom)) if whom else None) for who, what, whom in entries_after(last)]
        about = UUID(world.mine.customer_id) if "customer_id" in rule.arguments else None
        expected = [(me, f"desk.{rule.endpoint}", about)] if says_so else []
        assert came == expected, f"{rule.rule}: what was written, and what came of it on the trail"
        walked += 1
    assert walked > (60 if says_so else 8)


def test_what_is_no_act_is_a_route_that_there_is(world: World) -> None:
    endpoints = {rule.endpoint for rule in acts(world.apps["desk"])}
    assert set(oversight.NO_ACTS) <= endpoints
    assert all(oversight.NO_ACTS.values()), "each with its reason"


def test_no_route_that_programs_write_by_writes_without_an_entry(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    app = world.apps["api"]
    someone = staff_id(STAFF["agent"])
    with db.transaction() as session:
        key_id, secret = people.create_key(session, ("all",), clock.now())

    def forgetful(**_: Any) -> str:
        with db.transaction() as session:
            cases.join_teams(session, someone, [])
        return "done"

    walked = []
    for rule in acts(app):
        monkeypatch.setattr(
            forgetful, "permission", vars(app.view_functions[rule.endpoint])["permission"], raising=False
        )
        monkeypatch.setitem(app.view_functions, rule.endpoint, forgetful)
        last = last_entry()
        method = sorted(set(rule.methods or ()) - LOOKS)[0]
        where = world.address(rule)
        answer = app.test_client().open(
            where, method=method, json={"note": "x"}, headers={"Authorization": f"Bearer {secret}", "Idempotency-Key": rule.endpoint}
        )  # fmt: skip
        assert answer.status_code in (200, 401), (rule.rule, answer.status_code)
        if answer.status_code == 401:
            assert rule.endpoint.startswith("events."), "they have a write key instead"
            continue
        came = [(who, what) for who, what, _ in entries_after(last)]
        silent = rule.endpoint in oversight.NO_ACTS_OF_PROGRAMS
        assert came == ([] if silent else [(str(key_id), f"api.{rule.endpoint}")]), rule.rule
        assert silent or has_words(f"api.{rule.endpoint}"), f"what is api.{rule.endpoint} called?"
        walked.append(rule.endpoint)
    assert len(walked) > 20
    assert set(oversight.NO_ACTS_OF_PROGRAMS) <= {rule.endpoint for rule in acts(app)}


def test_each_act_that_a_room_names_has_words_of_its_own() -> None:
    wanted = re.compile(
        r'"((?:alert|budget|draft|floor|review|reviews|staff|teams|webhook|task|rehearsal|extension|article)\.[a-z_]+)"'
    )
    named = {
        name
        for path in (ROOT / "backend").rglob("*.py")
        if "packs" not in path.parts and re.search(r"audit\(|told\(|_set\(", code := path.read_text("utf-8"))
        for name in wanted.findall(code)
    }
    assert len(named) > 40
    assert sorted(name for name in named if not has_words(name)) == []


# --- the forms that people send ---------------------------------------------------------------------------------------


def pages(browser: Browser, world: World, role: str) -> Iterator[Page]:
    """Every page that the role may see, of one customer."""
    app = browser.app
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        shown = "GET" in (rule.methods or ()) and not people_open(rule, view) and needed(app, rule) in ROLES[role]
        if shown and not re.search(r"stream|<path|panel|/file", rule.rule):
            page = browser.get(world.address(rule))
            if page.is_html and page.status == 200:
                yield page


def endpoint_of(app: Flask, action: str) -> str | None:
    """The route to which it goes; None for a form of the portal, drawn as the customer sees it."""
    try:
        found, _ = app.url_map.bind("localhost").match(urlsplit(action).path, method="POST")
    except HTTPException:
        return None
    return str(found)


def filled(form: Form) -> dict[str, str]:
    """The form as a person would send it: what is drawn stays, what is empty and asked for is filled in."""
    names = [element.get("name") for element in form.element.iter() if element.tag in ("input", "textarea", "select")]
    typed = {str(name): TYPED[str(name)] for name in names if name in TYPED and not form.fields.get(str(name))}
    for element in form.element.iter("button"):
        if element.get("name") and element.get("value"):
            typed.setdefault(str(element.get("name")), str(element.get("value")))
    for element in form.element.iter("select"):
        values = [option.get("value") for option in element.iter("option") if option.get("value")]
        if values and not form.fields.get(str(element.get("name"))):
            typed[str(element.get("name"))] = str(values[0])
    return {**form.fields, **typed}


@pytest.mark.parametrize("role", list(STAFF))
def test_each_form_of_each_page_that_writes_leaves_an_entry(world: World, role: str) -> None:
    browser = sign_in(Browser(world.apps["desk"]), STAFF[role])
    me = str(staff_id(STAFF[role]))
    forms: dict[tuple[str, ...], tuple[str, Form]] = {}
    for page in pages(browser, world, role):
        for form in page.forms:
            action = urljoin(page.path, form.action)
            endpoint = endpoint_of(browser.app, action) if form.method.lower() == "post" else None
            if endpoint is not None and endpoint not in oversight.NO_ACTS and endpoint not in ENDS:
                forms.setdefault((endpoint, *sorted(form.fields)), (action, form))
    sent: set[str] = set()
    for (endpoint, *_), (action, form) in forms.items():
        with db.reading() as held:
            # One connection of its own sees by this number that another has committed.
            version = held.connection().exec_driver_sql("PRAGMA data_version")
            before, many = version.scalar_one(), entries_of(me)
            answer = browser.client.open(action, method="POST", data=filled(form))
            assert answer.status_code < 500, (endpoint, answer.status_code)
            held.rollback()
            moved = held.connection().exec_driver_sql("PRAGMA data_version").scalar_one() != before
        if moved and answer.status_code in (200, 201, 303):
            assert entries_of(me) > many, f"{endpoint} wrote, and no entry came of it"
            sent.add(endpoint)
    assert len(sent) >= {"agent": 15, "senior_agent": 12, "supervisor": 15, "author": 3, "admin": 5}.get(role, 0), (
        sorted(sent)
    )
