"""The audit trail for those who answer for it: found, read before and after, and proved to be whole."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session

from backend import db
from backend.catalogue import service as catalogues
from backend.interactions import service as interactions
from backend.people import service as people
from backend.profiles import service as profiles
from backend.profiles.service import Page
from backend.record import service as record
from backend.record.service import Checked, Entry, Wanted
from shared.kernel.actors import Actor
from shared.kernel.errors import Forbidden, NotFound, Restricted
from shared.kernel.sheets import cell

MOST_IN_FILE = 50_000
VERIFIED = "audit.verified"
EXPORTED = "audit.exported"
COLUMNS = (
    "at", "actor_kind", "actor", "actor_id", "action", "subject", "customer_id", "payload", "position", "sealed_at", "seal",
)  # fmt: skip
_KINDS = {"system": "Evenhand", "key": "A program", "customer": "The customer"}


@dataclass(frozen=True, slots=True)
class Line:
    """An entry with the names that it goes by: of who did it, and of whom it is about: a customer who is still here, or a colleague."""

    entry: Entry
    who: str
    whom: str = ""
    number: str = ""


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that an act changed, before and after, in words; `same` where it did not."""

    name: str
    before: str
    after: str

    @property
    def same(self) -> bool:
        return self.before == self.after


@dataclass(frozen=True, slots=True)
class Opened:
    """One entry whole. `differences` are before and after; `rest` what else it says; `last` the same act on the same thing before it."""

    line: Line
    differences: tuple[Difference, ...]
    rest: tuple[tuple[str, str], ...]
    last: Entry | None = None
    erased: bool = False


@dataclass(frozen=True, slots=True)
class Chain:
    """How far the trail is sealed, how many entries wait for it, and the last time that somebody proved it."""

    position: int
    waiting: int
    verified: Line | None = None
    verdict: Mapping[str, Any] = field(default_factory=dict)


def trail(session: Session, wanted: Wanted, viewer: Actor, cursor: str | None = None) -> Page[Line]:
    """What is found, the last first. Raises Forbidden for who may not see it, Invalid for a cursor that is none."""
    _allowed(viewer)
    found, onward = record.entries(session, _under_all_ids(session, wanted), cursor)
    return Page(_lines(session, found), onward)


def opened(session: Session, entry_id: UUID, viewer: Actor) -> Opened:
    """One entry, as far as this viewer may read what it says of a customer. Raises Forbidden and NotFound."""
    _allowed(viewer)
    one = record.entry(session, entry_id)
    line = _lines(session, [one])[0]
    plain = _readable(session, one, viewer)
    before, after = plain.pop("before", None), plain.pop("after", None)
    differences = tuple(_differences(before, after)) if (before, after) != (None, None) else ()
    rest = tuple(_flat(plain))
    return Opened(line, differences, rest, record.before_it(session, one), erased=one.payload is None)


def chain(session: Session) -> Chain:
    """How it stands with the chain, by what the trail says itself."""
    position, waiting = record.sealed_until(session)
    found, _ = record.entries(session, Wanted(action=VERIFIED), None, 1)
    if not found:
        return Chain(position, waiting)
    return Chain(position, waiting, _lines(session, found)[0], found[0].payload or {})


def note_verified(actor: Actor, found: Checked, now: datetime) -> None:
    """That the chain was proved, or is broken, stands on the trail. Opens its own transaction."""
    payload = {
        "ok": found.first_bad is None,
        "entries": found.entries,
        "until": found.position,
        "first_bad": found.first_bad,
    }
    with db.transaction() as session:
        record.audit(session, actor=actor, action=VERIFIED, subject="audit", customer_id=None, payload=payload, now=now)


def as_csv(wanted: Wanted, viewer: Actor, now: datetime) -> str:
    """What is found as CSV, the last first, at most MOST_IN_FILE; that it was taken is on the trail. Opens its own transactions.

    What an entry says of a customer is left out: it is read one by one, masked as everywhere. Raises Forbidden.
    """
    _allowed(viewer)
    out = io.StringIO(newline="")
    with db.reading() as session:
        many = _write(csv.writer(out), session, wanted)
    with db.transaction() as session:
        record.audit(
            session,
            actor=viewer,
            action=EXPORTED,
            subject="audit",
            customer_id=None,
            payload={"entries": many},
            now=now,
        )
    return out.getvalue()


