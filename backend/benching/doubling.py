"""Near matches among many: people made up by a seed, one in twenty of them entered twice with slips, and all of them searched."""

from __future__ import annotations

import random
import resource
import sys
import time
from datetime import date
from uuid import UUID

from mimesis import Address, Locale, Person

from backend import db
from backend.benching.copies import BenchFailed, Tell
from backend.benching.rows import Row, row
from backend.identities import service as identities
from backend.profiles import service as profiles
from backend.profiles.service import NewCustomer
from shared.kernel import clock, ids

CUSTOMERS = 100_000
TWICE = 20
"""One in so many is entered a second time."""
SEED = 2026
LEAST_FOUND = 0.9
BATCH = 2_000
_ATTRIBUTES = {"street": "street", "house_number": "house", "city": "city", "postcode": "postcode"}
BIRTHS = 70 * 365
Entry = dict[str, str]


def duplicates(n: int, tell: Tell) -> list[Row]:
    """How long it takes to find who is there twice among `n` customers, reading and writing included; with the memory at most.

    They are entered into the copy beside those who are there, and counted by themselves. Raises BenchFailed where too few were
    found for the time to mean anything.
    """
    entries, truth = made_up(n)
    tell(f"{n:,} people made up, {len(truth):,} of them twice.")
    numbers = _enter(entries)
    before, began = _peak(), time.perf_counter()
    found = identities.find_all(clock.now(), tell)
    seconds = time.perf_counter() - began
    suggested = _suggested(numbers)
    right = len(suggested & truth)
    recall, precision = right / max(len(truth), 1), right / max(len(suggested), 1)
    if recall < LEAST_FOUND:
        raise BenchFailed(f"Only {recall:.0%} of those who are there twice were found.")
    return [
        row(
            f"duplicates_{n}", [seconds / n], seconds / n, customers=found.customers, wall_s=round(seconds, 2),
            pairs_compared=found.compared, pairs_found=found.pairs, precision=round(precision, 4), recall=round(recall, 4),
            keys_skipped=found.skipped, peak_mb=round(_peak()), peak_before_mb=round(before),
        )
    ]  # fmt: skip


def _enter(entries: list[Entry]) -> dict[UUID, int]:
    """Enters the people as customers, and gives whose place is whose id's."""
    now, places = clock.now(), {}
    for start in range(0, len(entries), BATCH):
        some = []
        for place, one in enumerate(entries[start : start + BATCH], start):
            customer_id = ids.uuid7()
            places[customer_id] = place
            address = {key: one[column] for key, column in _ATTRIBUTES.items() if one[column]}
            some.append(
                NewCustomer(
                    customer_id=customer_id, number=f"B{place:08}", name=f"{one['given']} {one['family']}".title(),
                    phone=f"+{one['phone']}" if one["phone"] else None, email=one["email"] or None,
                    birth_date=_day(one["birth"]), attributes=address, facts={}, identifiers=_identifiers(one, place), bills=(),
                    consents=(), timezone="America/New_York", language="en", made_up=True, created_at=now,
                )
            )  # fmt: skip
        with db.transaction() as session:
            profiles.enrol(session, some)
    return places


def _identifiers(one: Entry, place: int) -> tuple[tuple[str, str], ...]:
    named = (("number", f"B{place:08}"), ("phone", f"+{one['phone']}"), ("email", one["email"]))
    return tuple((kind, value) for kind, value in named if len(value) > 1)


def _day(text: str) -> date | None:
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None  # a slip may make a day that is none


def _suggested(places: dict[UUID, int]) -> set[tuple[int, int]]:
    """The open suggestions among those whom the bench entered."""
    found: set[tuple[int, int]] = set()
    cursor = None
    with db.reading() as session:
        while True:
            items, cursor = identities.queue(session, limit=100, cursor=cursor)
            pairs = [sorted((places.get(one.customer_id, -1), places.get(one.other_id, -1))) for one in items]
            found |= {(first, second) for first, second in pairs if first >= 0}
            if cursor is None:
                return found


def made_up(n: int, seed: int = SEED) -> tuple[list[Entry], set[tuple[int, int]]]:
    """`n` entries of people, and which pairs of places are one person; the same seed gives the same ones."""
    rng = random.Random(seed)
    person, address = Person(Locale.EN, seed=seed), Address(Locale.EN, seed=seed)
    entries: list[Entry] = []
    originals: list[int] = []
    truth: set[tuple[int, int]] = set()
    # Towns and streets from a stock: making up each anew would take longer than comparing them.
    streets = [address.street_name().lower() for _ in range(3_000)]
    towns = [(address.city().lower(), address.postal_code()) for _ in range(1_500)]
    while len(entries) < n:
        if originals and len(entries) % TWICE == TWICE - 1:
            first = rng.choice(originals)
            truth.add((first, len(entries)))
            entries.append(slipped(entries[first], rng))
            originals.remove(first)
            continue
        town, postcode = rng.choice(towns)
        born = rng.randrange(BIRTHS)
        given, family = person.first_name().lower(), person.last_name().lower()
        entries.append(
            {
                "given": given, "family": family, "birth": f"{1936 + born // 365}{born % 12 + 1:02}{born % 28 + 1:02}",
                "phone": f"1{rng.randrange(2_000_000_000, 9_999_999_999)}", "email": f"{given}.{family}{rng.randrange(900)}@example.com",
                "street": rng.choice(streets), "house": str(rng.randrange(1, 400)), "city": town, "postcode": postcode, "national": "",
            }
        )  # fmt: skip
        if len(entries) % 7 == 0:
            originals.append(len(entries) - 1)
    return entries, truth


def slipped(one: Entry, rng: random.Random) -> Entry:
    """The same person entered again: another number or none, and one or two slips of the pen."""
    again = one | {"phone": rng.choice(("", f"1{rng.randrange(2_000_000_000, 9_999_999_999)}")), "email": ""}
    for _ in range(rng.randint(1, 2)):
        match rng.randrange(5):
            case 0:
                again["given"], again["family"] = again["family"], again["given"]
            case 1:
                again["given"] = _mistyped(again["given"], rng)
            case 2:
                again["family"] = _mistyped(again["family"], rng)
            case 3:
                again["birth"] = _mistyped(again["birth"], rng)
            case _:
                again |= {"street": "", "house": "", "city": "", "postcode": ""}
    return again


def _mistyped(text: str, rng: random.Random) -> str:
    """Two neighbours swapped."""
    if len(text) < 2:
        return text
    at = rng.randrange(len(text) - 1)
    return f"{text[:at]}{text[at + 1]}{text[at]}{text[at + 2 :]}"


def _peak() -> float:
    """The most memory that this process had so far, in MB."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (1024 * 1024 if sys.platform == "darwin" else 1024)
