"""Profiles as they are compared: names folded and split, days and numbers as digits. Reads rows of profiles by their door."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from hashlib import blake2b
from typing import Any
from uuid import UUID

from sqlmodel import Session

from backend.profiles import service as profiles
from backend.profiles.service import Identified

Columns = dict[str, str]
ATTRIBUTES = ("street", "house", "city", "postcode", "national")


def read(session: Session, customer_ids: Sequence[UUID], names: Mapping[str, tuple[str, ...]]) -> dict[UUID, Columns]:
    """The customers of these ids as they are compared; `names`: which attributes hold what, as the weights say."""
    return {one.customer_id: columns(one, names) for one in profiles.identified(session, customer_ids)}


def everyone(
    session: Session, names: Mapping[str, tuple[str, ...]], page: int = 5_000
) -> Iterator[tuple[Identified, Columns]]:
    """All customers in the order of their ids, read a page at a time."""
    after = None
    while found := profiles.identified_after(session, after, page):
        for one in found:
            yield one, columns(one, names)
        after = found[-1].customer_id


def columns(one: Identified, names: Mapping[str, tuple[str, ...]]) -> Columns:
    """What a person is compared by, "" where it is not known."""
    words = profiles.fold(one.name).replace("-", " ").split()
    # What stands between the first and the last is left out: middle names come and go.
    out = {"given": words[0] if words else "", "family": words[-1] if len(words) > 1 else ""}
    born = one.birth_date or _day(one.attributes.get("birth_date"))
    out["birth"] = f"{born:%Y%m%d}" if born else ""
    out["phone"] = "".join(c for c in one.phone or "" if c.isdigit())
    out["email"] = profiles.normalise("email", one.email) or "" if one.email else ""
    for key in ATTRIBUTES:
        known = (one.attributes.get(name) for name in names.get(key, ()))
        out[key] = profiles.fold(str(next((value for value in known if value not in (None, "")), "")))
    return out


def digest(of: Mapping[str, str]) -> str:
    """Names what somebody is compared by: unchanged, nothing needs to be looked for."""
    return blake2b("\x1f".join(of[key] for key in sorted(of)).encode(), digest_size=12).hexdigest()


def _day(value: Any) -> date | None:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
