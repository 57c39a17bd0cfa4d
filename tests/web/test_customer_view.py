"""What the customer sees, inside the desk: the portal as it is, read only; nothing is written but the look."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import func, select

from agent_ui.desk.portal import POLICY, draws_with
from backend import db
from backend.profiles import service as profiles
from backend.profiles.service import Profile
from selfservice_ui.showing import views
from shared.kernel import clock, languages
from tests.cast import AGENT, PORTAL_CUSTOMER, SUPERVISOR
from tests.pages import Browser, text_of


@pytest.fixture
def customer(loaded: str) -> Profile:
    with db.reading() as session:
        found = profiles.find_by_sign_in(session, PORTAL_CUSTOMER)
        assert found is not None
        return profiles.profile(session, found)


@pytest.fixture
def both(desk_app: Flask, portal_app: Flask) -> None:
    """The two faces as one process serves them."""
    draws_with(desk_app, views(portal_app))


def rows() -> dict[str, int]:
    """How many rows each table has."""
    from sqlmodel import SQLModel

    with db.reading() as session:
        return {
            t.name: session.execute(select(func.count()).select_from(t)).scalar_one()
            for t in SQLModel.metadata.sorted_tables
        }


@pytest.mark.usefixtures("both")
def test_it_is_the_page_that_the_customer_would_see(desk: Browser, portal: Browser, customer: Profile) -> None:
    drawn = desk.client.get(f"/customers/{customer.customer_id}/portal/page").get_data(as_text=True)
    own = portal.get("/")
    plain = " ".join(re.sub(r"<[^>]*>", " ", drawn).split())
    for part in own.all("h1") + own.all("h2"):
        assert text_of(part) in plain
    assert re.search(r'data-part="headline"', drawn)


@pytest.mark.usefixtures("both")
def test_nothing_is_written_but_the_look(desk: Browser, customer: Profile) -> None:
    desk.get(f"/customers/{customer.customer_id}")
    before = rows()
    answer = desk.client.get(f"/customers/{customer.customer_id}/portal/page")
    assert answer.status_code == 200
    assert {name for name, many in rows().items() if many != before[name]} <= {"look", "audit_entry"}
    assert rows()["look"] == before["look"] + 1
    assert not any(name.lower() == "set-cookie" and "portal" in value for name, value in answer.headers.items())


@pytest.mark.usefixtures("both")
def test_nothing_in_it_runs_sends_or_leads_on(desk: Browser, customer: Profile) -> None:
    answer = desk.client.get(f"/customers/{customer.customer_id}/portal/page")
    html = answer.get_data(as_text=True)
    assert answer.headers["Content-Security-Policy"] == POLICY
    assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
    for gone in ("<script", "data-stream", "hx-post", "hx-get", "action=", "<a href", ' href="/"'):
        assert gone not in html, gone
    assert all("disabled" in tag for tag in re.findall(r"<button[^>]*>|<input[^>]*>", html))
    assert "csrf" not in "".join(re.findall(r'value="[^"]+"', html))


@pytest.mark.usefixtures("both")
def test_it_is_masked_as_the_agent_reads_the_customer(desk: Browser, customer: Profile, portal_app: Flask) -> None:
    drawn = views(portal_app)(customer.customer_id, clock.now(), lambda text: text.replace(customer.first_name, "••••"))
    assert "••••" in drawn
    assert customer.first_name not in drawn


@pytest.mark.usefixtures("both")
def test_the_frame_says_whose_view_it_is(desk: Browser, customer: Profile) -> None:
    page = desk.get(f"/customers/{customer.customer_id}")
    [link] = [a for a in page.all("a") if a.get("data-portal") is not None]
    for htmx in (False, True):
        view = desk.get(str(link.get("href")), htmx=htmx)
        assert f"What {customer.name} sees" in view.text
        assert view.one("iframe").get("sandbox") == "allow-same-origin"


def test_a_desk_alone_offers_no_view_and_gives_none(desk: Browser, customer: Profile) -> None:
    page = desk.get(f"/customers/{customer.customer_id}")
    assert not [a for a in page.all("a") if a.get("data-portal") is not None]
    assert desk.get(f"/customers/{customer.customer_id}/portal/page").status == 404
    assert desk.get(f"/customers/{customer.customer_id}/portal").status == 404


@pytest.mark.usefixtures("both")
def test_the_look_is_on_record_by_its_name(desk_as: Callable[[str], Browser], customer: Profile) -> None:
    desk_as(AGENT).get(f"/customers/{customer.customer_id}/portal")
    looks = desk_as(SUPERVISOR).get(f"/customers/{customer.customer_id}/looks")
    assert "What they see on the portal" in looks.text


@pytest.mark.usefixtures("both")
def test_the_view_is_in_the_customers_language_and_the_desk_goes_on_in_its_own(
    desk: Browser, customer: Profile
) -> None:
    with db.transaction() as session:
        profiles.set_language(session, customer.customer_id, "es-US", clock.now())
    drawn = desk.client.get(f"/customers/{customer.customer_id}/portal/page").get_data(as_text=True)
    assert '<html lang="es-US"' in drawn
    assert "Para usted" in drawn
    page = desk.get(f"/customers/{customer.customer_id}")
    assert page.one("html").get("lang") == "en"
    assert languages.spoken() == "en"
    headlines = [text_of(one) for one in page.all("*", data_part="headline")]
    assert headlines
    assert any(headline in drawn for headline in headlines), "the card says at the desk what the customer reads"
