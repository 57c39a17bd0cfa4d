"""Finding customers: by an identifier that names one, or by what someone typed."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

from sqlmodel import Session

from backend.profiles import identity, queries
from backend.profiles.keeping_out import named_for
from backend.profiles.types import Match, Matched, Page
from shared.kernel.errors import Invalid

MOST = 100
_CONFIDENCE = {"number": 1.0, "external": 1.0, "email": 0.95, "phone": 0.9, "cookie": 0.6}
"""How sure an identifier names the person at hand: a household shares a telephone, a family a browser."""


def search(
    session: Session,
    *,
    identifier: str | None = None,
    query: str | None = None,
    limit: int = 25,
    cursor: str | None = None,
) -> Page[Match]:
    """Customers by identifier ("phone:+1555…"), by text, or, with neither, all by customer number.

    A text is looked for in names, numbers, e-mail addresses and telephone numbers, without regard to case and accents; one
    that is itself an identifier finds its owner first. Raises Invalid for an unknown kind, a limit or a cursor that is none.
    """
    if not 1 <= limit <= MOST:
        raise Invalid("A page holds 1 to 100 customers.", {"limit": "1 to 100"})
    if identifier:
        return Page(named(session, *_asked(identifier)))
    if query and (bare := query.replace("\0", " ").strip()):
        return _text(session, bare, limit, cursor)
    return _all(session, limit, cursor)


def owner(session: Session, kind: str, value: str) -> UUID | None:
    """The customer who holds this identifier, however it is written; None when nobody does."""
    spelled = identity.normalise(kind, value)
    if spelled is None:
        return None
    found: UUID | None = session.execute(queries.CLAIMED, {"kind": kind, "value": spelled}).scalar()
    return found


def callers(session: Session, number: str, most: int) -> tuple[Match, ...]:
    """Who may be calling from this number, surest first: who is known by it, then those of whom it is on file."""
    spelled = identity.normalise("phone", number)
    if spelled is None:
        return ()
    known = named(session, "phone", spelled)
    digits = "".join(character for character in spelled if character.isdigit())
    rows = session.execute(queries.by_text((f"|{digits}",), digits, most + 1)).all()
    others = tuple(
        _match(session, row, 0.5, "phone") for row in rows if row.customer_id not in {match.id for match in known}
    )
    return (*known, *others)[:most]


def find_by_sign_in(session: Session, text: str) -> UUID | None:
    """The customer who signs in with this customer number or e-mail address; None when nobody does."""
    text = text.strip()
    return owner(session, "email" if "@" in text else "number", text)


def _asked(identifier: str) -> tuple[str, str]:
    found = identity.split(identifier.strip())
    if found is None:
        kinds = ", ".join(f"{kind}:" for kind in identity.KINDS)
        raise Invalid(f"An identifier begins with its kind: {kinds}", {"identifier": f"begins with one of {kinds}"})
    return found


def named(session: Session, kind: str, value: str) -> tuple[Match, ...]:
    """Who holds this identifier, spelled as `identity.normalise` does; nobody, or one."""
    customer_id = owner(session, kind, value)
    if customer_id is None:
        return ()
    statement = queries.NAMED.where(queries.CUSTOMER.c.customer_id == customer_id)
    return tuple(
        _match(session, row, _CONFIDENCE[kind], kind)  # type: ignore[arg-type]
        for row in session.execute(statement)
    )


def _text(session: Session, query: str, limit: int, cursor: str | None) -> Page[Match]:
    exact: tuple[Match, ...] = ()
    for kind, value in identity.guessed(query):
        exact = exact or named(session, kind, value)
    if exact:
        return Page(exact)
    parts = identity.wanted_parts(query)
    if not parts:
        return Page(())
    prefix = identity.fold(query)
    if cursor is None:
        statement = queries.by_text(parts, prefix, limit + 1)
    else:
        statement = queries.by_text_after(parts, prefix, _uuid(cursor), limit + 1)
    rows = session.execute(statement).all()
    items = tuple(_match(session, r, *_likeness(r.name, r.number, prefix)) for r in rows[:limit])
    return Page(items, str(items[-1].id) if len(rows) > limit else None)


def _likeness(name: str, number: str, prefix: str) -> tuple[float, Literal["name", "number", "text"]]:
    folded = identity.fold(name)
    if folded == prefix:
        return 0.8, "name"
    if folded.startswith(prefix):
        return 0.6, "name"
    if all(part in folded for part in prefix.split()):
        return 0.5, "name"
    return (0.5, "number") if prefix in identity.fold(number) else (0.4, "text")


def _all(session: Session, limit: int, cursor: str | None) -> Page[Match]:
    rows = session.execute(queries.by_number(_uuid(cursor) if cursor else None, limit + 1)).all()
    items = tuple(_match(session, r, 1.0, "listed") for r in rows[:limit])
    return Page(items, str(items[-1].id) if len(rows) > limit else None)


def _match(session: Session, row: Any, confidence: float, matched: Matched) -> Match:
    name, number = named_for(session, row.name, row.number, row.restricted)
    return Match(row.customer_id, number, name, confidence, matched)


def _uuid(cursor: str) -> UUID:
    """A cursor is the id of the last customer seen: it may stand in an address, where a name may not."""
    try:
        return UUID(cursor)
    except ValueError:
        raise Invalid("That is not a cursor of this list.", {"cursor": "take it from next_cursor"}) from None
