"""Settings: read once at the start from EVENHAND_ variables; a wrong one stops the start and says what it may be."""

import contextlib
import difflib
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, cast

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

Environment = Literal["demo", "production", "test"]

ENVIRONMENTS = ("demo", "production", "test")
NAMES = (
    "EVENHAND_HOME",
    "EVENHAND_PORT",
    "EVENHAND_DATABASE_URL",
    "EVENHAND_ENV",
    "EVENHAND_SECRET",
    "EVENHAND_STREAMS",
)
# What the tests tell each other is no setting.
TEST_PREFIX = "EVENHAND_TEST_"
SECRET_LENGTH = 32
STREAMS = 200
MOST_STREAMS = 200
SECRET_FILE = "secret"  # noqa: S105 (a file name)


class SettingsError(ValueError):
    """A setting that cannot be used: the message names the variable and what it may be."""


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
    return Settings(
        home=home,
        port=_port(environ.get("EVENHAND_PORT", "8000")),
        database_url=_database_url(environ.get("EVENHAND_DATABASE_URL", ""), home),
        env=cast(Environment, env),
        secret=_secret(environ.get("EVENHAND_SECRET", ""), env, home),
        streams=_streams(environ.get("EVENHAND_STREAMS", str(STREAMS))),
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


def _streams(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= MOST_STREAMS):
        raise SettingsError(f"EVENHAND_STREAMS may be a whole number from 1 to {MOST_STREAMS}; it is {text!r}.")
    return int(text)


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
