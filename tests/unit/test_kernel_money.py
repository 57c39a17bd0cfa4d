"""Money: whole minor units of one currency."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.kernel import money
from shared.kernel.money import Money


def usd(minor: int) -> Money:
    return Money(minor, "USD")


@given(st.integers(), st.integers())
def test_sums_and_orders_are_those_of_the_minor_units(a: int, b: int) -> None:
    assert usd(a) + usd(b) == usd(a + b)
    assert usd(a) - usd(b) == usd(a - b)
    assert (usd(a) < usd(b), usd(a) <= usd(b), usd(a) > usd(b), usd(a) >= usd(b)) == (a < b, a <= b, a > b, a >= b)


def test_two_currencies_never_mix() -> None:
    for mix in (
        lambda: usd(1) + Money(1, "EUR"),
        lambda: usd(1) - Money(1, "EUR"),
        lambda: usd(1) < Money(1, "EUR"),
        lambda: usd(1) >= Money(1, "EUR"),
    ):
        with pytest.raises(ValueError, match="do not mix"):
            mix()
    assert usd(1) != Money(1, "EUR")


@pytest.mark.parametrize("minor", [8.95, True, "8"])
def test_only_whole_numbers_are_money(minor: object) -> None:
    with pytest.raises(TypeError):
        Money(minor, "USD")  # type: ignore[arg-type]


@pytest.mark.parametrize("currency", ["usd", "US", "DOLLAR", "ÜSD", ""])
def test_only_three_capital_letters_are_a_currency(currency: str) -> None:
    with pytest.raises(ValueError, match="ISO 4217"):
        Money(1, currency)


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [(8.95, "USD", 895), (8.955, "USD", 896), (-8.955, "USD", -896), (0.1 + 0.2, "USD", 30), (1.005, "USD", 101), (150, "JPY", 150), (1.2345, "KWD", 1235)],
)  # fmt: skip
def test_an_amount_in_major_units_is_rounded_as_people_do(amount: float, currency: str, minor: int) -> None:
    assert money.of_major(amount, currency) == Money(minor, currency)


@pytest.mark.parametrize(
    ("value", "locale", "text"),
    [
        (usd(895), "en", "$8.95"),
        (usd(5), "en", "$0.05"),
        (usd(-120000), "en", "-$1,200.00"),
        (usd(123456789), "en-US", "$1,234,567.89"),
        (Money(150, "JPY"), "en", "¥150"),
        (Money(1235, "KWD"), "en", "KWD\u00a01.235"),
        (Money(895, "EUR"), "de", "8,95\u00a0€"),
        (Money(123456, "EUR"), "de_DE", "1.234,56\u00a0€"),
        (Money(895, "CHF"), "xx", "CHF\u00a08.95"),
    ],
)
def test_money_is_written_as_people_of_the_place_write_it(value: Money, locale: str, text: str) -> None:
    assert money.text(value, locale) == text
