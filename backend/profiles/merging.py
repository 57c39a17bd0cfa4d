"""Two profiles become one, and two again. The merged one's id is an alias for ever; what it held moves to the survivor."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, select, update
from sqlmodel import Session

from backend import db, moving
from backend.matrix.service import Pack
from backend.moving import Kept, Moved, Row, Since
from backend.profiles import identity, joining, queries, sourcing
from backend.profiles.consenting import ENTRY
from backend.profiles.crediting import LAST_BILL
from backend.record import service as record
from shared.kernel import ids
from shared.kernel.actors import SYSTEM
from shared.kernel.errors import NotFound
from shared.kernel.money import Money

_PLAIN = (
    queries.CLAIM,
    queries.IDENTIFIER,
    queries.REPRESENTATIVE,
    queries.MEMBERSHIP,
    queries.CREDIT,
    queries.BILL,
    ENTRY,
)
_NEWEST = queries.BILL_HEADS.limit(1)
_AS_MERGED = "consent as merged"
_STRICT = {"denied": 2, "withdrawn": 2, "granted": 1}


def hold_both(session: Session, first: UUID, second: UUID) -> dict[UUID, Row]:
    """The two customers' rows, held until the transaction ends; in the order of their ids, so that no two merges wait for each other.

    Who is not there (any more) is left out.
    """
    rows = {}
    for customer_id in sorted((first, second)):
        statement = select(queries.CUSTOMER).where(queries.CUSTOMER.c.customer_id == customer_id).with_for_update()
        row = session.execute(statement).one_or_none()
        if row is not None:
            rows[customer_id] = dict(row._mapping)
    return rows


def known_as(session: Session, customer_id: UUID) -> tuple[UUID, ...]:
    """The ids under which the customer was known before merges, in a steady order."""
    theirs = select(queries.ALIAS.c.alias_id).where(queries.ALIAS.c.customer_id == customer_id)
    return tuple(session.execute(theirs.order_by(queries.ALIAS.c.alias_id)).scalars())


def taken_attributes(
    rows: Mapping[UUID, Row], from_id: UUID, to_id: UUID, from_theirs: Collection[str]
) -> frozenset[str]:
    """The attributes whose value becomes the merged one's; `rows` as `hold_both` gave them."""
    return joining.taken_attributes(rows[to_id], rows[from_id], from_theirs)


def move_customer(
    session: Session, from_id: UUID, to_id: UUID, *, from_theirs: Collection[str], pack: Pack, now: datetime
) -> list[Moved]:
    """The one profile goes into the other, field by field as chosen, and its id becomes an alias. Both are held by the caller.

    Consents merge to the strictest: a no of either stands; a yes counts where the other was never asked. Raises NotFound.
    """
    rows = hold_both(session, from_id, to_id)
    if len(rows) < 2:
        raise NotFound("There is no such customer.")
    ours, theirs = rows[to_id], rows[from_id]
    moved = [moving.move(session, table, from_id, to_id) for table in (*_PLAIN, queries.ALIAS)]
    moved.append(moving.choose(session, queries.CONSENT, from_id, to_id, _stricter))
    moved.append(Moved(_AS_MERGED, held=list(_consents(session, to_id).values())))
    moved.append(moving.choose(session, queries.MOMENT, from_id, to_id, lambda a, b: _nearer(a, b, now)))
    values = joining.joined(ours, theirs, from_theirs, pack)
    moved.append(_told_of_both(session, from_id, to_id, values["attributes"], now))
    values["facts"] = _with_latest_bill(session, to_id, values["facts"])
    values["version"] = max(ours["version"], theirs["version"]) + 1
    _write(session, to_id, values, now)
    session.execute(delete(queries.CUSTOMER).where(queries.CUSTOMER.c.customer_id == from_id))
    session.execute(insert(queries.ALIAS).values(alias_id=from_id, customer_id=to_id))
    made = moving.one(session, queries.CUSTOMER, to_id, ())
    moved.append(
        Moved(
            "customer",
            held=[moving.plain(theirs)],
            before=[moving.plain(ours)],
            made=[moving.plain(made._mapping)],
        )
    )
    for customer_id in (from_id, to_id):
        record.changed(session, "profile", customer_id=customer_id, now=now)
    record.changed(session, "moment", customer_id=to_id, now=now)
    return moved


