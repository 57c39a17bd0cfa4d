"""Attributes with their sources: who told what and when, and which value stands. What an act of ours changes is the base."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session

from backend import db
from backend.matrix.service import Pack
from backend.profiles import queries
from backend.profiles.rewriting import held, rewrite
from backend.profiles.survivorship import BASE, Claim, Rule, Why, claims_from, surviving, told

Claims = dict[str, dict[str, list[Any]]]
"""Attribute → source → (value, instant, whether verified), as `survivorship.Claim.to_json` writes it."""


LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
SIGN = "@"
"""Before what one knows a person by, among the claims: no attribute can be called so."""


@dataclass(frozen=True, slots=True)
class Sourced:
    """Where an attribute's value comes from, since when, and what made it stand; the others that were told, newest first."""

    source: str
    at: datetime
    why: Why
    others: tuple[Claim, ...]
    verified: bool = False


def claims_of(session: Session, customer_id: UUID) -> Claims:
    """All that sources told of the customer; empty where none has spoken."""
    found: Claims | None = session.execute(queries.CLAIMS, {"customer_id": customer_id}).scalar()
    return found or {}


def keep_claims(session: Session, customer_id: UUID, claims: Claims) -> None:
    """Writes all that sources told; the caller holds the customer."""
    db.upsert(
        session, queries.TOLD, [{"customer_id": customer_id, "claims": claims}], key=("customer_id",), update=("claims",)
    )  # fmt: skip


def settle(
    attributes: Mapping[str, Any], claims: Claims, told_now: Iterable[tuple[str, Claim]], pack: Pack
) -> tuple[dict[str, Any], Claims]:  # fmt: skip
    """The attributes and the claims after these were told. Pure: the order in which they came does not matter.

    What is no attribute (a name, an e-mail address) goes by the newest word. What the profile holds of an attribute that nobody has told of yet is the base, older than any word.
    """
    values, kept = dict(attributes), {key: dict(given) for key, given in claims.items()}
    for key, claim in told_now:
        known = claims_from(kept.get(key, {}))
        if not known and values.get(key) is not None:
            known[BASE] = Claim(BASE, values[key], LONG_AGO)
        known = told(known, claim)
        kept[key] = {source: one.to_json() for source, one in known.items()}
        rule: Rule = pack.attributes[key].survivorship if key in pack.attributes else "newest"
        values[key] = surviving(known, rule, pack.tracking.trust)[0].value
    return values, kept


def claims_of_both(ours: Claims, theirs: Claims, chosen: Mapping[str, Any], now: datetime) -> Claims:
    """What sources told of two customers who are one: of each source its later word, and the values chosen as the base. Pure."""
    claims: Claims = {}
    for key in {*ours, *theirs}:
        words = claims_from(ours.get(key, {}))
        for claim in claims_from(theirs.get(key, {})).values():
            words = told(words, claim)
        words[BASE] = Claim(BASE, chosen.get(key), now)
        claims[key] = {source: one.to_json() for source, one in words.items()}
    return claims


def learn_from(
    session: Session,
    customer_id: UUID,
    source: str,
    attributes: Mapping[str, Any],
    pack: Pack,
    now: datetime,
    *,
    values: Mapping[str, Any] | None = None,
    dates: Mapping[str, date] | None = None,
    at: datetime | None = None,
    verified: bool = False,
) -> int:
    """Writes down what a source tells of the customer, and gives the profile's version; which value stands, its trust decides.

    `at` is the instant of which it tells, now where none is said; `verified` says that this was checked with the customer, where
    the source does not check all that it tells. `values` and `dates` replace. Raises NotFound.
    """
    before = held(session, customer_id)
    checked = verified or any(one.key == source and one.verified for one in pack.tracking.source)
    told_now = [(key, Claim(source, value, at or now, checked)) for key, value in attributes.items()]
    known, claims = settle(before.attributes, claims_of(session, customer_id), told_now, pack)
    facts = dict(before.facts)
    if values:
        facts["values"] = {**facts.get("values", {}), **values}
    if dates:
        facts["dates"] = {**facts.get("dates", {}), **{key: day.isoformat() for key, day in dates.items()}}
    after = rewrite(session, before, replace(before, attributes=known, facts=facts), now)
    if told_now:
        keep_claims(session, customer_id, claims)
    return after.version


def tell_contact(session: Session, customer_id: UUID, kind: str, value: str, source: str, now: datetime) -> None:
    """Their e-mail address or telephone number is this one, checked with the customer themself: the newest word of it."""
    before = held(session, customer_id)
    claims = claims_of(session, customer_id)
    claims[SIGN + kind] = {**claims.get(SIGN + kind, {}), source: Claim(source, value, now, True).to_json()}
    keep_claims(session, customer_id, claims)
    email, phone = (value if kind == one else getattr(before, one) for one in ("email", "phone"))
    rewrite(session, before, replace(before, email=email, phone=phone), now)


def acted(
    session: Session, customer_id: UUID, before: Mapping[str, Any], after: Mapping[str, Any], now: datetime
) -> None:
    """An act of ours changed attributes: what it made of them is what they are, until a source tells of a later time."""
    changed = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
    if not changed:
        return
    claims = claims_of(session, customer_id)
    for key in changed:
        claims[key] = {**claims.get(key, {}), BASE: Claim(BASE, after.get(key), now).to_json()}
    keep_claims(session, customer_id, claims)


def sources(session: Session, customer_id: UUID, pack: Pack) -> dict[str, Sourced]:
    """Where the value of each attribute comes from that any source told of, or an act of ours changed."""
    told_of = claims_of(session, customer_id)
    return {
        key: _sourced(plain, pack.attributes[key].survivorship, pack)
        for key, plain in told_of.items()
        if plain and key in pack.attributes
    }


def contact_sources(session: Session, customer_id: UUID, pack: Pack) -> dict[str, Sourced]:
    """The same of name, phone, email and birth_date, which go by the newest word."""
    told_of = claims_of(session, customer_id)
    return {
        key.removeprefix(SIGN): _sourced(plain, "newest", pack)
        for key, plain in told_of.items()
        if plain and key.startswith(SIGN)
    }


def _sourced(plain: Mapping[str, list[Any]], rule: Rule, pack: Pack) -> Sourced:
    known = claims_from(plain)
    best, why = surviving(known, rule, pack.tracking.trust)
    others = sorted((c for c in known.values() if c is not best), key=lambda c: c.at, reverse=True)
    return Sourced(best.source, best.at, why, tuple(others), best.verified)
