"""The selects of this room, named. Core statements, built once: they are compiled once and run on every request."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import Select, bindparam, case, column, select, table
from sqlalchemy.types import Uuid

from backend import db
from backend.profiles.identity import like
from backend.profiles.likeness import held
from backend.profiles.tables import (
    BillRow,
    ConsentRow,
    CreditRow,
    CustomerAliasRow,
    CustomerRow,
    ErasedRow,
    GroupRow,
    IdentifierClaimRow,
    IdentifierRow,
    MembershipRow,
    MomentRow,
    RepresentativeRow,
    RfmCutRow,
    ToldRow,
)
from backend.profiles.together import together

CUSTOMER, MOMENT, CONSENT, BILL = (
    db.table_of(CustomerRow),
    db.table_of(MomentRow),
    db.table_of(ConsentRow),
    db.table_of(BillRow),
)
CREDIT, REPRESENTATIVE, TOLD = db.table_of(CreditRow), db.table_of(RepresentativeRow), db.table_of(ToldRow)
GROUP, MEMBERSHIP, RFM_CUT = db.table_of(GroupRow), db.table_of(MembershipRow), db.table_of(RfmCutRow)
CLAIM, IDENTIFIER, ALIAS = db.table_of(IdentifierClaimRow), db.table_of(IdentifierRow), db.table_of(CustomerAliasRow)
SEARCH = table("customer_search", column("nth"), column("customer_id", Uuid()))
TRIGRAM = table("customer_trigram", column("rowid"), column("customer_trigram"))
"""SQLite's search index: which row has which three letters, and whose row it is. Triggers keep it."""

_ID: Any = bindparam("customer_id")

_MOMENT_COLUMNS = (
    MOMENT.c.version.label("moment_version"),
    *(
        MOMENT.c[name]
        for name in ("stage", "intent", "source", "channel", "set_by", "evidence", "strength", "set_at", "fades_at")
    ),
)
CONSENT_COLUMNS = ("purpose", "channel", "state", "source", "wording", "at", "wording_version")
_WITH_MOMENT = CUSTOMER.outerjoin(MOMENT, MOMENT.c.customer_id == CUSTOMER.c.customer_id)
PROFILE = select(CUSTOMER, *_MOMENT_COLUMNS).select_from(_WITH_MOMENT).where(CUSTOMER.c.customer_id == _ID)
_SAID = select(*(CONSENT.c[name] for name in CONSENT_COLUMNS)).where(CONSENT.c.customer_id == CUSTOMER.c.customer_id)
WHOLE = PROFILE.add_columns(together(_SAID).label("consents"))
"""The same with the customer's consents, as `together` gives them."""
HELD = PROFILE.with_for_update(of=CUSTOMER, key_share=True)
"""The same, and holds the customer's row till the transaction ends, as `LOCKED` does."""
CLAIMS = select(TOLD.c.claims).where(TOLD.c.customer_id == _ID)
STAMP = select(CUSTOMER.c.version, *_MOMENT_COLUMNS).select_from(_WITH_MOMENT).where(CUSTOMER.c.customer_id == _ID)
CONSENT_STATE = select(CONSENT.c.state).where(
    CONSENT.c.customer_id == _ID, CONSENT.c.purpose == bindparam("purpose"), CONSENT.c.channel == bindparam("channel")
)
CONSENTS = select(CONSENT).where(CONSENT.c.customer_id == _ID).order_by(CONSENT.c.purpose, CONSENT.c.channel)
CANONICAL = select(ALIAS.c.customer_id).where(ALIAS.c.alias_id == _ID)
EXISTS = select(CUSTOMER.c.customer_id).where(CUSTOMER.c.customer_id == _ID)
WHOSE = select(CUSTOMER.c.customer_id, CUSTOMER.c.restricted).where(CUSTOMER.c.customer_id == _ID)
"""The same, with the group that only some teams may open."""
ERASED_CUSTOMER = db.table_of(ErasedRow)
ERASED = select(ERASED_CUSTOMER.c.customer_id).where(ERASED_CUSTOMER.c.customer_id == _ID)
CLAIMED = select(CLAIM.c.customer_id).where(CLAIM.c.kind == bindparam("kind"), CLAIM.c.value == bindparam("value"))
BILLS = select(BILL).where(BILL.c.customer_id == _ID).order_by(BILL.c.bill_id.desc()).limit(bindparam("most"))
BILL_HEADS = BILLS.with_only_columns(*(column for column in BILL.c if column.name not in ("lines", "usage")))
WAITING = select(CREDIT).where(CREDIT.c.customer_id == _ID, CREDIT.c.bill_id.is_(None)).order_by(CREDIT.c.booked_at)
UNPAID = BILL_HEADS.where(BILL.c.status != "paid")
LOCKED = (
    select(CUSTOMER.c.version, CUSTOMER.c.attributes, CUSTOMER.c.facts, CUSTOMER.c.timezone)
    .where(CUSTOMER.c.customer_id == _ID)
    .with_for_update(key_share=True)
)
"""Holds the customer's row till the transaction ends, where the engine has row locks; SQLite has one writer anyway.

Against others who would change it; who only makes sure that the customer is there, and stays (`HERE`), does not wait.
"""
HERE = EXISTS.with_for_update(read=True, key_share=True)
"""Makes sure that the customer is there, and is till the transaction ends: only their erasure waits for it."""
NAMED = select(CUSTOMER.c.customer_id, CUSTOMER.c.number, CUSTOMER.c.name, CUSTOMER.c.restricted)
_LISTED = NAMED.where(CUSTOMER.c.is_anonymous.is_(False))
"""Who is found without naming an identifier: nobody of whom the device alone is known."""


