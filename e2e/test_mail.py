"""E-mail from end to end, over real SMTP both ways: a customer writes, the desk answers, their answer is on the desk by itself.

And with `kill -9`: what was accepted on the telephone is confirmed once.
"""

from __future__ import annotations

import contextlib
import re
import smtplib
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from backend import db
from backend.benching.clients import Client
from backend.people import service as people_room
from backend.profiles import service as profiles
from e2e.conftest import Watched
from e2e.offers import open_offers
from e2e.people import people_of
from e2e.servers import Server, environment, free_port, kill, serving
from e2e.steps import at_the_desk
from shared.kernel import clock
from tests.databases import fresh, opened
from tests.mailing import OURS, TO, Post, letter, mail_server

START_SECONDS = 60


@contextlib.contextmanager
def receiving(server: Server, home: Path) -> Iterator[int]:
    """`evenhand mail` beside the server; gives its port."""
    port = free_port()
    command = [str(Path(sys.executable).with_name("evenhand")), "mail", "--port", str(port)]
    named = environment(server.database_url, home, free_port(), EVENHAND_MAIL_FROM=OURS)
    process = subprocess.Popen(command, env=named, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + START_SECONDS
        while True:
            with contextlib.suppress(OSError), smtplib.SMTP("127.0.0.1", port, timeout=5):
                break
            assert process.poll() is None, "the mail server did not start"
            assert time.monotonic() < deadline, "the mail server does not answer"
            time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait(20)


def write(port: int, sender: str, subject: str, text: str, **headers: str) -> None:
    with smtplib.SMTP("127.0.0.1", port, timeout=20) as server:
        server.send_message(letter(sender, subject, text, **headers), sender, [TO])


def arrived(post: Post, count: int, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while len(post.mails) < count:
        assert time.monotonic() < deadline, f"{len(post.mails)} of {count} mails came"
        time.sleep(0.05)


def test_a_customer_writes_the_desk_answers_and_their_answer_is_there_by_itself(
    watched: Watched, tmp_path: Path
) -> None:
    with (
        mail_server() as post,
        fresh("sqlite", "loaded", tmp_path) as url,
        serving(url, tmp_path, EVENHAND_SMTP_URL=f"smtp://127.0.0.1:{post.port}", EVENHAND_MAIL_FROM=OURS) as server,
        receiving(server, tmp_path) as port,
    ):
        person = next(people_of(server))
        write(port, person.email, "My line hums", "It hums at night.\n\nBest wishes")
        with pytest.raises(smtplib.SMTPRecipientsRefused), smtplib.SMTP("127.0.0.1", port) as other:
            other.send_message(letter(person.email), person.email, ["somebody@else.example"])

        desk = watched.open(server.address, viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
        at_the_desk(desk)
        desk.goto("/desk/cases?view=unassigned&status=new")
        desk.get_by_role("link", name="My line hums").click()
        expect(desk.locator(".letter.customer")).to_contain_text("It hums at night.")
        desk.locator("#text").fill("We measure it today.")
        desk.get_by_role("button", name="Send, wait for them").click()
        expect(desk.locator(".letter-mail")).to_contain_text(re.compile("Sent by e-mail to"))
        arrived(post, 1)
        assert post.recipients == [person.email]
        assert "We measure it today." in post.text()

        answers = post.mails[0]["Message-ID"]
        write(
            port,
            person.email,
            f"Re: {post.mails[0]['Subject']}",
            "Thank you!\n\nOn Monday you wrote:\n> We measure",
            In_Reply_To=answers,
        )
        expect(desk.locator(".letter.customer").last).to_contain_text("Thank you!")
        expect(desk.locator(".case-state")).to_have_text("Open")

        write(port, "stranger@example.net", "Who are you?", "I know nobody here.")
        desk.goto("/desk/cases")
        desk.get_by_role("link", name="Unknown senders").click()
        desk.get_by_role("textbox", name="Customer", exact=True).fill("nobody")
        watched.expect_status(422)
        desk.get_by_role("button", name="It is theirs").click()
        expect(desk.locator(".wrong-text")).to_be_visible()
        assert Axe().run(desk, options={"resultTypes": ["violations"]}).response["violations"] == []
        desk.get_by_role("textbox", name="Customer", exact=True).fill(person.number)
        desk.get_by_role("button", name="It is theirs").click()
        expect(desk.locator("h1")).to_have_text("Who are you?")


def test_what_was_accepted_on_the_telephone_is_confirmed_once_after_a_kill(tmp_path: Path) -> None:
    port, mail_port = free_port(), free_port()
    mailed = {"EVENHAND_SMTP_URL": f"smtp://127.0.0.1:{mail_port}", "EVENHAND_MAIL_FROM": OURS}
    with fresh("sqlite", "whole", tmp_path) as url:
        with opened(url, tmp_path):
            [(customer_id, offer_id)] = open_offers(1)
            with db.transaction() as session:
                key = people_room.create_key(session, ["all"], clock.now())[1]
                email = profiles.profile(session, customer_id).email
        with serving(url, tmp_path, port, **mailed) as server:
            status, came = Client(port).request(
                "POST", f"/api/v1/offers/{offer_id}/responses", b'{"response": "accepted", "channel": "phone"}',
                Authorization=f"Bearer {key}", Content_Type="application/json",
            )  # fmt: skip
            assert status == 200, came
            kill(server)
        with mail_server(mail_port) as post, serving(url, tmp_path, port, **mailed):
            arrived(post, 1, 60)
            time.sleep(2)  # a second mail would have come by now
            assert post.recipients == [email]
            assert post.mails[0]["Subject"].startswith("Confirmed: ")
