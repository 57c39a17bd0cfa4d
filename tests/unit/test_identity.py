"""Two spellings of one identifier meet, and two identifiers never do."""

import pytest

from backend.profiles.identity import caller_number, normalise


@pytest.mark.parametrize(
    ("typed", "spelled"),
    [
        ("Ada.King@Example.COM", "ada.king@example.com"),
        ("ada.king+bills@example.com", "ada.king+bills@example.com"),
        ("A.da.King+bills@GMail.com", "adaking@gmail.com"),
        ("ada.king@googlemail.com", "adaking@gmail.com"),
        ("ada.king+x@outlook.com", "ada.king@outlook.com"),
        ("ada@protonmail.com", "ada@proton.me"),
        ("+tag@gmail.com", "+tag@gmail.com"),
        ("ada@example.com.", "ada@example.com"),
        ("ada@ex@ample.com", None),
        ("@example.com", None),
        ("ada@", None),
        ("ada king@example.com", None),
        ("", None),
    ],
)
def test_an_e_mail_address_is_spelled_as_its_provider_takes_it(typed: str, spelled: str | None) -> None:
    assert normalise("email", typed) == spelled
    if spelled is not None:
        assert normalise("email", spelled) == spelled


@pytest.mark.parametrize(
    ("kind", "typed", "spelled"),
    [
        ("phone", "(310) 555-0123", "+13105550123"),
        ("phone", "+44 20 7946 0958", "+442079460958"),
        ("number", " c37 1828 ", "C371828"),
        ("cookie", "aB-1", "aB-1"),
        ("external", "User-7", "User-7"),
        ("shoe", "44", None),
    ],
)
def test_each_kind_has_one_spelling(kind: str, typed: str, spelled: str | None) -> None:
    assert normalise(kind, typed) == spelled


@pytest.mark.parametrize(
    ("told", "spelled"),
    [
        ("13105550123", "+13105550123"),
        ("3105550123", "+13105550123"),
        ("493055571600", "+493055571600"),
        ("00493055571600", "+493055571600"),
        ("011493055571600", "+493055571600"),
        ("sip:+13105550123@exchange.example;user=phone", "+13105550123"),
        ("tel:+1-310-555-0123", "+13105550123"),
        ("anonymous", None),
        ("", None),
    ],
)
def test_a_telephone_system_tells_numbers_in_its_own_way(told: str, spelled: str | None) -> None:
    assert caller_number(told) == spelled
