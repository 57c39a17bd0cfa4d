"""The desk's pages of mail: what was sent beside each answer, mail of nobody known, the demo's mailbox."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import pytest
from sqlalchemy import select

from agent_ui.app import create_desk
from backend import db
from backend.cases import service as cases
from backend.interactions import service as interactions
from backend.mail import service as mail
from backend.mail.posting import SENT
from backend.mailroom import service as mailroom
from backend.profiles import service as profiles
from shared.kernel import clock
from tests.apps import settings_for
from tests.cast import ADMIN, AGENT, PORTAL_CUSTOMER
from tests.mailing import come_in, letter, mail_server, send_all, sending
from tests.pages import Browser, text_of
from tests.web.test_casework_pages import customer, opened
from tests.web.test_verifying import talking


@pytest.fixture(autouse=True)
def mailing() -> Iterator[None]:
    with sending():
        yield


def address() -> str:
    with db.reading() as session:
        found = profiles.profile(session, customer()).email
    assert found
    return found


def test_beside_an_answer_stands_what_became_of_its_mail(desk: Browser, tmp_path: Path) -> None:
    page = opened(desk)
    page = page.submit("/messages", kind="agent", text="We look at it.", then="open")
    assert text_of(page.one(class_="letter-mail")).startswith("On its way by e-mail to ")
    assert address() not in page.text
    with mail_server() as post:
        post.refuses[address()] = f"550 no mailbox {address()} here"
        send_all(post.server, tmp_path)
    page = desk.get(page.path)
    assert "Not sent by e-mail" in text_of(page.one(class_="letter-mail"))
    assert "550 no mailbox the address here" in text_of(page.one(class_="letter-mail"))
    assert address() not in page.text


def test_files_are_chosen_to_go_along(desk: Browser, tmp_path: Path) -> None:
    page = opened(desk)
    path = page.path
    form = page.form("/files")
    desk.client.post(form.action, data={**form.fields, "file": (BytesIO(b"The plan"), "plan.txt")})
    page = desk.get(path)
    [box] = page.all("input", name="files")
    page = page.submit("/messages", kind="agent", text="Here it is.", then="open", files=box.get("value"))
    assert "with plan.txt" in text_of(page.one(class_="letter-mail"))
    wrong = desk.get(path).submit("/messages", kind="agent", text="Here too.", then="open", files="x")
    assert wrong.status == 422


def test_mail_of_nobody_known_is_given_to_somebody_or_removed(desk: Browser, tmp_path: Path) -> None:
    home = Path(desk.app.extensions["evenhand_home"])
    for number in (1, 2):
        come_in(home, letter("stranger@example.net", f"Question {number}", "<b>Who</b> are you?"), clock.now())
    assert "Unknown senders 2" in text_of(desk.get("/cases").one("nav", aria_label="Lists of cases"))
    page = desk.get("/cases/mail")
    assert "&lt;b&gt;Who" in page.html
    with db.reading() as session:
        first, second = mail.unrecognised(session)
    give = f"/cases/mail/{first.mail_id}/customer"
    assert page.submit(give, customer="nobody").status == 422
    after = page.submit(give, customer=PORTAL_CUSTOMER)
    assert text_of(after.one("h1")) == "Question 1"
    assert page.submit(give, customer=PORTAL_CUSTOMER).status == 409
    after = page.submit(f"/cases/mail/{second.mail_id}/removal")
    assert "No mail waits" in after.text
    assert not list((home / "mail").glob("*"))
    with db.reading() as session:
        assert "Question 1" in [one.subject for one in cases.of_customer(session, customer())]


def test_the_demos_mailbox_is_for_administrators_and_never_in_production(
    desk_as: Callable[[str], Browser], loaded: str, tmp_path: Path
) -> None:
    admin = desk_as(ADMIN)
    home = Path(admin.app.extensions["evenhand_home"])
    assert "Nothing was sent yet" in admin.get("/mailbox").text
    mailroom.sink_into(home, letter("a@b.example", "<i>Hi</i>", "It is <b>done</b>.").as_bytes())
    page = admin.get("/mailbox")
    assert "&lt;b&gt;done" in page.html
    assert desk_as(AGENT).get("/mailbox").status == 403
    settings = settings_for(loaded, tmp_path, EVENHAND_ENV="production", EVENHAND_SECRET="s" * 40)
    assert not [rule for rule in create_desk(settings).url_map.iter_rules() if "mailbox" in rule.rule]


def test_a_code_reaches_the_customer_by_mail_and_is_kept_nowhere(desk: Browser, tmp_path: Path) -> None:
    with db.reading() as session:
        theirs = profiles.profile(session, customer())
    page = talking(desk, theirs).submit("/proof/code")
    with mail_server() as post:
        assert send_all(post.server, tmp_path) == 1
    assert post.recipients == [theirs.email]
    pair = re.findall(r"\b(\d{3}) (\d{3})\b", post.text())[0]
    with db.reading() as session:
        held = str(mail.export_customer(session, theirs.customer_id)) + str(
            interactions.timeline(session, theirs.customer_id, limit=20)
        )
        texts = session.execute(select(SENT.c.text).where(SENT.c.customer_id == theirs.customer_id)).scalars().all()
    assert texts == [""]
    assert " ".join(pair) not in held
    assert page.submit("/proof/code/reading", code="".join(pair)).status == 200
