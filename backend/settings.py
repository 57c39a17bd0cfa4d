"""Settings: read once at the start from EVENHAND_ variables; a wrong one stops the start and says what it may be."""

import base64
import binascii
import contextlib
import difflib
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parseaddr
from pathlib import Path
from typing import Literal, cast
from urllib.parse import parse_qsl, unquote, urlsplit

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

Environment = Literal["demo", "production", "test"]

ENVIRONMENTS = ("demo", "production", "test")
NAMES = (
    "EVENHAND_HOME",
    "EVENHAND_PORT",
    "EVENHAND_ADDRESS",
    "EVENHAND_DATABASE_URL",
    "EVENHAND_ENV",
    "EVENHAND_SECRET",
    "EVENHAND_STREAMS",
    "EVENHAND_SMTP_URL",
    "EVENHAND_MAIL_FROM",
    "EVENHAND_SMS_DOMAIN",
    "EVENHAND_STAFF_SIGN_ON",
    "EVENHAND_CUSTOMER_SIGN_ON",
    "EVENHAND_PAYMENTS_URL",
    "EVENHAND_PAYMENTS_SECRET",
)
# What the tests tell each other is no setting.
TEST_PREFIX = "EVENHAND_TEST_"
SECRET_LENGTH = 32
STREAMS = 200
MOST_STREAMS = 200
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")
SECRET_FILE = "secret"  # noqa: S105 (a file name)


class SettingsError(ValueError):
    """A setting that cannot be used: the message names the variable and what it may be."""


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where e-mail is handed over. `tls`: from the first byte on; `starttls`: after the greeting, or not at all."""

    host: str
    port: int
    tls: bool = False
    starttls: bool = False
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)


@dataclass(frozen=True)
class SignOn:
    """An organisation's own single sign-on, by OpenID Connect. `only`: there is no other way in."""

    issuer: str
    client: str
    secret: str = field(repr=False)
    name: str
    only: bool = False


@dataclass(frozen=True, slots=True)
class PaymentProvider:
    """Who hosts the page where bills are paid: where a payment is asked for, and the secret by which both sides sign."""

    url: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Settings:
    """All that differs between two installations. `secret` signs cookies and is never shown."""

    home: Path
    port: int
    database_url: str = field(repr=False)
    env: Environment
    secret: bytes = field(repr=False)
    streams: int = STREAMS
    """So many pages may be live in one web process; each holds a thread."""
    smtp: SmtpServer | None = None
    """None: no e-mail is sent."""
    mail_from: str = ""
    """Whom e-mail comes from, and where answers to it go: an address, or NAME <address>."""
    sms_domain: str = ""
    """At which a gateway makes a text message of mail to NUMBER@DOMAIN; empty: no text messages are sent."""
    staff_sign_on: SignOn | None = None
    customer_sign_on: SignOn | None = None
    address: str = ""
    """Where people reach the portal, without a slash at the end: what links in mails begin with, and passkeys are made for."""
    payments: PaymentProvider | None = None
    """None: bills are paid on a test page of our own, and in production not online at all."""

    @property
    def secure_cookies(self) -> bool:
        """Whether cookies may travel over TLS alone: in production always."""
        return self.env == "production"


def read(environ: Mapping[str, str]) -> Settings:
    """The settings in the environment. Raises SettingsError. Outside production, makes the secret's file when missing."""
    _refuse_unknown(environ)
    env = environ.get("EVENHAND_ENV", "demo")
    if env not in ENVIRONMENTS:
        raise SettingsError(f"EVENHAND_ENV may be {', '.join(ENVIRONMENTS)}; it is {env!r}.")
    home = Path(environ.get("EVENHAND_HOME") or "var").absolute()
    if home.exists() and not home.is_dir():
        raise SettingsError(f"EVENHAND_HOME may be a folder, or one that can be made; {home} is a file.")
    smtp, mail_from = _smtp(environ.get("EVENHAND_SMTP_URL", "")), _mail_from(environ.get("EVENHAND_MAIL_FROM", ""))
    if smtp is not None and not mail_from:
        raise SettingsError("EVENHAND_MAIL_FROM must be set where EVENHAND_SMTP_URL is: whom e-mail comes from.")
    port = _port(environ.get("EVENHAND_PORT", "8000"))
    return Settings(
        home=home,
        port=port,
        database_url=_database_url(environ.get("EVENHAND_DATABASE_URL", ""), home),
        env=cast(Environment, env),
        secret=_secret(environ.get("EVENHAND_SECRET", ""), env, home),
        streams=_streams(environ.get("EVENHAND_STREAMS", str(STREAMS))),
        smtp=smtp,
        mail_from=mail_from,
        sms_domain=_sms_domain(environ.get("EVENHAND_SMS_DOMAIN", ""), smtp),
        staff_sign_on=_sign_on(environ, "EVENHAND_STAFF_SIGN_ON", may_be_only=True),
        customer_sign_on=_sign_on(environ, "EVENHAND_CUSTOMER_SIGN_ON", may_be_only=False),
        address=_address(environ.get("EVENHAND_ADDRESS", ""), env, port),
        payments=_payments(environ.get("EVENHAND_PAYMENTS_URL", ""), environ.get("EVENHAND_PAYMENTS_SECRET", "")),
    )


