"""The page of webhooks, for administrators alone; and the same by commands."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import update
from typer.testing import CliRunner

from backend import cli, db
from backend.record import service as record
from backend.record.tables import WebhookDeliveryRow
from shared.kernel import clock, ids
from tests.apps import settings_for
from tests.cast import ADMIN, AGENT, AUTHOR, SUPERVISOR
from tests.pages import Browser, Page, text_of

_DELIVERY = db.table_of(WebhookDeliveryRow)
URL = "https://hooks.example.org/evenhand?token=t0k3n"


@pytest.fixture
def admin(desk_as: Callable[[str], Browser]) -> Browser:
    return desk_as(ADMIN)


def add(admin: Browser, url: str = URL) -> Page:
    return admin.get("/webhooks").submit("/webhooks", url=url)


def endpoint() -> Any:
    with db.reading() as session:
        return record.endpoints(session)[-1]


def dead(count: int) -> list[str]:
    """So many dead letters, of an event that the endpoint wants."""
    made = []
    for _ in range(count):
        event_id = ids.uuid7()
        made.append(f"msg_{event_id.hex}")
        with db.transaction() as session:
            record.announce(session, event_id, uuid4(), endpoint().events[0], "phone", {}, clock.now())
            session.execute(
                update(_DELIVERY)
                .where(_DELIVERY.c.message_id == event_id)
                .values(state="dead", attempts=10, last_status=503, last_at=clock.now(), settled_at=clock.now())
            )
    return made


def states() -> list[str]:
    with db.reading() as session:
        return sorted(one.state for one in record.deliveries(session))


@pytest.mark.parametrize("who", [AGENT, SUPERVISOR, AUTHOR])
def test_only_administrators_see_the_page_and_the_way_to_it(desk_as: Callable[[str], Browser], who: str) -> None:
    browser = desk_as(who)
    assert browser.get("/webhooks").status == 403
    assert not [a for a in browser.get("/").all("a") if a.get("href") == "/webhooks"]
    assert [a for a in desk_as(ADMIN).get("/").all("a") if a.get("href") == "/webhooks"]


def test_an_empty_page_says_what_will_stand_there(admin: Browser) -> None:
    page = admin.get("/webhooks")
    for said in ("No endpoints yet.", "No dead letters.", "Nothing sent yet."):
        assert said in page.text


def test_the_secret_is_shown_once(admin: Browser) -> None:
    page = add(admin)
    assert page.status == 201
    secret = text_of(page.one("code", id="secret"))
    assert secret.startswith("whsec_")
    assert page.response.headers["Cache-Control"] == "no-store"
    again = admin.get("/webhooks")
    assert secret not in again.html
    assert "hooks.example.org/evenhand" in again.text
    assert "t0k3n" not in again.html, "what may be a token is not shown"
    with db.reading() as session:
        assert record.endpoints(session)[0].url == URL


def test_what_is_wrong_comes_back_with_what_was_typed(admin: Browser) -> None:
    page = add(admin, "nowhere")
    assert page.status == 422
    assert "Write the whole address" in page.text
    assert page.one("input", id="url").get("value") == "nowhere"
    token = page.form("/webhooks").fields["csrf_token"]
    none = admin.post("/webhooks", {"csrf_token": token, "url": URL})
    assert none.status == 422
    assert "Choose at least one event." in none.text
    odd = admin.post("/webhooks", {"csrf_token": token, "url": URL, "events": "offer.eaten"})
    assert odd.status == 422
    with db.reading() as session:
        assert record.endpoints(session) == ()


def test_an_endpoint_is_stopped_resumed_and_removed(admin: Browser) -> None:
    add(admin)
    stopped = admin.get("/webhooks").submit("/switch")
    assert "stopped" in text_of(stopped.all("table")[0])
    # The button says which way; it is sent by name, as a browser does.
    assert not endpoint().active
    fields = {"csrf_token": stopped.form("/switch").fields["csrf_token"], "active": "yes"}
    admin.post(f"/webhooks/{endpoint().endpoint_id}/switch", fields)
    assert endpoint().active
    gone = admin.get("/webhooks").submit("/removal")
    assert "No endpoints yet." in gone.text
    for act in ("switch", "removal"):
        assert admin.post(f"/webhooks/{uuid4()}/{act}", fields).status == 404


def test_dead_letters_are_listed_with_the_last_answer_and_sent_again(admin: Browser) -> None:
    add(admin)
    first, *_ = dead(3)
    page = admin.get("/webhooks")
    part = text_of(page.one("section", aria_labelledby="dead"))
    assert first in part
    assert "503" in part
    assert "after 10 attempts" in part
    token = page.form("/resending").fields["csrf_token"]
    one = {"csrf_token": token, "message": first, "endpoint": str(endpoint().endpoint_id)}
    assert "1 on its way again" in admin.post("/webhooks/resending", one).text
    assert states() == ["dead", "dead", "pending"]
    assert admin.post("/webhooks/resending", one).status == 409
    for wrong, status in (("msg_nonsense", 404), (f"msg_{uuid4().hex}", 404)):
        assert admin.post("/webhooks/resending", one | {"message": wrong}).status == status
    assert admin.post("/webhooks/resending", one | {"endpoint": "x"}).status == 422
    assert "2 on their way again" in admin.post("/webhooks/resending", {"csrf_token": token}).text
    assert states() == ["pending"] * 3
    latest = text_of(admin.get("/webhooks").one("section", aria_labelledby="recent"))
    assert "on its way" in latest


@pytest.fixture
def command(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    settings = settings_for(database, tmp_path)
    monkeypatch.setenv("EVENHAND_HOME", str(settings.home))
    monkeypatch.setenv("EVENHAND_DATABASE_URL", database)

    def run(*words: str) -> Any:
        return CliRunner().invoke(cli.app, ["webhooks", *words])

    return run


def last(result: Any) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout.strip().splitlines()[-1])


def test_the_commands_do_the_same(command: Callable[..., Any]) -> None:
    made = last(command("add", URL, "--events", "offer.accepted,offer.undone"))
    assert made["secret"].startswith("whsec_")
    assert made["events"] == ["offer.accepted", "offer.undone"]
    first, second = dead(2)
    (listed,) = last(command("list", "--json"))["items"]
    assert (listed["id"], listed["dead"], listed["active"]) == (made["id"], 2, True)
    assert made["secret"] not in command("list", "--json").output
    assert {one["message"] for one in last(command("dead", "--json"))["items"]} == {first, second}
    assert last(command("resend", first, "--json")) == {"resent": 1}
    assert last(command("resend", "--all", "--endpoint", made["id"], "--json")) == {"resent": 1}
    assert last(command("resend", "--all", "--json")) == {"resent": 0}
    assert command("resend").exit_code == command("resend", first, "--all").exit_code == 1
    assert command("remove", "nonsense").exit_code == command("remove", str(uuid4())).exit_code == 1
    assert command("add", "nowhere").exit_code == 1
    assert command("remove", made["id"]).exit_code == 0
    assert last(command("list", "--json")) == {"items": []}
    with db.reading() as session:
        assert record.deliveries(session) == ()
