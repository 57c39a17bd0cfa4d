"""Money: a currency and a whole number of its minor units."""

from dataclasses import dataclass
from typing import Self

# ISO 4217: digits behind the point where they are not two.
_EXPONENTS = {
    "BHD": 3, "CLP": 0, "IQD": 3, "ISK": 0, "JOD": 3, "JPY": 0, "KRW": 0, "KWD": 3, "LYD": 3, "OMR": 3,
    "PYG": 0, "RWF": 0, "TND": 3, "UGX": 0, "UYI": 0, "VND": 0, "VUV": 0, "XAF": 0, "XOF": 0, "XPF": 0,
}  # fmt: skip
_SIGNS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥"}
# language: (between thousands, before the fraction, is the sign written first)
_STYLES = {
    "en": (",", ".", True),
    "de": (".", ",", False),
    "es": (".", ",", False),
    "fr": ("\u202f", ",", False),
    "it": (".", ",", False),
    "nl": (".", ",", True),
}
# Regions that write otherwise than the language's first home.
_REGIONS = dict.fromkeys(
    ("es-us", "es-mx", "es-pr", "es-gt", "es-hn", "es-ni", "es-sv", "es-do", "es-pa", "es-pe"), _STYLES["en"]
)


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units (cents). Two currencies never mix: adding or comparing them raises ValueError."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if type(self.minor) is not int:
            raise TypeError(f"Money counts whole minor units, not {self.minor!r}.")
        if not (len(self.currency) == 3 and self.currency.isascii() and self.currency.isupper()):
            raise ValueError(f"{self.currency!r} is not a currency of ISO 4217.")

    @property
    def major(self) -> float:
        """The amount in major units (dollars), for arithmetic that is no book-keeping."""
        return self.minor / float(10 ** exponent(self.currency))

    def __add__(self, other: Self) -> "Money":
        return Money(self.minor + self._same(other).minor, self.currency)

    def __sub__(self, other: Self) -> "Money":
        return Money(self.minor - self._same(other).minor, self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.minor, self.currency)

    def __bool__(self) -> bool:
        return self.minor != 0

    def __lt__(self, other: Self) -> bool:
        return self.minor < self._same(other).minor

    def __le__(self, other: Self) -> bool:
        return self.minor <= self._same(other).minor

    def __gt__(self, other: Self) -> bool:
        return self.minor > self._same(other).minor

    def __ge__(self, other: Self) -> bool:
        return self.minor >= self._same(other).minor

    def _same(self, other: "Money") -> "Money":
        if self.currency != other.currency:
            raise ValueError(f"{self.currency} and {other.currency} do not mix.")
        return other


def exponent(currency: str) -> int:
    """How many digits of the currency stand behind the point."""
    return _EXPONENTS.get(currency, 2)


def of_major(amount: float, currency: str) -> Money:
    """The amount in major units (dollars) as Money, rounded half away from zero to the minor unit."""
    return Money(minor_of(amount, exponent(currency)), currency)


def minor_of(amount: float, digits: int) -> int:
    """The amount in minor units, of which `digits` stand behind the point; rounded as `of_major` does."""
    scaled = amount * 10**digits
    size = abs(scaled) + 0.5
    whole = int(size)
    rest = size - whole
    if rest and not 1e-8 < rest < 1 - 1e-8:
        # A half such as 8.955 dollars is 895.4999… in binary: nine digits first, then the rounding that people expect.
        whole = int(round(abs(scaled), 9) + 0.5)
    return whole if scaled >= 0 else -whole


def text(money: Money, locale: str = "en") -> str:
    """The amount as people of the locale write it: "$8.95", "-$1,200.00", "8,95 €", "CHF 8.95"."""
    tag = locale.replace("_", "-").lower()
    between, point, sign_first = _REGIONS.get(tag) or _STYLES.get(tag.partition("-")[0]) or _STYLES["en"]
    digits = exponent(money.currency)
    whole, fraction = divmod(abs(money.minor), 10**digits)
    number = f"{whole:,}".replace(",", between)
    if digits:
        number += f"{point}{fraction:0{digits}d}"
    sign = _SIGNS.get(money.currency, money.currency)
    gap = "\u00a0" if len(sign) > 1 or not sign_first or locale.startswith("nl") else ""
    shown = f"{sign}{gap}{number}" if sign_first else f"{number}{gap}{sign}"
    return f"-{shown}" if money.minor < 0 else shown
