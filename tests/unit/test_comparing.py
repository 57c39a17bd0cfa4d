"""What a caller answers is compared as a person would: however it is spelled, and never by half."""

import pytest

from backend.interactions import comparing


@pytest.mark.parametrize(
    ("compare", "typed", "known"),
    [
        ("text", "  jose  MARIA ", "José-María"),
        ("date", "3.11.1980", "1980-11-03"),
        ("date", "3 November 1980", "1980-11-03"),
        ("date", "November 3rd, 1980", "1980-11-03"),
        ("date", "11/03/1980", "1980-11-03"),
        ("date", "03/11/1980", "1980-11-03"),
        ("money", "$95", 95.0),
        ("money", "95.00", "95.0"),
        ("money", "1.234,50 €", 1234.5),
        ("money", "1,234.50", 1234.5),
        ("digits", "+1 (555) 010-0199", "15550100199"),
        ("ending", "ends in 4711", "C104711"),
    ],
)
def test_the_same_thing_said_in_other_words_is_right(compare: comparing.Compared, typed: str, known: object) -> None:
    assert comparing.matches(compare, typed, known)


@pytest.mark.parametrize(
    ("compare", "typed", "known"),
    [
        ("text", "Jose", "Josefa"),
        ("text", "", ""),
        ("text", "?", "-"),
        ("date", "1980", "1980-11-03"),
        ("date", "4.11.1980", "1980-11-03"),
        ("date", "", "1980-11-03"),
        ("money", "95.01", 95.0),
        ("money", "", 0.0),
        ("money", "abc", 95.0),
        ("money", "..", 95.0),
        ("digits", "555", "5550"),
        ("ending", "711", "C104711"),
        ("text", "x", None),
    ],
)
def test_what_is_almost_right_or_empty_is_wrong(compare: comparing.Compared, typed: str, known: object) -> None:
    assert not comparing.matches(compare, typed, known)


def test_a_code_has_six_digits_and_is_kept_as_a_hash_alone() -> None:
    code, salt, kept = comparing.new_code()
    assert len(code) == 6
    assert code.isdigit()
    assert code not in kept + salt
    assert comparing.same_code(f"{code[:3]} {code[3:]}", salt, kept)
    assert not comparing.same_code(f"{(int(code) + 1) % 1_000_000:06}", salt, kept)
    assert not comparing.same_code(code + "0", salt, kept)
    assert not comparing.same_code("", salt, kept)
