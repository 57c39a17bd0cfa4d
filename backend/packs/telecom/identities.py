"""Who the made-up people are: names, numbers, addresses from ranges that are reserved for examples and reach nobody."""

import unicodedata
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from mimesis import Gender, Locale, Person

# Real area codes with their time zones; 555-0100 to 555-0199 is kept for fiction in each, a hundred numbers an area code.
AREA_CODES = {
    "America/Los_Angeles": (
        "209 213 279 310 323 341 408 415 424 442 510 530 559 562 619 626 628 650 657 661 669 707 714 747 760 805 818 820 "
        "831 840 858 909 916 925 949 951 702 725 775 458 503 541 971 206 253 360 425 509 564"
    ),
    "America/Phoenix": "480 520 602 623 928",
    "America/Denver": "303 307 385 406 435 505 575 719 720 801 970",
    "America/Chicago": (
        "205 210 214 217 224 225 228 251 254 256 262 281 309 312 314 316 318 319 325 331 334 337 361 402 405 409 414 417 "
        "430 432 463 469 470 479 501 504 507 512 515 563 573 580 601 605 608 612 615 618 630 636 641 651 660 662 682 708 "
        "712 713 715 726 731 737 763 769 773 779 785 806 815 816 817 830 832 847 850 870 901 903 913 915 918 920 936 940 "
        "952 956 972 979 985"
    ),
    "America/New_York": (
        "201 202 203 207 212 215 216 220 229 234 239 240 252 267 276 301 302 304 305 315 321 330 336 339 347 351 352 386 "
        "401 404 407 410 412 413 419 434 440 443 475 478 484 508 513 516 518 540 551 561 570 571 585 586 603 607 609 610 "
        "614 617 631 646 678 703 704 706 716 717 718 724 727 732 740 754 757 770 772 774 781 786 802 803 804 813 814 828 "
        "843 845 848 856 857 860 862 863 864 878 904 908 910 912 914 917 919 929 937 941 954 973 978 980 984"
    ),
}
_CODES = tuple((code, zone) for zone, codes in AREA_CODES.items() for code in codes.split())
_DOMAINS = ("example.com", "example.org", "example.net")


@dataclass(frozen=True, slots=True)
class Identity:
    """One made-up person."""

    name: str
    email: str
    phone: str | None
    timezone: str


class Names:
    """Gives out identities, never the same e-mail address or phone number twice; the same seed gives the same ones."""

    def __init__(self, seed: int) -> None:
        self._person = Person(Locale.EN, seed=seed)
        self._seed = seed
        self._emails: set[str] = set()

    def next(self, place: int, gender: str) -> Identity:
        """The identity of the customer at `place` (0, 1, …) of the file; the first name fits the gender in it."""
        sex = Gender.FEMALE if gender == "Female" else Gender.MALE
        first, last = self._person.first_name(gender=sex), self._person.last_name(gender=sex)
        code, zone = _CODES[(place // 100) % len(_CODES)]
        # A file with more people than reserved numbers leaves the rest without a phone, rather than inventing a real one.
        phone = f"+1{code}55501{place % 100:02d}" if place < 100 * len(_CODES) else None
        return Identity(f"{first} {last}", self._email(first, last, place), phone, zone)

    def _email(self, first: str, last: str, place: int) -> str:
        stem = f"{_plain(first)}.{_plain(last)}"
        domain = _DOMAINS[(place + self._seed) % len(_DOMAINS)]
        email, more = f"{stem}@{domain}", 2
        while email in self._emails:
            email, more = f"{stem}{more}@{domain}", more + 1
        self._emails.add(email)
        return email


def birth_date(senior: bool, today: date, rng: Random) -> date:
    """A birthday that agrees with the file's senior flag: 65 to 90 years ago, or 21 to 64."""
    years = rng.triangular(65.1, 90, 68) if senior else rng.triangular(21, 64.9, 40)
    return today - timedelta(days=int(years * 365.25))


def customer_number(place: int) -> str:
    """C and six digits: spread, so that neighbours in the file don't look alike, and never the same twice."""
    return f"C{100_000 + (place * 611_953 + 271_828) % 900_000}"


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return "".join(c for c in folded if c.isalnum())