def _write(writer: Any, session: Session, wanted: Wanted) -> int:
    many, names = 0, _names(session)
    writer.writerow(COLUMNS)
    for one in record.all_entries(session, _under_all_ids(session, wanted), MOST_IN_FILE):
        payload = "" if one.payload is None or one.customer_id is not None else json.dumps(one.payload, sort_keys=True)
        row = (
            one.at.isoformat(), one.actor_kind, _who(one, names), one.actor_id, one.action, one.subject, one.customer_id or "",
            payload, one.position or "", one.sealed_at.isoformat() if one.sealed_at else "", one.seal or "",
        )  # fmt: skip
        writer.writerow([cell(value) for value in row])
        many += 1
    return many


def _allowed(viewer: Actor) -> None:
    if not viewer.may("see_audit"):
        raise Forbidden("The audit trail is for supervisors and administrators.")


def _under_all_ids(session: Session, wanted: Wanted) -> Wanted:
    """The same, with the ids under which the customers were known before merges."""
    ids = [alias for one in wanted.customers for alias in (one, *profiles.known_as(session, one))]
    customers = tuple(dict.fromkeys(ids))
    return replace(wanted, customers=customers)


def _lines(session: Session, found: Iterable[Entry]) -> tuple[Line, ...]:
    names, known = _names(session), {}
    lines = []
    for one in found:
        if one.customer_id is not None and one.customer_id not in known:
            known[one.customer_id] = _customer(session, one.customer_id)
        # An act upon a colleague, or upon oneself, names whom by the subject.
        staff = names.get(one.subject.removeprefix("staff:"), "")
        whom, number = known[one.customer_id] if one.customer_id is not None else (staff, "")
        lines.append(Line(one, _who(one, names), whom, number))
    return tuple(lines)


def _names(session: Session) -> dict[str, str]:
    return {str(one.staff_id): one.name for one in people.everyone(session)}


def _who(one: Entry, names: Mapping[str, str]) -> str:
    return names.get(one.actor_id) or (
        f"key {one.actor_id[-6:]}" if one.actor_kind == "key" else _KINDS.get(one.actor_kind, one.actor_id)
    )


def _customer(session: Session, customer_id: UUID) -> tuple[str, str]:
    try:
        with profiles.as_house():
            profile = profiles.profile(session, customer_id)
    except NotFound:
        return "erased", ""
    return profiles.named_for(session, profile.name, profile.number, profile.restricted)


def _readable(session: Session, one: Entry, viewer: Actor) -> dict[str, Any]:
    """What the entry says, with dots where it would tell what is hidden from this viewer."""
    payload = dict(one.payload or {})
    if one.customer_id is None or not payload:
        return payload
    try:
        profile = profiles.profile(session, one.customer_id)
    except NotFound:
        return payload
    except Restricted:
        return {"customer": "only some teams may read what it says of this one"}
    mask = interactions.mask_for(session, profile, catalogues.pack_in_force(session), viewer)
    hidden: dict[str, Any] = mask.plain(payload)
    return hidden


def _differences(before: Any, after: Any) -> Iterator[Difference]:
    was, now = dict(_flat(before)), dict(_flat(after))
    for name in (*was, *(name for name in now if name not in was)):
        yield Difference(name, was.get(name, "–"), now.get(name, "–"))


def _flat(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Plain data as pairs of a name and words: what is inside stands under the names on the way there."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _flat(inner, f"{name} · {key}" if name else str(key))
    elif isinstance(value, list) and any(isinstance(one, (Mapping, list)) for one in value):
        for nth, inner in enumerate(value, 1):
            yield from _flat(inner, f"{name} {nth}")
    elif name:
        yield name.replace("_", " "), _said(value)


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(str(one) for one in value) or "none"
    return "none" if value in (None, "") else str(value)
