"""What it takes to find a customer as one types, among as many as are asked for: names, slips, digits, a part of an e-mail."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

from sqlalchemy import text

from backend import db
from backend.benching import scaling
from backend.benching.copies import BenchFailed, Tell
from backend.benching.rows import Row, row
from backend.overview import service as overview
from backend.profiles import service as profiles
from backend.profiles.service import Profile

CUSTOMERS = 50_000
ASKED = 200
SHOWN = 7
"""So many are shown under the field in which one types."""


def search(n: int, tell: Tell) -> list[Row]:
    """A row for each way of typing, `n` customers being there; `none`: how many questions found nobody, `cut`: not in time.

    Raises BenchFailed where a search looks through the customers.
    """
    with db.reading() as session:
        few = profiles.count(session)
    rows = []
    if n > few:
        rows.append(scaling.load(db.url_of(), n, few, tell))
    _settled()
    people = scaling.spread(ASKED)
    rand = random.Random(scaling.SEED)
    for name, typed in _WAYS.items():
        rows.append(_asked(f"{name}_{max(n, few)}", [typed(one, rand) for one in people]))
        tell(f"{name} is measured.")
    if scans := _scans(people[0], rand):
        raise BenchFailed(f"These look through a whole table: {'; '.join(scans)}")
    return rows


def _asked(name: str, queries: list[str]) -> Row:
    seconds, none, cut = [], 0, 0
    for query in [*queries[:10], *queries]:
        began = time.perf_counter()
        with db.reading() as session:
            found = overview.find_everything(session, query, SHOWN)
        seconds.append(time.perf_counter() - began)
        none += not found.customers.items
        cut += found.customers.cut
    seconds = seconds[10:]
    return row(name, seconds, sum(seconds), none=none, cut=cut)


def _slip(one: Profile, rand: random.Random) -> str:
    """The name's last word that is one, with a letter swapped, left out or taken for another."""
    words = [part for part in one.name.split() if len(part) > 4 and part.isalpha()]
    if not words:
        return one.name  # too short for a slip to be told from another name
    letters = list(words[-1].lower())
    nth = rand.randrange(1, len(letters) - 1)
    how = rand.randrange(3)
    if how == 0:
        letters[nth : nth + 2] = reversed(letters[nth : nth + 2])
    elif how == 1:
        del letters[nth]
    else:
        letters[nth] = rand.choice("etaoinsr")
    return f"{one.name.split()[0][:3]} {''.join(letters)}"


def _name_begun(one: Profile, _rand: random.Random) -> str:
    return one.name[:4]


def _last_name(one: Profile, _rand: random.Random) -> str:
    words = [part for part in one.name.split() if part.isalpha()]
    return words[-1]


def _both_names(one: Profile, _rand: random.Random) -> str:
    return " ".join(reversed(one.name.split()))


def _digits(one: Profile, _rand: random.Random) -> str:
    digits = (one.phone or "")[-7:]
    return f"{digits[:3]}-{digits[3:]}"


def _e_mail(one: Profile, _rand: random.Random) -> str:
    return (one.email or one.number).partition("@")[0][:12]


_WAYS: dict[str, Callable[[Profile, random.Random], str]] = {
    "begun": _name_begun,
    "last_name": _last_name,
    "both_names": _both_names,
    "slip": _slip,
    "digits": _digits,
    "e_mail": _e_mail,
}


def _settled() -> None:
    """As a database stands that has been at work for a while: what was entered is counted and put in order."""
    if db.dialect() == "postgresql":
        with db.transaction() as session:
            session.execute(text("ANALYZE customer"))


def _scans(one: Profile, rand: random.Random) -> list[str]:
    def ask() -> None:
        for typed in _WAYS.values():
            with db.reading() as session:
                overview.find_everything(session, typed(one, rand), SHOWN)

    return scaling.scans_of(ask, index_only=True)
