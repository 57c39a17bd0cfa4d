"""Why two customers may be one person, in words. Pure."""

from __future__ import annotations

from backend.identities.types import Agreement, Suggestion

_NAMES = {
    "given_name": "given name", "family_name": "family name", "birth_date": "birth date", "phone": "phone number", "email": "e-mail address",
    "street": "street", "house_number": "house number", "city": "town", "postcode": "postcode", "national_id": "national number",
}  # fmt: skip
_LEVELS = {
    "same": "the same {}",
    "misspelled": "{} spelled almost the same",
    "similar": "a similar {}",
    "mistyped": "{} one slip of the keys apart",
    "one part off": "{} with one part different",
    "same but for the area": "the same {} but for the area code",
    "same name elsewhere": "the same name in the {}, at another provider",
    "different": "another {}",
}
_ORDER = {"swapped": "given and family name swapped"}
_CLAIMED = {
    "email": "the e-mail address of one was given for the other",
    "phone": "the phone number of one was given for the other",
}


def in_words(one: Agreement) -> str:
    """ "the same birth date", "another given name"; empty for what is not worth a word."""
    if one.field == "name_order":
        return _ORDER.get(one.level, "")
    if one.field == "claimed":
        return _CLAIMED.get(one.level, f"the {one.level} of one was given for the other")
    name = _NAMES.get(one.field, one.field.replace("_", " "))
    return _LEVELS.get(one.level, f"{{}}: {one.level}").format(name)


def reasons(of: Suggestion) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What speaks for one person, and what against, the weightiest first."""
    claimed = [one for one in of.agreements if one.field == "claimed"]
    weighed = [one for one in of.agreements if one.field != "claimed" and in_words(one)]
    speaks = tuple(in_words(one) for one in (*claimed, *weighed) if one in claimed or one.weight > 0)
    return speaks, tuple(in_words(one) for one in weighed if one.weight < 0)
