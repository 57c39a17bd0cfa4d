"""API keys: high-entropy secrets of which only a digest is kept."""

import hashlib
import hmac
import re
import secrets
import threading
import time
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from backend.people.permissions import SCOPES
from backend.people.tables import ApiKeyRow
from shared.kernel import ids
from shared.kernel.actors import Actor
from shared.kernel.errors import Invalid, NotFound

PREFIX = "eh"
# For so long a process may still honour a key that another process revoked.
TRUST_SECONDS = 5.0
_MOST_TRUSTED = 1024
_SOURCE = re.compile(r"[a-z][a-z0-9_]{0,59}")

_trusted: dict[bytes, tuple[float, Actor]] = {}
_lock = threading.Lock()


def create_key(session: Session, scopes: Sequence[str], now: datetime, source: str = "") -> tuple[UUID, str]:
    """A new key: its id, and its text, which is shown this once.

    `source` names the system that holds it, as the pack's tracking plan calls it: whom to believe goes by that. Raises Invalid
    for a scope that there is not, or a name that is none.
    """
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown or not scopes:
        named = f"{', '.join(unknown)}: there is no such scope." if unknown else "A key needs a scope."
        raise Invalid(f"{named} Scopes are {', '.join(SCOPES)}.", errors={"scopes": named})
    if source and not _SOURCE.fullmatch(source):
        raise Invalid(
            "A source is called by a word in small letters, such as web.", errors={"source": "a word in small letters"}
        )
    key_id, secret = ids.uuid7(), secrets.token_urlsafe(32)
    row = ApiKeyRow(
        key_id=key_id, secret_digest=_digest(secret), scopes=sorted(set(scopes)), source=source, created_at=now
    )
    session.add(row)
    session.flush()
    return key_id, f"{PREFIX}_{key_id.hex}_{secret}"


def revoke_key(session: Session, key_id: UUID, now: datetime) -> None:
    """Ends the key, here at once and in other processes within five seconds. Raises NotFound."""
    row = session.get(ApiKeyRow, key_id)
    if row is None:
        raise NotFound("There is no such key.")
    row.revoked_at = row.revoked_at or now
    session.add(row)
    session.flush()
    forget()


def key_actor(session: Session, key: str) -> Actor | None:
    """The program that holds the key, with the permissions of its scopes; None when the key is not one of ours."""
    prefix, _, rest = key.partition("_")
    identifier, _, secret = rest.partition("_")
    try:
        key_id = UUID(hex=identifier)
    except ValueError:
        return None
    row = session.get(ApiKeyRow, key_id)
    if prefix != PREFIX or row is None or row.revoked_at is not None:
        return None
    if not hmac.compare_digest(row.secret_digest, _digest(secret)):
        return None
    permissions = frozenset(permission for scope in row.scopes for permission in SCOPES.get(scope, frozenset()))
    return Actor("key", str(key_id), f"key {key_id.hex[-6:]}", permissions, source=row.source)


def trusted_actor(key: str) -> Actor | None:
    """The actor that this process found for the key within the last five seconds, else None. Keeps digests, not keys."""
    found = _trusted.get(hashlib.sha256(key.encode()).digest())
    return found[1] if found is not None and found[0] > time.monotonic() else None


def trust(key: str, actor: Actor) -> None:
    """Remembers for five seconds whose key it is."""
    with _lock:
        if len(_trusted) >= _MOST_TRUSTED:
            _trusted.clear()
        _trusted[hashlib.sha256(key.encode()).digest()] = (time.monotonic() + TRUST_SECONDS, actor)


def forget() -> None:
    """Drops all that is remembered, as when a key is revoked or another database is opened."""
    with _lock:
        _trusted.clear()


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
