"""How identifiers and names are written down, so that two spellings of the same thing meet. Pure."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

import phonenumbers

KINDS = ("phone", "email", "number", "external", "cookie")
REGION = "US"
"""The region whose numbers may be written without a country code."""
_TELEPHONE = re.compile(r"^[\d\s()+./\-]{4,}$")
_MARKS = str.maketrans("", "", "\u0027\u2019\u00b4`")


def normalise(kind: str, value: str, region: str = REGION) -> str | None:
    """The one spelling of this identifier; None when it cannot be one of its kind.

    Telephone numbers are taken when possible, not only when valid: people keep numbers that the plan no longer knows.
    """
    value = unicodedata.normalize("NFKC", value).strip()
    if not value or len(value) > 320:
        return None
    if kind == "phone":
        return _phone(value, region)
    if kind == "email":
        return (
            value.casefold()
            if value.count("@") == 1 and not value.startswith("@") and not value.endswith("@")
            else None
        )
    if kind == "number":
        return value.upper()
    return value if kind in KINDS else None


@lru_cache(maxsize=4096)  # a load asks for each number several times, and reading one takes longer than writing its row
def _phone(value: str, region: str) -> str | None:
    try:
        parsed = phonenumbers.parse(value, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(parsed):
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def split(identifier: str) -> tuple[str, str] | None:
    """("phone", "+15550100") from "phone:+15550100"; None when no known kind stands before the colon."""
    kind, colon, value = identifier.partition(":")
    return (kind, value) if colon and kind in KINDS else None


def guessed(text: str) -> tuple[tuple[str, str], ...]:
    """The identifiers that a typed text may be, surest first, already normalised."""
    found: list[tuple[str, str]] = []
    kinds = ("email",) if "@" in text else ("number", "phone") if any(c.isdigit() for c in text) else ()
    for kind in kinds:
        value = normalise(kind, text) if kind != "phone" or _TELEPHONE.match(text.strip()) else None
        if value is not None:
            found.append((kind, value))
    return tuple(found)


def fold(text: str) -> str:
    """The text without case, accents, apostrophes and repeated spaces: "D'Ávila" and "davila" meet."""
    bare = unicodedata.normalize("NFKD", text.casefold().translate(_MARKS))
    return " ".join("".join(c for c in bare if not unicodedata.combining(c)).split())


def search_text(name: str, number: str, email: str | None, phone: str | None) -> str:
    """What a search looks through; the name comes first, so that a prefix of it is a prefix of the whole."""
    digits = re.sub(r"\D", "", phone or "")
    return "|".join((fold(name), fold(number), fold(email or ""), digits))


def wanted_parts(query: str) -> tuple[str, ...]:
    """The folded pieces that must all occur in a customer's search text; a telephone number is one piece of digits."""
    query = query.strip()
    if _TELEPHONE.match(query) and sum(c.isdigit() for c in query) >= 4:
        digits = re.sub(r"\D", "", query)
        return (digits.lstrip("0") if query.startswith(("+", "00")) else digits,)
    return tuple(fold(query).replace("|", " ").split())


def like(part: str) -> str:
    """The part as a LIKE pattern with backslash as escape: what was typed is never a wildcard."""
    escaped = part.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"