def _refuse_unknown(environ: Mapping[str, str]) -> None:
    """A misspelt name would otherwise be a setting that silently does nothing."""
    for name in sorted(environ):
        if name.startswith("EVENHAND_") and name not in NAMES and not name.startswith(TEST_PREFIX):
            near = difflib.get_close_matches(name, NAMES, n=1)
            hint = f" Did you mean {near[0]}?" if near else f" There are {', '.join(NAMES)}."
            raise SettingsError(f"{name} is not a setting.{hint}")


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 65535):
        raise SettingsError(f"EVENHAND_PORT may be a whole number from 1 to 65535; it is {text!r}.")
    return int(text)


def _address(text: str, env: str, port: int) -> str:
    """One spelling of each address: browsers compare it letter by letter."""
    if not text:
        return f"http://127.0.0.1:{port}"
    allowed = "EVENHAND_ADDRESS may be https://HOST or https://HOST:PORT, where people reach the portal"
    try:
        parts = urlsplit(text)
        host, number = parts.hostname, parts.port
    except ValueError:
        raise SettingsError(f"{allowed}; it is {text!r}.") from None
    plain = parts.username is None and not parts.query and not parts.fragment and parts.path in ("", "/")
    if parts.scheme not in ("http", "https") or not host or not plain or not _HOST.fullmatch(host):
        raise SettingsError(f"{allowed}; it is {text!r}.")
    if parts.scheme == "http" and env == "production" and host not in ("127.0.0.1", "localhost"):
        raise SettingsError(f"{allowed}; in production it begins with https.")
    is_usual = number in (None, 443 if parts.scheme == "https" else 80)
    return f"{parts.scheme}://{host}{'' if is_usual else f':{number}'}"


def _streams(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= MOST_STREAMS):
        raise SettingsError(f"EVENHAND_STREAMS may be a whole number from 1 to {MOST_STREAMS}; it is {text!r}.")
    return int(text)


def _smtp(text: str) -> SmtpServer | None:
    """Never quotes what was set: there may be a password in it."""
    if not text:
        return None
    allowed = "EVENHAND_SMTP_URL may be smtp://USER:PASSWORD@HOST:PORT?starttls=1 or smtps://USER:PASSWORD@HOST:PORT"
    try:
        parts = urlsplit(text)
        host, port, asked = parts.hostname, parts.port, dict(parse_qsl(parts.query, strict_parsing=bool(parts.query)))
    except ValueError:
        raise SettingsError(f"{allowed}; it is not an address of that kind.") from None
    starttls = asked.pop("starttls", "0")
    if (
        parts.scheme not in ("smtp", "smtps")
        or not host
        or parts.path not in ("", "/")
        or asked
        or starttls not in "01"
    ):
        raise SettingsError(f"{allowed}; it is not an address of that kind.")
    tls = parts.scheme == "smtps"
    if parts.password and not tls and starttls != "1" and host not in ("127.0.0.1", "::1", "localhost"):
        raise SettingsError(f"{allowed}; a password would travel in the clear: add ?starttls=1, or use smtps.")
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return SmtpServer(
        host, port or (465 if tls else 587 if starttls == "1" else 25), tls, starttls == "1", user, password
    )


def _sms_domain(text: str, smtp: SmtpServer | None) -> str:
    if not text:
        return ""
    if not _HOST.fullmatch(text) or "." not in text:
        raise SettingsError(
            f"EVENHAND_SMS_DOMAIN may be the domain of a gateway that sends mail on as text messages; it is {text!r}."
        )
    if smtp is None:
        raise SettingsError(
            "EVENHAND_SMTP_URL must be set where EVENHAND_SMS_DOMAIN is: text messages leave by e-mail."
        )
    return text


