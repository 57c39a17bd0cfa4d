"""Passwords: hashed with argon2id, checked in the same time whether or not there is anyone to check."""

import threading
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

# The library's default is RFC 9106's second choice: 64 MiB and about a tenth of a second. Tests set a cheaper one.
hasher = PasswordHasher()
# So many at once, that sign-ins cannot take all memory and both processors.
_at_once = threading.BoundedSemaphore(4)


def hash_of(password: str) -> str:
    """The salted argon2id hash to keep."""
    with _at_once:
        return hasher.hash(password)


def matches(password: str, kept: str | None) -> bool:
    """Whether the password made the kept hash. With none kept it is False, after the same work."""
    with _at_once:
        try:
            hasher.verify(kept if kept is not None else _nobodys(hasher), password)
        except (VerificationError, InvalidHashError):
            return False
    return kept is not None


@lru_cache(maxsize=4)
def _nobodys(with_hasher: PasswordHasher) -> str:
    return with_hasher.hash("nobody's password")
