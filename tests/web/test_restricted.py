"""Customers who are closed to all but some teams: what the others find, do, and leave on the trail; in every place of the desk."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest
from flask import Flask

from backend import db
from backend.cases import service as cases
from backend.catalogue import service as catalogues
from backend.interactions import service as interactions
from backend.matrix.service import folder_of, read_body
from backend.overview import service as overview
from backend.people import service as people
from backend.profiles import service as profiles
from backend.profiles.types import Profile
from backend.record import service as record
from backend.record.service import Wanted
from shared.kernel import clock
from shared.kernel.errors import Erased, Restricted
from tests.calls import agent, answer, customer, ring
from tests.cast import ADMIN, AGENT, SUPERVISOR, sign_in
from tests.pages import Browser

Desk = Callable[[str], Browser]
TEAM = "confidential"


@pytest.fixture
def closed(loaded: str) -> Profile:
    """Somebody who works here: closed to everybody so far."""
    found = customer()
    with db.transaction() as session:
        profiles.learn(session, found.customer_id, now=clock.now(), attributes={"works_here": True})
    with db.reading() as session:
        return profiles.profile(session, found.customer_id)


def staff_id(email: str) -> UUID:
    with db.reading() as session:
        found = people.staff_by_email(session, email)
    assert found is not None
    return found


def let_in(email: str) -> None:
    with db.transaction() as session:
        cases.join_teams(session, staff_id(email), [TEAM])


def test_a_rule_of_the_pack_closes_a_customer_at_once_and_opens_them_again(closed: Profile) -> None:
    assert closed.restricted == "own_people"
    with db.transaction() as session:
        profiles.learn(session, closed.customer_id, now=clock.now(), attributes={"works_here": False})
    with db.reading() as session:
        assert profiles.profile(session, closed.customer_id).restricted == ""


def test_no_page_of_a_closed_customer_opens_and_each_says_whose_they_are(desk_as: Desk, closed: Profile) -> None:
    for who in (AGENT, SUPERVISOR, ADMIN):
        browser = desk_as(who)
        for path in ("", "/timeline", "/withheld", "/tasks", "/portal", "/matrix", "/sources", "/panels/who"):
            page = browser.get(f"/customers/{closed.customer_id}{path}")
            assert page.status == 403, (who, path)
            assert "Confidential accounts" in page.text
            assert closed.name not in page.text
            assert closed.number not in page.text


def test_a_search_finds_that_there_is_somebody_and_no_more(desk_as: Desk, closed: Profile) -> None:
    found = desk_as(AGENT).get("/").submit("/search", query=closed.name)
    assert closed.number not in found.text
    assert "Restricted customer" in found.text or "hand over to" in found.text


def test_the_team_opens_them_as_anybody_else(desk_as: Desk, closed: Profile) -> None:
    let_in(AGENT)
    assert closed.name in desk_as(AGENT).get(f"/customers/{closed.customer_id}").text


def test_who_may_not_open_them_hands_them_over_and_is_on_the_trail(desk_as: Desk, closed: Profile) -> None:
    browser = desk_as(AGENT)
    page = browser.get(f"/customers/{closed.customer_id}")
    wrong = page.submit(f"/customers/{closed.customer_id}/hand-over", about=" ")
    assert wrong.status == 422
    assert "Say in a few words" in wrong.text
    done = wrong.submit(f"/customers/{closed.customer_id}/hand-over", about="a question about the bill")
    assert done.status == 200
    assert "Handed over to Confidential accounts" in done.text
    with db.reading() as session:
        (call,) = [one for one in cases.callbacks_in(session, "all", None) if one.customer_id == closed.customer_id]
        trail = [one.action for one in record.entries(session, Wanted(customers=(closed.customer_id,)), None)[0]]
    assert call.team == TEAM
    assert "customer.kept_closed" in trail
    listed = browser.get("/callbacks?view=all")
    assert "Restricted customer" in listed.text
    assert closed.name not in listed.text
    assert "a question about the bill" not in listed.text


def test_whom_nobody_can_call_is_handed_over_as_a_case(desk_as: Desk, closed: Profile) -> None:
    with db.transaction() as session:
        profiles.amend(session, closed.customer_id, {"phone": None}, (), clock.now())
    page = desk_as(AGENT).get(f"/customers/{closed.customer_id}")
    done = page.submit(f"/customers/{closed.customer_id}/hand-over", about="a question about the bill")
    assert "Handed over to Confidential accounts" in done.text
    with db.reading() as session:
        (case,) = cases.cases_in(session, "all", None, team=TEAM).items
    assert (case.work.customer_id, case.case.subject) == (closed.customer_id, "a question about the bill")


def test_a_contact_with_them_ends_as_handed_over(desk_as: Desk, closed: Profile) -> None:
    now = clock.now()
    mine = agent("agent1", now)
    with db.transaction() as session:
        interactions.begin(session, closed.customer_id, "branch", mine, now)
    browser = desk_as(AGENT)
    page = browser.get(f"/customers/{closed.customer_id}")
    assert closed.name not in page.text
    page.submit(f"/customers/{closed.customer_id}/hand-over", about="wants to move")
    with db.reading() as session:
        assert not interactions.open_with_customer(session, closed.customer_id)


def test_the_wall_tells_that_somebody_is_there_and_not_who(desk_as: Desk, closed: Profile) -> None:
    now = clock.now()
    agent("agent1", now)
    # The telephone system's own word, which the desk takes.
    ring(str(closed.phone), now, "agent1")
    answer(now, "agent1")
    wall = desk_as(SUPERVISOR).get("/wall")
    assert "Restricted customer" in wall.text
    assert closed.name not in wall.text
    let_in(SUPERVISOR)
    assert closed.name in desk_as(SUPERVISOR).get("/wall").text
    with db.reading() as session:
        (contact,) = interactions.open_with_customer(session, closed.customer_id)
    assert desk_as(ADMIN).get(f"/floor/{closed.customer_id}/{contact.interaction_id}").status == 403


def test_the_wall_says_for_which_team_their_call_waits(desk_as: Desk, closed: Profile) -> None:
    now = clock.now()
    agent("agent1", now)
    ring(str(closed.phone), now)
    wall = desk_as(SUPERVISOR).get("/wall")
    assert "for Confidential accounts only" in wall.text
    assert closed.name not in wall.text


def test_nobody_lets_themselves_in(desk_as: Desk, closed: Profile) -> None:
    browser = desk_as(AGENT)
    refused = browser.get("/cases?view=team").submit("/cases/teams", team=TEAM)
    assert refused.status == 403
    with db.reading() as session:
        assert cases.teams_of(session, staff_id(AGENT)) == ()
    admin = desk_as(ADMIN)
    own = admin.get(f"/people/{staff_id(ADMIN)}").submit(f"/people/{staff_id(ADMIN)}/teams", team=TEAM)
    assert own.status == 422
    other = admin.get(f"/people/{staff_id(AGENT)}").submit(f"/people/{staff_id(AGENT)}/teams", team=TEAM)
    assert other.status == 200
    with db.reading() as session:
        assert cases.teams_of(session, staff_id(AGENT)) == (TEAM,)


def test_a_program_reads_them_only_by_a_scope_of_its_own_and_serves_them_all_the_same(
    api_app: Flask, closed: Profile
) -> None:
    client = api_app.test_client()

    def key(*scopes: str) -> dict[str, str]:
        with db.transaction() as session:
            return {"Authorization": f"Bearer {people.create_key(session, scopes, clock.now())[1]}"}

    where = f"/api/v1/customers/{closed.customer_id}"
    refused = client.get(where, headers=key("customers:read"))
    assert refused.status_code == 403
    assert (refused.json or {})["code"] == "restricted"
    assert client.get(where, headers=key("customers:restricted")).status_code == 200
    assert client.get(where, headers=key("all")).status_code == 200
    listed = client.post("/api/v1/customers/search", json={"query": closed.name}, headers=key("customers:read"))
    assert closed.number not in listed.text
    moment = {"stage": "pay", "intent": None, "channel": "portal"}
    assert client.put(f"{where}/moment", json=moment, headers=key("decisions:write")).status_code == 200


def test_what_the_house_does_by_itself_is_done_for_them_too(closed: Profile) -> None:
    with db.reading() as session:
        pack = catalogues.pack_in_force(session)
        reader = people.staff_actor(session, staff_id(AGENT))
        assert reader is not None
        profiles.read_as(overview.closed_to(reader))
        try:
            with pytest.raises(Restricted):
                profiles.profile(session, closed.customer_id)
            with profiles.as_house():
                assert profiles.profile(session, closed.customer_id).name == closed.name
        finally:
            profiles.read_as(None)
    assert pack.restricted[0].teams == (TEAM,)
    assert overview.renew_due(clock.now()) >= 0


def test_another_rule_in_force_closes_anew(desk_app: Flask, closed: Profile) -> None:
    body = read_body(folder_of("telecom"))
    body["pack"] = {key: value for key, value in body["pack"].items() if key != "restricted"}
    with db.transaction() as session:
        admin = people.staff_actor(session, staff_id(ADMIN))
        assert admin is not None
        catalogues.publish(session, body, admin, clock.now())
    # A group that the pack has no more keeps nobody out, at once; whose it was is worked out again by the worker.
    assert sign_in(Browser(desk_app), AGENT).get(f"/customers/{closed.customer_id}").status == 200
    while overview.renew_due(clock.now()):
        pass
    with db.reading() as session:
        assert profiles.profile(session, closed.customer_id).restricted == ""


def test_their_data_is_handed_over_and_erased_by_who_handles_that_for_all_on_the_record(
    desk_as: Desk, closed: Profile
) -> None:
    """Rights of the law do not wait for a team; all else of the customer stays closed."""
    where = f"/customers/{closed.customer_id}"
    admin = desk_as(ADMIN)
    shut = admin.get(where)
    assert shut.status == 403
    assert f"{where}/data" in [a.get("href") for a in shut.all("a")]
    page = admin.get(f"{where}/data")
    assert closed.number in page.text
    fields = next(form.fields for form in page.forms if form.fields.get("csrf_token"))
    copy = admin.client.post(f"{where}/data/copy", data={**fields, "kind": "json"})
    assert closed.name in copy.get_data(as_text=True)
    assert page.submit("/data/erasure", number="C0").status == 422
    with db.reading() as session:
        trail = [one.action for one in record.entries(session, Wanted(customers=(closed.customer_id,)), None)[0]]
    assert {"customer.looked", "customer.exported", "customer.kept_closed"} <= set(trail)
    assert admin.get(where).status == 403
    assert desk_as(SUPERVISOR).get(f"{where}/data").status == 403, "the permission is asked for as ever"
    assert "Erased" in page.submit("/data/erasure", number=closed.number).text
    with db.reading() as session, pytest.raises(Erased):
        profiles.resolve(session, closed.customer_id)