def _sign_on(environ: Mapping[str, str], name: str, *, may_be_only: bool) -> SignOn | None:
    """Never quotes what was set: there is a secret in it."""
    text = environ.get(name, "")
    if not text:
        return None
    allowed = f"{name} may be https://CLIENT:SECRET@ISSUER?name=WHAT PEOPLE CALL IT{'&only=1' if may_be_only else ''}"
    wrong = SettingsError(f"{allowed}; it is not an address of that kind.")
    try:
        parts = urlsplit(text)
        host, port, asked = parts.hostname, parts.port, dict(parse_qsl(parts.query, strict_parsing=bool(parts.query)))
    except ValueError:
        raise wrong from None
    title, only = asked.pop("name", "").strip(), asked.pop("only", "0")
    if not host or not parts.username or not parts.password or not title or asked or parts.fragment:
        raise wrong
    if only not in ("0", "1") or (only == "1" and not may_be_only):
        raise wrong
    if parts.scheme != "https" and not (parts.scheme == "http" and host in ("127.0.0.1", "localhost")):
        raise SettingsError(f"{allowed}; it begins with https.")
    issuer = f"{parts.scheme}://{host}{'' if port is None else f':{port}'}{parts.path.rstrip('/')}"
    return SignOn(issuer, unquote(parts.username), unquote(parts.password), title, only == "1")


def _payments(url: str, secret: str) -> PaymentProvider | None:
    """Never quotes the secret."""
    if not url and not secret:
        return None
    if not url or not secret:
        raise SettingsError("EVENHAND_PAYMENTS_URL and EVENHAND_PAYMENTS_SECRET must be set together, or not at all.")
    allowed = "EVENHAND_PAYMENTS_URL may be https://HOST/PATH, where the payment provider is asked for a page"
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        raise SettingsError(f"{allowed}; it is not an address.") from None
    is_here = host in ("127.0.0.1", "localhost", "::1")
    if not host or parts.username is not None or parts.fragment or parts.scheme not in ("https", *(["http"] * is_here)):
        raise SettingsError(f"{allowed}.")
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error:
        key = b""
    if not secret.startswith("whsec_") or not 24 <= len(key) <= 64:
        raise SettingsError(
            "EVENHAND_PAYMENTS_SECRET may be whsec_ and 24 to 64 bytes in base64, as the provider shows it."
        )
    return PaymentProvider(url, secret)


def _mail_from(text: str) -> str:
    address = parseaddr(text)[1]
    name, _, domain = address.partition("@")
    if text and not (
        name and domain and text.isprintable() and address.isascii() and not any(c.isspace() for c in address)
    ):
        raise SettingsError(f"EVENHAND_MAIL_FROM may be an address, or NAME <address>; it is {text!r}.")
    return text


def _database_url(text: str, home: Path) -> str:
    if not text:
        return f"sqlite:///{home / 'evenhand.sqlite3'}"
    allowed = "EVENHAND_DATABASE_URL may be sqlite:///FILE or postgresql+psycopg://USER:PASSWORD@HOST/NAME"
    try:
        url = make_url(text)
    except ArgumentError as wrong:
        raise SettingsError(f"{allowed}; it is not an address of that kind.") from wrong
    if url.drivername in ("sqlite", "sqlite+pysqlite"):
        if not url.database or url.database == ":memory:" or url.database.startswith("file:"):
            raise SettingsError(f"{allowed}; a SQLite database must be a file, since several processes share it.")
    elif url.drivername != "postgresql+psycopg":
        raise SettingsError(f"{allowed}; its driver is {url.drivername!r}.")
    elif not url.database:
        raise SettingsError(f"{allowed}; it names no database.")
    return text


def _secret(text: str, env: str, home: Path) -> bytes:
    if text:
        if len(text) < SECRET_LENGTH:
            raise SettingsError(
                f"EVENHAND_SECRET may be any {SECRET_LENGTH} characters or more, hard to guess; it has {len(text)}."
            )
        return text.encode()
    if env == "production":
        raise SettingsError(f"EVENHAND_SECRET must be set in production: {SECRET_LENGTH} characters or more.")
    return _kept_secret(home)


def _kept_secret(home: Path) -> bytes:
    """The home's own secret, made once and readable by its owner alone; processes that start together agree on one."""
    file = home / SECRET_FILE
    try:
        if not file.exists():
            home.mkdir(parents=True, exist_ok=True)
            pending = home / f".{SECRET_FILE}.{os.getpid()}.{secrets.token_hex(4)}"
            descriptor = os.open(pending, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as handle:
                handle.write(secrets.token_hex(SECRET_LENGTH))
            # A link appears whole and never replaces one that another process made first.
            with contextlib.suppress(FileExistsError):
                os.link(pending, file)
            pending.unlink()
        kept = file.read_bytes().strip()
    except OSError as wrong:
        raise SettingsError(
            f"EVENHAND_HOME may be a folder that can be written to; {home}: {wrong.strerror}."
        ) from wrong
    if len(kept) < SECRET_LENGTH:
        raise SettingsError(f"{file} is damaged: remove it, and a new one is made (everyone signs in again).")
    return kept