def move_customer_back(
    session: Session, from_id: UUID, to_id: UUID, kept: Kept, since: Since, now: datetime
) -> list[str]:
    """Both profiles as they were; what was learned since stays with the survivor. A no said since counts for both.

    Gives the survivor's values that fell below zero, until the rooms that count them have put them right. Raises NotFound where
    the survivor is not there any more.
    """
    current = hold_both(session, to_id, to_id).get(to_id)
    if current is None:
        raise NotFound("There is no such customer.")
    table = queries.CUSTOMER
    customer = kept["customer"]
    theirs, ours, made = (moving.typed(table, rows[0]) for rows in (customer.held, customer.before, customer.made))
    first, second = joining.parted(current, ours, theirs, made)
    version = current["version"] + 1
    session.execute(delete(queries.ALIAS).where(queries.ALIAS.c.alias_id == from_id))
    again = theirs | second
    again |= {"version": version, "updated_at": now, "search_text": _search_text(again)}
    session.execute(insert(table).values(**again))
    _write(session, to_id, first | {"version": version}, now)
    for one in (*_PLAIN, queries.ALIAS, queries.MOMENT, queries.TOLD):
        moving.move_back(session, one, from_id, to_id, kept, since)
    _consents_back(session, from_id, to_id, kept, since)
    for customer_id in (from_id, to_id):
        if sourcing.claims_of(session, customer_id) == {}:
            session.execute(delete(queries.TOLD).where(queries.TOLD.c.customer_id == customer_id))
    for customer_id in (from_id, to_id):
        record.changed(session, "profile", customer_id=customer_id, now=now)
    before, after = ours["facts"].get("values", {}), first["facts"].get("values", {})
    return [
        key for key, value in after.items() if isinstance(value, (int, float)) and value < 0 <= (before.get(key) or 0)
    ]


def _write(session: Session, customer_id: UUID, values: Mapping[str, Any], now: datetime) -> None:
    written = dict(values) | {"updated_at": now, "search_text": _search_text(values)}
    session.execute(update(queries.CUSTOMER).where(queries.CUSTOMER.c.customer_id == customer_id).values(**written))


def _search_text(row: Mapping[str, Any]) -> str:
    return identity.search_text(row["name"], row["number"], row["email"], row["phone"])


def _told_of_both(session: Session, from_id: UUID, to_id: UUID, chosen: Mapping[str, Any], now: datetime) -> Moved:
    """What sources told of the two, as told of one: what the person chose stands until a source tells of a later time."""
    theirs, ours = (moving.one(session, queries.TOLD, customer_id, ()) for customer_id in (from_id, to_id))
    moved = Moved(queries.TOLD.name, held=[] if theirs is None else [moving.plain(theirs._mapping)])
    if theirs is None and ours is None:
        return moved
    session.execute(delete(queries.TOLD).where(queries.TOLD.c.customer_id == from_id))
    before = {} if ours is None else ours.claims
    claims = sourcing.claims_of_both(before, {} if theirs is None else theirs.claims, chosen, now)
    sourcing.keep_claims(session, to_id, claims)
    moved.before.append({"customer_id": str(to_id), "claims": before})
    moved.made.append({"customer_id": str(to_id), "claims": claims})
    return moved


def _stricter(theirs: Any, ours: Any) -> Row | None:
    """What changes in our consent where theirs is stricter."""
    if _STRICT.get(theirs.state, 0) <= _STRICT.get(ours.state, 0):
        return None
    return {name: getattr(theirs, name) for name in ("state", "source", "wording", "wording_version", "at")}


def _nearer(theirs: Any, ours: Any, now: datetime) -> Row | None:
    """What changes in our moment where theirs tells better why the customer is here: live before faded, stated before inferred, then newer."""

    def rank(moment: Any) -> tuple[Any, ...]:
        return (moment.fades_at > now, moment.source == "stated", moment.set_at)

    if rank(theirs) <= rank(ours):
        return None
    names = ("stage", "intent", "source", "channel", "set_by", "evidence", "strength", "set_at", "fades_at")
    return {name: getattr(theirs, name) for name in names} | {"version": max(theirs.version, ours.version) + 1}


def _with_latest_bill(session: Session, customer_id: UUID, facts: Row) -> Row:
    """What the profile says of the latest bill is said of the latest of both."""
    newest = session.execute(_NEWEST, {"customer_id": customer_id, "most": 1}).first()
    if newest is None or LAST_BILL not in facts.get("values", {}):
        return facts
    amount = Money(newest.amount_minor, newest.currency).major
    return facts | {"values": {**facts["values"], LAST_BILL: amount}}


def _consents(session: Session, customer_id: UUID) -> dict[tuple[str, str], Row]:
    rows = session.execute(queries.CONSENTS, {"customer_id": customer_id})
    return {(row.purpose, row.channel): moving.plain(row._mapping) for row in rows}


def _consents_back(session: Session, from_id: UUID, to_id: UUID, kept: Kept, since: Since) -> None:
    """As they were, but for a no that was said since: nobody can tell for whom alone, so it counts for both."""
    merged = {(row["purpose"], row["channel"]): row for row in kept[_AS_MERGED].held}
    current = _consents(session, to_id)
    moving.move_back(session, queries.CONSENT, from_id, to_id, kept, since)
    for key, row in current.items():
        if row["state"] != "granted" and row != merged.get(key):
            both = [moving.typed(queries.CONSENT, row) | {"customer_id": one} for one in (from_id, to_id)]
            keys = ("customer_id", "purpose", "channel")
            said = ("state", "source", "wording", "wording_version", "at")
            db.upsert(session, queries.CONSENT, both, key=keys, update=said)
            # What the survivor's ledger tells of it, the other's tells too.
            entry = {name: both[0][name] for name in ("purpose", "channel", "state", "source", "wording_version", "at")}
            entry |= {"customer_id": from_id, "entry_id": ids.uuid7(entry["at"])}
            session.execute(insert(ENTRY), entry | {"by_kind": SYSTEM.kind, "by_name": SYSTEM.name})
