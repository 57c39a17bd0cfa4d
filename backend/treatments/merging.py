"""The ledgers of two customers become one: offers keep their ids and terms, caps and cool-offs count over both."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlmodel import Session

from backend import db, moving
from backend.interactions import service as interactions
from backend.moving import Kept, Moved, Since
from backend.treatments.expiry import LIVE
from backend.treatments.locking import ledger_held, lock_ledger, move_ledger
from backend.treatments.tables import DecisionRow, FulfilmentRow, LedgerRow, OfferRow, ParityViewRow, SnapshotRow
from shared.kernel.actors import SYSTEM

_OFFER, _LEDGER = db.table_of(OfferRow), db.table_of(LedgerRow)
_FULFILMENT, _DECISION, _SNAPSHOT = db.table_of(FulfilmentRow), db.table_of(DecisionRow), db.table_of(SnapshotRow)
_PLAIN = (_DECISION, _SNAPSHOT, db.table_of(ParityViewRow))
_FURTHER = {"deferred": 2, "presented": 1, "open": 0}


def hold_ledgers(session: Session, *customer_ids: UUID) -> None:
    """Holds the customers' ledgers until the transaction ends, in the order of their ids."""
    for customer_id in sorted(customer_ids):
        lock_ledger(session, customer_id)


def offers_told(session: Session, customer_id: UUID) -> int:
    """How many offers the customer was ever told of."""
    told = (_OFFER.c.customer_id == customer_id, _OFFER.c.presented_at.is_not(None))
    return int(session.execute(select(func.count()).select_from(_OFFER).where(*told)).scalar_one())


def doubled_offers(session: Session, first: UUID, second: UUID) -> list[UUID]:
    """Of two live offers of one treatment and subject, the ones that give way in a merge into `second`: who heard of it keeps it."""
    live = (_OFFER.c.customer_id.in_((first, second)), _OFFER.c.state.in_(LIVE))
    by_subject: dict[tuple[str, str], list[Any]] = {}
    for row in session.execute(select(_OFFER).where(*live).order_by(_OFFER.c.offer_id)):
        by_subject.setdefault((row.treatment, row.subject), []).append(row)
    pairs = [pair for pair in by_subject.values() if len(pair) == 2]
    return [min(pair, key=lambda row: (_FURTHER[row.state], row.customer_id == second)).offer_id for pair in pairs]


def move_customer(
    session: Session, from_id: UUID, to_id: UUID, *, doubled: Collection[UUID], taken: Collection[str], now: datetime
) -> list[Moved]:
    """Offers, decisions and what was fulfilled follow to the survivor; both ledgers are held by the caller.

    `doubled` are withdrawn, with the reason; those of which nobody was ever told leave without a trace. `taken` are the
    attributes whose value is the merged one's now: what changed the other's cannot be taken back by itself any more.
    """
    offers, fulfilments = Moved(_OFFER.name), Moved(_FULFILMENT.name)
    _settle(session, from_id, offers, fulfilments, lambda attribute: attribute in taken)
    _settle(session, to_id, offers, fulfilments, lambda attribute: attribute not in taken)
    withdrawn = []
    for offer_id in doubled:
        mine = (_OFFER.c.offer_id == offer_id, _OFFER.c.customer_id.in_((from_id, to_id)))
        row = session.execute(select(_OFFER).where(*mine)).one()
        if row.state == "open":
            offers.held.append(moving.plain(row._mapping))
            session.execute(delete(_OFFER).where(*mine))
            continue
        offers.before.append(moving.plain(row._mapping))
        session.execute(update(_OFFER).where(*mine).values(state="withdrawn", version=row.version + 1))
        after = moving.one(session, _OFFER, row.customer_id, [offer_id])
        offers.made.append(moving.plain(after._mapping))
        withdrawn.append(row)
    for one, table in ((offers, _OFFER), (fulfilments, _FULFILMENT)):
        one.keys = moving.move(session, table, from_id, to_id).keys
    kept = [offers, fulfilments, _ledger(session, from_id, to_id)]
    kept += [moving.move(session, table, from_id, to_id) for table in _PLAIN]
    for row in withdrawn:
        data = {"offer_id": str(row.offer_id), "treatment": row.treatment, "reference": row.reference, "merged": True}
        interactions.record(session, to_id, "offer.withdrawn", None, SYSTEM, data, now)
    return kept