def by_number(after: UUID | None, limit: int) -> Select[Any]:
    """Customers in the order of their numbers, after the customer `after`."""
    found = _LISTED.order_by(CUSTOMER.c.number, CUSTOMER.c.customer_id).limit(limit)
    if after is None:
        return found
    last = CUSTOMER.alias("last")
    return found.where(CUSTOMER.c.number > select(last.c.number).where(last.c.customer_id == after).scalar_subquery())


def by_text(parts: tuple[str, ...], prefix: str, limit: int) -> Select[Any]:
    """Customers whose search text holds all parts: names that begin with the prefix first, then by name."""
    found = _holding(_LISTED, parts)
    return found.order_by(_rank(prefix), CUSTOMER.c.search_text, CUSTOMER.c.customer_id).limit(limit)


def by_text_after(parts: tuple[str, ...], prefix: str, last: UUID, limit: int) -> Select[Any]:
    """What follows the customer `last` in the same order; its place is looked up, so that a cursor holds no name."""
    here = select(_rank(prefix).label("rank"), CUSTOMER.c.search_text.label("text"))
    place = here.where(CUSTOMER.c.customer_id == last).subquery("place")
    rank, text = _rank(prefix), CUSTOMER.c.search_text
    beyond = (rank > place.c.rank) | (
        (rank == place.c.rank) & ((text > place.c.text) | ((text == place.c.text) & (CUSTOMER.c.customer_id > last)))
    )
    found = _holding(_LISTED, parts).where(beyond)
    return found.order_by(rank, text, CUSTOMER.c.customer_id).limit(limit)


def _holding(found: Select[Any], parts: tuple[str, ...]) -> Select[Any]:
    matching = held(part for part in parts if len(part) > 2) if db.dialect() == "sqlite" else None
    if matching is not None:
        rows = select(TRIGRAM.c.rowid).where(TRIGRAM.c.customer_trigram.op("MATCH")(matching))
        found = found.where(CUSTOMER.c.customer_id.in_(select(SEARCH.c.customer_id).where(SEARCH.c.nth.in_(rows))))
    return found.where(*(CUSTOMER.c.search_text.like(like(part), escape="\\") for part in parts))


def _rank(prefix: str) -> Any:
    return case((CUSTOMER.c.search_text.like(like(prefix)[1:], escape="\\"), 0), else_=1)
