"""Takes e-mail over SMTP or LMTP: what is for us is filed, and all else refused. Run by `evenhand mail`.

`python -m backend.mailserver PORT` is the demo's: it also keeps what the demo sends, in the mailbox that administrators see.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import threading
from email.utils import parseaddr
from pathlib import Path
from typing import Any

import structlog
from aiosmtpd.controller import Controller
from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, Session

from backend import readiness
from backend.mail import service as mail
from backend.mailroom import service as mailroom
from backend.settings import Settings, SettingsError
from backend.worker import register_handlers
from shared.kernel import clock
from shared.kernel.errors import Unavailable

HOST = "127.0.0.1"
_log = structlog.stdlib.get_logger("evenhand.mail")
# It logs each command with the addresses in it, and those are people's.
for _name in ("mail.log", "mail.debug"):
    logging.getLogger(_name).setLevel(logging.WARNING)


class Handler:
    """Files what is addressed to us; with `keeps_others`, keeps all else in the mailbox of the home, instead of refusing it."""

    def __init__(self, settings: Settings, *, keeps_others: bool = False) -> None:
        self._home: Path = settings.home
        self._from = settings.mail_from
        self._keeps_others = keeps_others

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if not (self._keeps_others or self._is_ours(address)):
            return "550 5.7.1 Mail is taken for our own address alone"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.content if isinstance(envelope.content, bytes) else str(envelope.content).encode()
        try:
            if any(self._is_ours(one) for one in envelope.rcpt_tos):
                await asyncio.to_thread(self._file, content, envelope.mail_from)
            if any(not self._is_ours(one) for one in envelope.rcpt_tos):
                await asyncio.to_thread(mailroom.sink_into, self._home, content)
        except Unavailable:
            return "451 4.3.0 Not just now: please try again"
        except Exception as failure:
            # Whoever sent it keeps it, and tries again.
            _log.exception("mail not taken", error=type(failure).__name__)
            return "451 4.3.0 Not just now: please try again"
        return "250 2.0.0 Kept"

    def _file(self, content: bytes, envelope_from: str | None) -> None:
        mailroom.receive(
            content, home=self._home, mail_from=self._from, now=clock.now(), envelope_from=envelope_from or ""
        )

    def _is_ours(self, address: str) -> bool:
        """Our address, whatever stands behind a plus."""
        name, _, domain = address.lower().rpartition("@")
        return f"{name.partition('+')[0]}@{domain}" == mail.address_of(self._from)


class _Lmtp(Controller):
    def factory(self) -> Any:
        return LMTP(self.handler, **self.SMTP_kwargs)


def controller(handler: Handler, host: str, port: int, *, lmtp: bool = False) -> Controller:
    """The server, in a thread of its own once it is started."""
    kind = _Lmtp if lmtp else Controller
    return kind(
        handler, hostname=host, port=port, data_size_limit=mailroom.LARGEST, decode_data=False, enable_SMTPUTF8=True,
        ident="Evenhand", timeout=60,
    )  # fmt: skip


def serve(settings: Settings, host: str, port: int, *, lmtp: bool = False, keeps_others: bool = False) -> None:
    """Takes mail until SIGTERM or SIGINT comes. Raises SettingsError for a taken port, and where we have no address."""
    if not mail.is_address(parseaddr(settings.mail_from)[1]):
        raise SettingsError("EVENHAND_MAIL_FROM must be set: mail is taken for this address.")
    server = controller(Handler(settings, keeps_others=keeps_others), host, port, lmtp=lmtp)
    try:
        server.start()
    except OSError as taken:
        raise SettingsError(f"Port {port} of {host} cannot be used: {taken.strerror}.") from taken
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: ended.set())
    parent = os.getppid()
    while not ended.wait(1.0):
        if keeps_others and os.getppid() != parent:
            ended.set()
    server.stop()


def main() -> None:
    """The demo's server, for as long as the demo that began it goes on."""
    settings = readiness.begin_serving()
    register_handlers()
    serve(settings, HOST, int(sys.argv[1]), keeps_others=True)


if __name__ == "__main__":
    main()
