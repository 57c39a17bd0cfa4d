"""Which slips are forgiven, and which trigrams a text must have. Pure."""

import random
import string

import pytest

from backend.profiles import identity, likeness

TEXT = identity.search_text("Søren Jonhson-O’Neil", "C1041", "s.neil@example.com", "+13105550123")


@pytest.mark.parametrize(
    ("words", "slips"),
    [
        (["soren"], 0),
        (["jonhson"], 0),
        (["johnson"], 1),
        (["jonson"], 1),
        (["jonhhson"], 1),
        (["jpnhson"], 1),
        (["oneil", "sorem"], 1),
        (["jhonson"], None),
        (["exampel"], 1),
        (["jonh"], 0),
        (["jonx"], 1),
        (["sor", "zzz"], None),
        (["peterson"], None),
        (["3105550124"], None),
    ],
)
def test_slips_are_counted_word_by_word_and_never_in_digits(words: list[str], slips: int | None) -> None:
    assert likeness.slips(words, TEXT) == slips


def test_letters_that_are_no_accents_are_folded_too() -> None:
    assert identity.fold("Søren Łukasz Ægir Straße") == "soren lukasz aegir strasse"


@pytest.mark.parametrize(
    ("typed", "parts"),
    [
        ("(310) 555-0123", ("3105550123",)),
        ("+1 310.555.0123", ("13105550123",)),
        ("0310 5550123", ("3105550123",)),
        ("555-0123 Neil", ("5550123", "neil")),
        ("... ---", ("...", "---")),
        ("ana|b", ("ana", "b")),
    ],
)
def test_telephone_digits_are_one_piece_in_any_writing(typed: str, parts: tuple[str, ...]) -> None:
    assert identity.wanted_parts(typed) == parts


def holds(query: str, text: str) -> bool:
    """Whether the text has the trigrams that an FTS5 query of AND, OR and brackets asks for."""
    there = {f"|{text}"[nth : nth + 3] for nth in range(len(text) - 1)}
    terms, out, at = {}, [], 0
    while at < len(query):
        if query[at] == '"':
            end = at + 1
            while query[end] != '"' or query[end : end + 2] == '""':
                end += 2 if query[end] == '"' else 1
            name = f"t{len(terms)}"
            terms[name] = query[at + 1 : end].replace('""', '"') in there
            out.append(name)
            at = end + 1
        else:
            out.append(query[at])
            at += 1
    return bool(eval("".join(out).replace("AND", "and").replace("OR", "or"), {}, terms))  # noqa: S307 (made of the test's own terms, AND and OR alone)


def test_one_slip_anywhere_in_a_word_of_five_letters_or_more_leaves_trigrams_to_find_it_by() -> None:
    rand = random.Random(7)
    for _ in range(2000):
        word = "".join(rand.choice(string.ascii_lowercase) for _ in range(rand.randrange(5, 12)))
        text = f"anna {word}|c1||"
        nth = rand.randrange(len(word) - 1)
        slip = rand.choice((
            word[:nth] + word[nth + 1] + word[nth] + word[nth + 2 :],
            word[:nth] + word[nth + 1 :],
            word[:nth] + rand.choice(string.ascii_lowercase) + word[nth + 1 :],
        ))  # fmt: skip
        query = likeness.nearly([slip])
        if query is not None and len(slip) >= likeness.SLIPS_FROM:
            assert holds(query, text), (word, slip, query)
            assert likeness.slips([slip], text) is not None


def test_what_is_typed_is_never_a_query_of_its_own() -> None:
    assert likeness.held(['a" OR "b']) == '"a"" " AND """ O" AND " OR" AND "OR " AND "R """ AND " ""b"'
    assert likeness.held(["a"]) is None
    assert likeness.held(["ab"]) == '(" ab" OR "|ab")'
