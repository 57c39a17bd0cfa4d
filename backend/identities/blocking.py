"""Few are compared with few: keys that two records of one person are likely to share, whichever of them is misspelled. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from hashlib import blake2b

LARGEST = 200
"""A key that more people share tells nothing: its block is left out, the others find whom it would have found."""
_CODES = {
    letter: code for code, letters in enumerate(("BFPV", "CGJKQSXZ", "DT", "L", "MN", "R"), 1) for letter in letters
}
_NOT_LETTERS = re.compile(r"[^A-Z]")


@lru_cache(maxsize=65_536)
def soundex(name: str) -> str:
    """American Soundex: the first letter and three digits for how the rest sounds; "" for a name without letters."""
    letters = _NOT_LETTERS.sub("", name.upper())
    if not letters:
        return ""
    out, last = letters[0], _CODES.get(letters[0])
    for letter in letters[1:]:
        code = _CODES.get(letter)
        if code is not None and code != last:
            out += str(code)
        if letter not in "HW":
            last = code
    return f"{out}000"[:4]


def keys(one: Mapping[str, str]) -> list[str]:
    """The person's keys as short digests, which tell nobody what they were made of; `one` holds the columns of `People`."""
    given, family = soundex(one["given"]), soundex(one["family"])
    birth, postcode, email = one["birth"], one["postcode"], one["email"].partition("@")[0]
    parts: Iterable[tuple[str, ...]] = (
        ("birth and family name", birth, family),
        ("birth and given name", birth, given),
        ("birth and postcode", birth, postcode),
        ("both names", *sorted((given, family))) if given and family else ("", ""),
        ("first letters", *sorted((one["given"][:3], one["family"][:3])), birth[:4]) if given and family else ("", ""),
        ("family name and postcode", family, postcode),
        ("given name and postcode", given, postcode),
        ("house", one["house"], one["street"][:5], postcode[:2]),
        ("phone", one["phone"][-7:] if len(one["phone"]) >= 7 else ""),
        ("phone but its end", one["phone"][:-2] if len(one["phone"]) >= 7 else "", family),
        ("email", email),
        ("national", one["national"]),
    )
    return sorted({_digest("\x1f".join(part)) for part in parts if all(part)})


def _digest(text: str) -> str:
    return blake2b(text.encode(), digest_size=9).hexdigest()
