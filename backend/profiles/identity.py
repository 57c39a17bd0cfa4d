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
_LETTERS = str.maketrans({
    "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i",
})  # fmt: skip
"""Letters that are no plain ones with an accent, as who lacks them on the keyboard types them."""


_PLUS = frozenset({
    "gmail.com", "outlook.com", "hotmail.com", "live.com", "icloud.com", "me.com", "fastmail.com", "proton.me", "protonmail.com",
})  # fmt: skip
"""Providers that deliver ada+bills@ to ada@, by their own word."""
_DOTS = frozenset({"gmail.com"})
"""Providers to whom a.d.a@ is ada@. Everywhere else a dot makes another address."""
_SAME_DOMAIN = {"googlemail.com": "gmail.com", "protonmail.com": "proton.me"}
"""Two names of one provider's domain, under which everyone has both addresses."""
_SCHEME = re.compile(r"^(?:sips?|tel|callto):", re.IGNORECASE)
_ABROAD = re.compile(r"^(?:00|011)(?=[1-9])")


def normalise(kind: str, value: str, region: str = REGION) -> str | None:
    """The one spelling of this identifier; None when it cannot be one of its kind.

    Telephone numbers are taken when possible, not only when valid: people keep numbers that the plan no longer knows. Of an e-mail
    address, what the provider does not look at is left out; what is shown stays as it was typed.
    """
    value = unicodedata.normalize("NFKC", value).strip()
    if not value or len(value) > 320:
        return None
    if kind == "phone":
        return _phone(value, region)
    if kind == "email":
        return _email(value)
    if kind == "number":
        return "".join(value.split()).upper()
    return value if kind in KINDS else None


def caller_number(value: str, region: str = REGION) -> str | None:
    """The number that a telephone system tells, as people are known by it; None for a hidden one.

    Systems leave the plus away (493055571600), dial out of the country (0049…, 01149…), or wrap it (sip:…@exchange, tel:…).
    """
    bare = _SCHEME.sub("", unicodedata.normalize("NFKC", value).strip()).partition("@")[0].partition(";")[0]
    abroad = normalise("phone", f"+{_ABROAD.sub('', bare)}", region) if _ABROAD.match(bare) else None
    return abroad or normalise("phone", bare, region) or normalise("phone", f"+{bare}", region)


def _email(value: str) -> str | None:
    name, _, domain = value.casefold().partition("@")
    domain = domain.rstrip(".")
    if not name or not domain or "@" in domain or any(c.isspace() for c in value):
        return None
    domain = _SAME_DOMAIN.get(domain, domain)
    if domain in _PLUS:
        name = name.partition("+")[0] or name
    if domain in _DOTS:
        name = name.replace(".", "") or name
    return f"{name}@{domain}"


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
    return " ".join("".join(c for c in bare if not unicodedata.combining(c)).translate(_LETTERS).split())


def search_text(name: str, number: str, email: str | None, phone: str | None) -> str:
    """What a search looks through; the name comes first, so that a prefix of it is a prefix of the whole."""
    digits = re.sub(r"\D", "", phone or "")
    return "|".join((fold(name), fold(number), fold(email or ""), digits))


def wanted_parts(query: str) -> tuple[str, ...]:
    """The folded pieces that must all occur in a customer's search text; a telephone number is one piece of digits.

    However it is written, and without the zeros before it: the country's code stands in the place of these.
    """
    query = query.strip()
    if _TELEPHONE.match(query) and sum(c.isdigit() for c in query) >= 4:
        return (_digits(query),)
    return tuple(
        _digits(part) if _TELEPHONE.match(part) and any(c.isdigit() for c in part) else part
        for part in fold(query).replace("|", " ").split()
    )


def _digits(text: str) -> str:
    digits = re.sub(r"\D", "", text)
    return re.sub(r"^0{1,2}(?=\d)", "", digits)


def like(part: str) -> str:
    """The part as a LIKE pattern with backslash as escape: what was typed is never a wildcard."""
    escaped = part.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def forget() -> None:
    """Drops the numbers that were read lately."""
    _phone.cache_clear()
