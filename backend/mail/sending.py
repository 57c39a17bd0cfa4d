"""Sends e-mail: by a thread of its own, never within a transaction, so that no mail server's slowness is anybody else's.

A mail is leased in a short transaction, handed to the server, and what came of it is written down in another. Whoever is killed
between the two leaves it to be sent again, under the same Message-ID, when the lease is over.
"""

from __future__ import annotations

import smtplib
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import select, update
from sqlmodel import Session

from backend import db
from backend.mail.composing import address_of, compose
from backend.mail.posting import SENT, reason, sent_from
from backend.mail.types import CODES, SHORT_LIVED, Enclosure, Sent
from backend.settings import SmtpServer
from shared.kernel import clock

DELAYS = tuple(timedelta(seconds=seconds) for seconds in (5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 28_800, 57_600))
"""After so many attempts, about a day and a half, a mail is given up."""
CODE_LASTS = timedelta(minutes=5)
"""A code that could not be sent for so long is of no use any more."""
LEASE = timedelta(minutes=5)
PATIENCE_SECONDS = 20.0
AT_ONCE = 20
TURN_SECONDS = 0.25
FOLDER = "attachments"
_log = structlog.stdlib.get_logger("evenhand.mail")

Told = Callable[[Session, Sent, datetime], None]
"""Is told in the same transaction what became of a mail."""


@dataclass(frozen=True, slots=True)
class _Came:
    """What came of an attempt. `final`: trying again would not help."""

    good: bool
    why: str = ""
    final: bool = False


class Sender:
    """Sends what is due until told to end. Several processes share the work by leases."""

    def __init__(self, server: SmtpServer, mail_from: str, home: Path, told: Told) -> None:
        self._server, self._from, self._home, self._told = server, mail_from, home, told

    def run(self, ended: threading.Event) -> None:
        """Takes turns until told to end."""
        while not ended.is_set():
            try:
                sent = self.turn(clock.now())
            except Exception as failure:
                _log.exception("turn failed", error=type(failure).__name__)
                sent = 0
            if not sent:
                ended.wait(TURN_SECONDS)

    def turn(self, now: datetime) -> int:
        """Sends what is due, over one connection; gives how many reached the server."""
        letters = _lease(now)
        if not letters:
            return 0
        try:
            server = self._connect()
        except (OSError, smtplib.SMTPException) as failure:
            # Nothing of what it says: an answer to a sign-in may repeat it.
            for row in letters:
                self._note(row, _Came(False, f"the mail server cannot be reached ({type(failure).__name__})"))
            return 0
        good = 0
        try:
            for row in letters:
                if clock.now() - now > LEASE / 2:
                    break  # a slow server: another turn takes the rest when their lease is over
                came = self._send(server, row)
                self._note(row, came)
                good += came.good
        finally:
            try:
                server.quit()
            except (OSError, smtplib.SMTPException):
                server.close()
        return good

    def _connect(self) -> smtplib.SMTP:
        at = self._server
        if at.tls:
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                at.host, at.port, timeout=PATIENCE_SECONDS, context=ssl.create_default_context()
            )
        else:
            server = smtplib.SMTP(at.host, at.port, timeout=PATIENCE_SECONDS)
        try:
            if at.starttls:
                server.starttls(context=ssl.create_default_context())
            if at.user:
                server.login(at.user, at.password)
        except BaseException:
            server.close()
            raise
        return server

    def _send(self, server: smtplib.SMTP, row: Any) -> _Came:
        if row.purpose in SHORT_LIVED and clock.now() - row.created_at > CODE_LASTS:
            return _Came(False, "it came too late to be of use", True)
        try:
            files = [
                (one.name, one.media_type, (self._home / FOLDER / one.place).read_bytes())
                for one in (Enclosure(**file) for file in row.files)
            ]
        except OSError:
            return _Came(False, "a file that goes with it is no longer there", True)
        try:
            mail = compose(
                mail_id=row.mail_id, mail_from=self._from, to=row.recipient, subject=row.subject, text=row.text,
                reference=row.reference, thread=row.thread, automatic=row.purpose != "case", at=row.created_at, files=files,
            )  # fmt: skip
            server.send_message(mail, address_of(self._from), [row.recipient])
        except smtplib.SMTPRecipientsRefused as refused:
            code, said = next(iter(refused.recipients.values()))
            return _Came(False, _answer(code, said), 500 <= code < 600)
        except (smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as refused:
            return _Came(False, _answer(refused.smtp_code, refused.smtp_error), 500 <= refused.smtp_code < 600)
        except smtplib.SMTPNotSupportedError:
            return _Came(False, "the mail server takes no such address", True)
        except (OSError, smtplib.SMTPException) as failure:
            return _Came(False, f"the connection to the mail server broke ({type(failure).__name__})")
        except (ValueError, IndexError, LookupError) as failure:
            # What cannot be written down as a mail never will be; the others go on.
            return _Came(False, f"it cannot be written as a mail ({type(failure).__name__})", True)
        return _Came(True)

    def _note(self, row: Any, came: _Came) -> None:
        now = clock.now()
        mine = (SENT.c.customer_id == row.customer_id, SENT.c.mail_id == row.mail_id)
        values: dict[str, Any] = {"why": reason(came.why)}
        over = came.final or row.attempts >= len(DELAYS)
        if came.good or over:
            values |= {"state": "sent" if came.good else "refused", "settled_at": now}
            values |= {"text": ""} if row.purpose in CODES else {}
        else:
            values["run_at"] = now + DELAYS[row.attempts - 1]
        with db.transaction() as session:
            noted = session.execute(
                update(SENT).where(*mine, SENT.c.attempts == row.attempts, SENT.c.state == "queued").values(**values)
            )
            if db.touched(noted) != 1:
                return
            self._told(session, sent_from(session.execute(select(SENT).where(*mine)).one()), now)
        if not came.good:
            _log.warning("mail not sent", mail=str(row.mail_id), attempt=row.attempts, given_up=over)


def _answer(code: int, said: bytes | str) -> str:
    """What the server answered, as people may read it."""
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return f"the mail server says {code} {text}"


def _lease(now: datetime) -> list[Any]:
    """Takes the oldest that are due. Reads first, so that nobody idle takes the writers' place."""
    due = select(SENT).where(SENT.c.state == "queued", SENT.c.run_at <= now).order_by(SENT.c.run_at, SENT.c.mail_id)
    with db.reading() as session:
        if session.execute(due.limit(1)).first() is None:
            return []
    with db.transaction() as session:
        rows = session.execute(due.limit(AT_ONCE).with_for_update(skip_locked=True)).all()
        for row in rows:
            mine = (SENT.c.customer_id == row.customer_id, SENT.c.mail_id == row.mail_id)
            session.execute(update(SENT).where(*mine).values(attempts=row.attempts + 1, run_at=now + LEASE))
        keys = {(row.customer_id, row.mail_id) for row in rows}
        again = session.execute(select(SENT).where(SENT.c.mail_id.in_([key[1] for key in keys]))).all()
        return [row for row in again if (row.customer_id, row.mail_id) in keys]
