"""What tests of mail share: a real SMTP server that keeps what it is given, mails as customers send them, and a sender."""

from __future__ import annotations

import contextlib
import email
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP, default
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from sqlalchemy import update

from backend import db
from backend.catalogue import service as catalogues
from backend.mail import service as mail
from backend.mail.posting import SENT
from backend.mail.service import Received
from backend.mailroom import service as mailroom
from backend.matrix import service as matrix
from backend.settings import SmtpServer
from shared.kernel import clock
from shared.kernel.actors import SYSTEM
from tests.made_customers import NOW

OURS = "Evenhand Telecom <service@evenhand.example>"
TO = "service@evenhand.example"


@dataclass
class Post:
    """A mail server in a thread; `refuses` answers a recipient with these words instead of taking the mail."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    refuses: dict[str, str] = field(default_factory=dict)

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if address in self.refuses:
            return self.refuses[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        made = email.message_from_bytes(envelope.content, policy=default)
        assert isinstance(made, EmailMessage)
        self.mails.append(made)
        self.recipients += envelope.rcpt_tos
        return "250 OK"

    @property
    def server(self) -> SmtpServer:
        return SmtpServer("127.0.0.1", self.port)

    def text(self, place: int = -1) -> str:
        body = self.mails[place].get_body(("plain",))
        assert body is not None
        return str(body.get_content())


def publish_pack() -> None:
    """Puts the telecom pack in force, without its customers."""
    folder = matrix.folder_of("telecom")
    with db.transaction() as session:
        catalogues.publish(session, matrix.read_body(folder), SYSTEM, NOW, matrix.texts_of(folder))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def mail_server(port: int = 0) -> Iterator[Post]:
    """A real SMTP server, for as long as the block lasts."""
    post = Post(port or free_port())
    controller = Controller(post, hostname="127.0.0.1", port=post.port)
    controller.start()
    try:
        yield post
    finally:
        controller.stop()


@contextlib.contextmanager
def sending() -> Iterator[None]:
    """Mail is written in this process, for as long as the block lasts."""
    mailroom.set_up(True, "https://my.example", "sms.example")
    try:
        yield
    finally:
        mailroom.set_up(False)


def send_all(server: SmtpServer, home: Path) -> int:
    """Sends all that waits, whenever it was to be sent."""
    with db.transaction() as session:
        session.execute(update(SENT).where(SENT.c.state == "queued").values(run_at=clock.now() - timedelta(seconds=1)))
    return mail.Sender(server, OURS, home, mailroom.settled).turn(clock.now())


def letter(sender: str, subject: str = "My line is dead", text: str = "It is silent.", **headers: str) -> EmailMessage:
    """A mail as a customer's program writes it."""
    made = EmailMessage(policy=SMTP)
    made["From"] = sender
    made["To"] = TO
    made["Subject"] = subject
    made["Message-ID"] = headers.pop("Message_ID", f"<{abs(hash((sender, subject, text))):x}@home.example>")
    for name, value in headers.items():
        made[name.replace("_", "-")] = value
    made.set_content(text)
    return made


def come_in(home: Path, made: EmailMessage | bytes, at: datetime = NOW, envelope_from: str | None = None) -> Received:
    content = made if isinstance(made, bytes) else made.as_bytes()
    return mailroom.receive(content, home=home, mail_from=OURS, now=at, envelope_from=envelope_from)
