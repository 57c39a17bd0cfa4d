"""People: invited, joined, changed, sent off and taken back by an administrator; and everybody's own sign-ins and second step."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from backend import db
from backend.interactions import service as interactions
from backend.mail import service as mail
from backend.people import service as people
from backend.profiles import service as profiles
from shared.kernel import clock
from tests.cast import ADMIN, AGENT, PASSWORD, SUPERVISOR
from tests.joining import GOOD, KIM, first_step, id_of, invited, path_of
from tests.pages import Browser, text_of

AGENT2 = "agent2@demo.example"


@pytest.fixture
def admin(desk_as: Callable[[str], Browser]) -> Browser:
    return desk_as(ADMIN)


# --- joiners --------------------------------------------------------------------------------------------------------


def test_who_is_invited_chooses_name_and_password_and_signs_in(admin: Browser) -> None:
    link = invited(admin, "senior_agent")
    assert "Invited kim@example.com as senior agent" in admin.get("/people").text
    newcomer = Browser(admin.app)
    page = newcomer.get(link)
    assert "Dana Ivers invites you, as senior agent" in page.text
    wrong = page.submit(page.path, name="Kim Park", password=GOOD, again="another")
    assert (wrong.status, "not the same" in wrong.text) == (422, True)
    assert wrong.form(link).fields["name"] == "Kim Park", "what was typed is given back"
    assert wrong.form(link).fields["password"] == ""
    weak = wrong.submit(link, password="short", again="short")
    assert (weak.status, "10 characters or more" in weak.text) == (422, True)
    twice = Browser(admin.app).get(link)
    done = weak.submit(link, password=GOOD, again=GOOD)
    assert done.path == "/sign-in"
    inside = done.submit("/sign-in", email=KIM, password=GOOD)
    assert (inside.path, "Kim Park" in inside.text) == ("/", True)
    # The form came twice: the second time says so, and nobody is made twice.
    again = twice.submit(link, name="Kim Park", password=GOOD, again=GOOD)
    assert (again.status, "taken up already" in again.text) == (409, True)
    assert newcomer.get(link).status == 410
    assert "Kim Park" in text_of(admin.get("/people").one("table"))


def test_an_invitation_that_cannot_be_sent_comes_back_as_it_was_typed(admin: Browser) -> None:
    page = admin.get("/people").submit("/people", email="kim at home", role="quality")
    assert (page.status, page.form("/people").fields["email"]) == (422, "kim at home")
    assert page.form("/people").fields["role"] == "quality"
    taken = admin.get("/people").submit("/people", email=AGENT)
    assert (taken.status, "Avery Quinn works here already" in taken.text) == (409, True)


def test_an_invitation_is_sent_again_and_withdrawn(admin: Browser) -> None:
    old = invited(admin)
    page = admin.get("/people")
    again = page.submit("/again")
    new = "/join/" + text_of(again.one("code", class_="secret")).rpartition("/join/")[2]
    assert Browser(admin.app).get(old).status == 404
    assert Browser(admin.app).get(new).status == 200
    assert "Invitation withdrawn" in page.submit("/withdrawal").text
    assert Browser(admin.app).get(new).status == 404
    assert "There is no such invitation" in page.submit("/withdrawal").text
    assert "taken up or withdrawn" in page.submit("/again").text


def test_the_link_goes_by_e_mail_where_e_mail_is_sent_and_into_no_log(
    admin: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    mail.set_up(True)
    try:
        page = admin.get("/people").submit("/people", email=KIM)
    finally:
        mail.set_up(False)
    assert "/join/" not in page.html
    with db.reading() as session:
        letter = (
            session.connection()
            .execute(sa.text("SELECT text FROM mail_sent WHERE purpose = 'invitation'"))
            .scalar_one()
        )
    token = letter.partition("/join/")[2].split()[0]
    assert "Dana Ivers invites you" in letter
    Browser(admin.app).get(f"/join/{token}")
    assert token not in caplog.text
    with db.reading() as session:
        kept = session.connection().execute(sa.text("SELECT payload FROM audit_entry")).scalars().all()
    assert token not in json.dumps([str(one) for one in kept])


# --- roles, teams, leavers ------------------------------------------------------------------------------------------


def test_role_and_teams_are_changed(admin: Browser, desk_as: Callable[[str], Browser]) -> None:
    other = desk_as(AGENT2)
    page = admin.get(path_of(AGENT2)).submit("/role", role="read_only")
    assert "Noor Haddad is read-only now" in page.text
    assert other.get("/inbox").status == 403, "at the next page"
    team = admin.get(path_of(AGENT2)).all("input", name="team")[0].get("value", "")
    assert "are noted" in admin.get(path_of(AGENT2)).submit("/teams", team=team).text
    wrong = admin.post(f"{path_of(AGENT2)}/role", admin.get(path_of(AGENT2)).form("/role").fields | {"role": "king"})
    assert wrong.status == 422


def test_ones_own_page_offers_nothing_that_is_refused(admin: Browser) -> None:
    page = admin.get(path_of(ADMIN))
    assert not [form for form in page.forms if form.action.endswith(("/role", "/leaving", "/reset"))]
    token = {"csrf_token": page.forms[0].fields["csrf_token"]}
    for act, fields in (("role", {"role": "agent"}), ("leaving", {})):
        refused = admin.post(f"{path_of(ADMIN)}/{act}", {**token, **fields})
        assert (refused.status, "another administrator does" in refused.text) == (409, True)


def test_who_leaves_is_out_at_the_next_page_and_their_work_goes_on(
    admin: Browser, desk_as: Callable[[str], Browser]
) -> None:
    other = desk_as(AGENT2)
    with db.transaction() as session:
        actor = people.staff_actor(session, id_of(AGENT2))
        assert actor is not None
        customer = profiles.search(session, limit=1).items[0].id
        interactions.begin(session, customer, "chat", actor, clock.now())
    page = admin.get(path_of(AGENT2))
    assert "In hand: 1 open contact" in page.text
    nobody = admin.post(f"{path_of(AGENT2)}/leaving", page.form("/leaving").fields | {"to": "x"})
    assert (nobody.status, "Choose who goes on with it" in nobody.text) == (422, True)
    assert other.get("/").path == "/", "nothing was done"
    gone = page.submit("/leaving", to=str(id_of(AGENT)))
    assert "Noor Haddad does not work here any more" in gone.text
    assert "1 thing was handed on" in gone.text
    assert other.get("/callbacks").path == "/sign-in"
    assert first_step(admin.app, AGENT2, PASSWORD).status == 422
    with db.reading() as session:
        held = interactions.open_interactions(session, id_of(AGENT))
    assert customer in {one.customer_id for one in held}
    assert "Noor Haddad" in text_of(admin.get("/people").one("section", aria_labelledby="who-left"))
    assert "works here again" in admin.get(path_of(AGENT2)).submit("/return").text
    assert first_step(admin.app, AGENT2, PASSWORD).path == "/"


def test_work_is_handed_on_later_too(admin: Browser) -> None:
    with db.transaction() as session:
        actor = people.staff_actor(session, id_of(AGENT2))
        assert actor is not None
        interactions.begin(session, profiles.search(session, limit=1).items[0].id, "chat", actor, clock.now())
    page = admin.get(path_of(AGENT2)).submit("/leaving")
    assert "Waiting" in page.text
    assert page.submit("/handing-on").status == 422
    assert "1 thing was handed on" in page.submit("/handing-on", to=str(id_of(AGENT))).text
    assert "Waiting" not in admin.get(path_of(AGENT2)).text


def test_people_are_an_administrators_page(desk_as: Callable[[str], Browser]) -> None:
    assert desk_as(SUPERVISOR).get("/people").status == 403


# --- sign-ins -------------------------------------------------------------------------------------------------------


def test_ones_sign_ins_are_listed_and_ended(desk_as: Callable[[str], Browser]) -> None:
    here, there, third = desk_as(AGENT), desk_as(AGENT), desk_as(AGENT)
    page = here.get("/me/sign-ins")
    assert len(page.all("li", class_="people-line")) == 3
    others = [form for form in page.forms if form.action.endswith("/end") and "others" not in form.action]
    assert here.send("post", others[1].action, others[1].fields).path == "/me/sign-ins"
    assert [one.get("/callbacks").path for one in (here, there, third)].count("/sign-in") == 1
    assert "Signed out everywhere else" in here.get("/me/sign-ins").submit("/others/end").text
    assert [one.get("/callbacks").path for one in (here, there, third)] == ["/callbacks", "/sign-in", "/sign-in"]
    assert "over already" in here.send("post", others[1].action, others[1].fields).text
    mine = here.get("/me/sign-ins").forms
    leaving = next(form for form in mine if re.search(r"/me/sign-ins/[0-9a-f-]{36}/end$", form.action))
    assert here.send("post", leaving.action, leaving.fields).path == "/sign-in"


def test_an_administrator_ends_the_sign_ins_of_others(admin: Browser, desk_as: Callable[[str], Browser]) -> None:
    here, there = desk_as(AGENT), desk_as(AGENT)
    page = admin.get(path_of(AGENT))
    one = next(form for form in page.forms if re.search(r"/sign-ins/[0-9a-f-]{36}/end$", form.action))
    assert "Signed out there" in admin.send("post", one.action, one.fields).text
    assert [browser.get("/callbacks").path for browser in (here, there)].count("/sign-in") == 1
    admin.send("post", f"{path_of(AGENT)}/sign-ins/end", one.fields)
    assert [browser.get("/callbacks").path for browser in (here, there)] == ["/sign-in", "/sign-in"]


def test_who_signs_out_here_stays_at_work_there(desk_as: Callable[[str], Browser]) -> None:
    here, there = desk_as(AGENT), desk_as(AGENT)
    there.get("/").submit("/state", state="ready")
    here.get("/").submit("/sign-out")
    with db.reading() as session:
        assert [one.state for one in interactions.at_work(session)] == ["ready"]
    there.get("/").submit("/sign-out")
    with db.reading() as session:
        assert interactions.at_work(session) == ()


def test_an_open_page_hears_that_its_own_sign_in_is_over_and_no_other(desk_as: Callable[[str], Browser]) -> None:
    here, there = desk_as(AGENT), desk_as(AGENT)
    page = here.get("/me/sign-ins")
    for browser in (here, there):
        browser.app.config["STREAM_SECONDS"] = 0.2
    since = _newest()
    # The stream was open already: it asks again with the number of the last change that it heard of.
    with db.transaction() as session:
        this = next(one for one in people.sessions_of(session, id_of(AGENT), clock.now()))
        people.end_sessions(session, id_of(AGENT), clock.now(), only=this.session_id)
    told = {}
    for name, browser in (("here", here), ("there", there)):
        answer = browser.client.get(f"/stream?after={since}", headers={"Accept": "text/event-stream"})
        told[name] = answer.get_data(as_text=True)
    assert sorted("event: gone" in one for one in told.values()) == [False, True]
    assert page.status == 200


def _newest() -> int:
    with db.reading() as session:
        return int(session.connection().execute(sa.text("SELECT coalesce(max(change_id), 0) FROM change")).scalar_one())


def test_a_page_of_the_desk_asks_for_its_sign_in_in_one_statement(desk_as: Callable[[str], Browser]) -> None:
    """Who asks and whether their sign-in holds is one question, as it was before there were sign-ins."""
    desk = desk_as(AGENT)
    desk.get("/me/sign-ins")
    asked: list[str] = []

    def note(_c: Any, _k: Any, statement: str, *_: Any) -> None:
        asked.append(statement)

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        desk.get("/articles")
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)
    assert len([one for one in asked if re.search(r"FROM staff\b", one)]) == 1, asked
    assert not [one for one in asked if one.startswith(("INSERT", "UPDATE"))], "nothing is written at each page"


def test_that_somebody_is_here_is_written_now_and_then_and_not_for_what_a_page_asks_by_itself(
    desk_as: Callable[[str], Browser],
) -> None:
    desk = desk_as(AGENT)
    now = clock.now()
    desk.get("/rail", htmx=True, headers={"X-Live": "yes"})
    with clock.frozen(now + timedelta(minutes=90)):
        desk.get("/rail", htmx=True, headers={"X-Live": "yes"})
    with clock.frozen(now + timedelta(minutes=90)):
        assert desk.get("/callbacks").path == "/callbacks"
    with clock.frozen(now + timedelta(minutes=200)):
        assert desk.get("/callbacks").path == "/callbacks", "it was used after ninety minutes"
    with clock.frozen(now + timedelta(minutes=330)):
        assert desk.get("/rail", htmx=True, headers={"X-Live": "yes"}).status == 401
        assert desk.get("/callbacks").path == "/sign-in"