def keys_of(session: Session, customer_id: UUID, offers: Collection[str]) -> dict[str, list[list[str]]]:
    """The keys of the customer's rows about these offers, by table."""
    wanted = [UUID(one) for one in sorted(offers)]
    found = {}
    for table in (_OFFER, _FULFILMENT):
        mine = (table.c.customer_id == customer_id, table.c.offer_id.in_(wanted))
        found[table.name] = [[str(one)] for one in session.execute(select(table.c.offer_id).where(*mine)).scalars()]
    return found


def move_customer_back(
    session: Session, from_id: UUID, to_id: UUID, kept: Kept, since: Since, unavailable: Collection[UUID]
) -> None:
    """Each offer goes back to whose it was, as it is now. One withdrawn by the merge is live again, where its budget still allows.

    `unavailable`: offers for which nothing is left of a budget; they stay withdrawn.
    """
    offers = kept[_OFFER.name]
    _make_room(session, from_id, to_id, offers, since)
    lasting = [
        (before, made)
        for before, made in zip(offers.before, offers.made, strict=True)
        if UUID(before["offer_id"]) not in unavailable
    ]
    again = Moved(_OFFER.name, offers.keys, offers.held, [b for b, _ in lasting], [m for _, m in lasting])
    moving.move_back(session, _OFFER, from_id, to_id, {_OFFER.name: again}, since)
    for table in (_FULFILMENT, *_PLAIN):
        moving.move_back(session, table, from_id, to_id, kept, since)
    version = lock_ledger(session, to_id)
    move_ledger(session, to_id)
    db.upsert(session, _LEDGER, [{"customer_id": from_id, "version": version + 1}], key=("customer_id",), update=("version",))  # fmt: skip


def _settle(session: Session, owner: UUID, offers: Moved, fulfilments: Moved, stays: Callable[[str], bool]) -> None:
    """What an acceptance changed of an attribute whose value is the other one's now is not there to be taken back."""
    done = select(_FULFILMENT).where(_FULFILMENT.c.customer_id == owner, _FULFILMENT.c.undone_at.is_(None))
    for row in session.execute(done).all():
        left = [change for change in row.changes if stays(change["attribute"])]
        if left == row.changes:
            continue
        key = [row.offer_id]
        for table, kept, values in (
            (_FULFILMENT, fulfilments, {"changes": left}),
            (_OFFER, offers, {"undo_until": None}),
        ):
            before = moving.one(session, table, owner, key)
            kept.before.append(moving.plain(before._mapping))
            mine = (table.c.customer_id == owner, table.c.offer_id == row.offer_id)
            session.execute(update(table).where(*mine).values(**values))
            kept.made.append(moving.plain(moving.one(session, table, owner, key)._mapping))


def _ledger(session: Session, from_id: UUID, to_id: UUID) -> Moved:
    versions = {one: ledger_held(session, one) for one in sorted((from_id, to_id))}
    session.execute(delete(_LEDGER).where(_LEDGER.c.customer_id == from_id))
    session.execute(update(_LEDGER).where(_LEDGER.c.customer_id == to_id).values(version=max(versions.values()) + 1))
    return Moved(_LEDGER.name)


def _make_room(session: Session, from_id: UUID, to_id: UUID, offers: Moved, since: Since) -> None:
    """An open offer, of which nobody was told, gives way to one that comes back for the same thing."""
    coming = [*offers.held, *offers.before]
    for row in coming:
        same = (
            _OFFER.c.customer_id.in_((from_id, to_id)),
            _OFFER.c.treatment == row["treatment"],
            _OFFER.c.subject == row["subject"],
            _OFFER.c.state == "open",
        )
        found = session.execute(select(_OFFER.c.offer_id).where(*same)).scalars().all()
        moved = {key[0] for key in (*offers.keys, *since.get(_OFFER.name, ()))}
        for offer_id in found:
            goes_to = from_id if str(offer_id) in moved else to_id
            if str(goes_to) == row["customer_id"]:
                session.execute(delete(_OFFER).where(_OFFER.c.offer_id == offer_id))
