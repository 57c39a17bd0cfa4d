"""Whether what a caller answered is what is known: compared in constant time, told to nobody. Pure."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import unicodedata
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from backend.matrix.service import Compared

_DAYS = (
    "%Y-%m-%d",
    "%d.%m.%Y",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d-%m-%Y",
    "%d %B %Y",
    "%B %d %Y",
    "%d %b %Y",
    "%b %d %Y",
    "%Y%m%d",
)
LENGTH = 6
ENDING = 4


def matches(compare: Compared, typed: str, known: Any) -> bool:
    """Whether the typed answer says what is known. Nothing typed, or nothing known, never does."""
    said = _forms(compare, typed)
    meant = _forms(compare, str(known)) if known is not None and known != "" else set()
    # Every pair is compared, whichever of them is the same.
    same = [hmac.compare_digest(one.encode(), other.encode()) for one in sorted(said) for other in sorted(meant)]
    return any(same)


def new_code() -> tuple[str, str, str]:
    """A code of six digits, its salt, and its hash: only these two are kept."""
    code, salt = f"{secrets.randbelow(10**LENGTH):0{LENGTH}}", secrets.token_hex(16)
    return code, salt, hash_of(code, salt)


def hash_of(code: str, salt: str) -> str:
    return hashlib.scrypt(code.encode(), salt=bytes.fromhex(salt), n=2**12, r=8, p=1).hex()


def same_code(typed: str, salt: str, kept: str) -> bool:
    digits = "".join(c for c in typed if c.isascii() and c.isdigit())
    return hmac.compare_digest(hash_of(digits[: LENGTH + 1], salt), kept)


def _forms(compare: Compared, text: str) -> set[str]:
    """All that the text may mean, spelled in one way: a day of numbers may be read in two ways."""
    if compare == "date":
        return _days(text)
    if compare == "money":
        return _amounts(text)
    if compare in ("digits", "ending"):
        digits = "".join(c for c in text if c.isascii() and c.isdigit())
        if compare == "digits":
            return {digits} if digits else set()
        return {digits[-ENDING:]} if len(digits) >= ENDING else set()
    plain = unicodedata.normalize("NFKD", text.casefold())
    words = "".join(c for c in plain if c.isalnum())
    return {words} if words else set()


def _days(text: str) -> set[str]:
    plain = " ".join(re.sub(r"(?<=\d)(st|nd|rd|th)\b", "", text.replace(",", " ")).split())
    found = set()
    for form in _DAYS:
        try:
            found.add(datetime.strptime(plain, form).date().isoformat())  # noqa: DTZ007 (a day has no zone)
        except ValueError:
            continue
    return found


def _amounts(text: str) -> set[str]:
    plain = re.sub(r"[^\d.,]", "", text)
    head, mark, tail = plain.rpartition("," if plain.rfind(",") > plain.rfind(".") else ".")
    plain = f"{re.sub('[.,]', '', head)}.{tail}" if mark and len(tail) != 3 else re.sub("[.,]", "", plain)
    try:
        return {str(round(Decimal(plain) * 100))} if plain.strip(".") else set()
    except InvalidOperation:
        return set()
