"""Identifiers: UUIDs in order of their making for machines, short references for people to say aloud."""

import os
import random
import secrets
import threading
import time
from datetime import UTC, datetime, timedelta
from uuid import UUID

# No 0 O 1 I L, no U and V, no 5 and S, no 2 and Z, no 8 and B: heard over a phone line, each is one thing only.
SPOKEN_ALPHABET = "34679ACDEFGHJKMNPQRTWXY"
SPOKEN_LENGTH = 6

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_lock = threading.Lock()
_last = 0


def uuid7(at: datetime | None = None, rand: random.Random | None = None) -> UUID:
    """A UUID of version 7 (RFC 9562): sorts by its instant in milliseconds.

    Without `at`, ids made by one process grow strictly. With `rand` the same seed and instant give the same id.
    """
    if at is None:
        return _present()
    milliseconds = (at - _EPOCH) // _MILLISECOND
    noise = rand.getrandbits(74) if rand is not None else int.from_bytes(os.urandom(10), "big") >> 6
    return _assemble(milliseconds, noise >> 62, noise & ((1 << 62) - 1))


def first_at(at: datetime) -> UUID:
    """The smallest id of this instant: what was made then or later is not below it."""
    return _assemble((at - _EPOCH) // _MILLISECOND, 0, 0)


def made_at(made: UUID) -> datetime:
    """The instant of which an id of version 7 was made, to the millisecond."""
    return _EPOCH + (made.int >> 80) * _MILLISECOND


def spoken_reference(rand: random.Random | None = None) -> str:
    """Six characters that nobody mishears or misreads, such as "K7M4QX"; about 148 million of them, so not a secret."""
    choose = rand.choice if rand is not None else secrets.choice
    return "".join(choose(SPOKEN_ALPHABET) for _ in range(SPOKEN_LENGTH))


def spoken_text(text: str) -> str | None:
    """The reference that is meant, however it is written: "k7m 4qx"; None for what can be none."""
    said = "".join(text.split()).replace("-", "").upper()
    return said if len(said) == SPOKEN_LENGTH and not set(said) - set(SPOKEN_ALPHABET) else None


def _present() -> UUID:
    """Twelve bits below the millisecond keep the order, as RFC 9562 section 6.2 allows (method 3)."""
    global _last
    with _lock:
        # Units of 1/4096 ms: 48 bits of milliseconds, then the 12 bits of rand_a.
        _last = max((time.time_ns() << 12) // 1_000_000, _last + 1)
        units = _last
    return _assemble(units >> 12, units & 0xFFF, int.from_bytes(os.urandom(8), "big") >> 2)


def _assemble(milliseconds: int, rand_a: int, rand_b: int) -> UUID:
    return UUID(int=(milliseconds & ((1 << 48) - 1)) << 80 | 0x7 << 76 | rand_a << 64 | 0b10 << 62 | rand_b)
