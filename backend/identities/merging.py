"""Merging two customers into one, in one act: everything follows to the survivor, and all that happened is kept for the way back."""

from __future__ import annotations

import json
import zlib
from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlmodel import Session

from backend import db, moving
from backend.alerts import service as alerts
from backend.budgets import service as budgets
from backend.cancelling import service as cancelling
from backend.cases import service as cases
from backend.catalogue import service as catalogues
from backend.identities import suggesting
from backend.identities.tables import MergeRow
from backend.identities.types import Merge
from backend.interactions import service as interactions
from backend.knowledge import service as knowledge
from backend.learning import service as learning
from backend.mail import service as mail
from backend.moving import Moved
from backend.paying import service as paying
from backend.profiles import service as profiles
from backend.proving import service as proving
from backend.quality import service as quality
from backend.record import service as record
from backend.treatments import service as treatments
from shared.kernel import ids
from shared.kernel.actors import Actor
from shared.kernel.errors import Conflict, Erased, Invalid, NotFound

MERGE = db.table_of(MergeRow)
_NUMBERS = ("phone",)


def merge(
    session: Session, from_id: UUID, into_id: UUID, *, choose: Collection[str] = (), actor: Actor, now: datetime,
    seen: tuple[int, int] | None = None,
) -> Merge:  # fmt: skip
    """Makes `from_id` a part of `into_id`, and gives the merge as it stands on record.

    `choose` names the fields that are taken from the merged one, attributes as "attribute.<key>"; all others are the survivor's,
    or the merged one's where the survivor has none. `seen`: the versions of the survivor's and the merged one's profile that the
    person saw. Raises NotFound, Invalid (one and the same, an unknown field), Conflict (merged or changed meanwhile).
    """
    if from_id == into_id:
        raise Invalid("These are one and the same customer.", {"with": "another customer"})
    profiles.keep_out(session, from_id, into_id)
    treatments.hold_ledgers(session, *_there(session, from_id, into_id))
    rows = profiles.hold_both(session, from_id, into_id)
    _still_two(session, rows, from_id, into_id)
    pack = catalogues.pack_in_force(session)
    known = _choices(rows, pack)
    if unknown := sorted(set(choose) - known):
        raise Invalid("There is no such field to choose.", {"choose": f"unknown: {', '.join(unknown)[:200]}"})
    versions = (rows[into_id]["version"], rows[from_id]["version"])
    if seen is not None and seen != versions:
        raise Conflict("One of the two changed since this page was opened. Please look at them again.")
    taken = profiles.taken_attributes(rows, from_id, into_id, choose)
    doubled = treatments.doubled_offers(session, from_id, into_id)
    moved = record.move_customer(session, from_id, into_id)
    moved += budgets.move_customer(session, from_id, into_id, doubled)
    moved += cases.move_customer(session, from_id, into_id)
    moved += mail.move_customer(session, from_id, into_id)
    moved += knowledge.move_customer(session, from_id, into_id)
    moved += quality.move_customer(session, from_id, into_id)
    moved += paying.move_customer(session, from_id, into_id)
    moved += cancelling.move_customer(session, from_id, into_id)
    moved += alerts.move_customer(session, from_id, into_id)
    moved += interactions.move_customer(session, from_id, into_id)
    moved += profiles.move_customer(session, from_id, into_id, from_theirs=choose, pack=pack, now=now)
    moved += proving.move_customer(session, from_id, into_id)
    moved += treatments.move_customer(session, from_id, into_id, doubled=doubled, taken=taken, now=now)
    moved += learning.move_customer(session, from_id, into_id)
    moved.append(moving.move(session, MERGE, from_id, into_id))
    moved.append(suggesting.move_customer(session, from_id, into_id, actor, now))
    gone = rows[from_id]
    merge_id = ids.uuid7()
    session.execute(
        insert(MERGE).values(
            customer_id=into_id, merge_id=merge_id, into_id=into_id, from_id=from_id, number=gone["number"], name=gone["name"],
            merged_at=now, merged_by=actor.name, merged_by_id=actor.id, body=_packed(moved),
        )
    )  # fmt: skip
    told = {"merge_id": str(merge_id), "merged_id": str(from_id), "number": gone["number"], "name": gone["name"]}
    interactions.record(session, into_id, "profile.merged", None, actor, told, now)
    _audit(session, "profile.merged", merge_id, (into_id, from_id), actor, now, {"into": str(into_id), "from": str(from_id), "chosen": sorted(choose)})  # fmt: skip
    suggesting.look_again(session, into_id, now)
    return merge_of(session, merge_id)


def unmerge(session: Session, merge_id: UUID, *, actor: Actor, now: datetime) -> Merge:
    """Takes the merge back: both are as they were, and what came since is whose it came by; else the survivor's.

    Raises NotFound, Erased, and Conflict where it was taken back already or something that was merged later must go first.
    """
    found = _row(session, merge_id)
    into_id, from_id = found.customer_id, found.from_id
    profiles.keep_out(session, from_id, into_id)
    treatments.hold_ledgers(session, *_there(session, into_id))
    rows = profiles.hold_both(session, into_id, into_id)
    found = _row(session, merge_id)  # as it is now that nobody else can change it
    if into_id not in rows or found.customer_id != into_id:
        raise Conflict("This customer was merged with another one just now. Please look again.")
    if refusal := _refusal(session, found):
        raise Erased(refusal) if found.unmerged_at is None and found.body is None else Conflict(refusal)
    kept = {one["table"]: Moved.from_json(one) for one in json.loads(zlib.decompress(found.body))}
    since = _since(session, found, kept)
    record.move_customer_back(session, from_id, into_id, kept, since)
    without = budgets.move_customer_back(session, from_id, into_id, kept, since)
    mail.move_customer_back(session, from_id, into_id, kept, since)
    alerts.move_customer_back(session, from_id, into_id, kept, since)
    interactions.move_customer_back(session, from_id, into_id, kept, since)
    below = profiles.move_customer_back(session, from_id, into_id, kept, since, now)
    cases.move_customer_back(session, from_id, into_id, kept, since, now)
    knowledge.move_customer_back(session, from_id, into_id, kept, since)
    quality.move_customer_back(session, from_id, into_id)
    paying.move_customer_back(session, from_id, into_id, kept, since)
    cancelling.move_customer_back(session, from_id, into_id, kept, since)
    if below:
        profiles.learn(session, into_id, add=dict.fromkeys(below, 0), now=now)
    proving.move_customer_back(session, from_id, into_id, kept, since)
    treatments.move_customer_back(session, from_id, into_id, kept, since, without)
    learning.move_customer_back(session, from_id, into_id, kept, since)
    moving.move_back(session, MERGE, from_id, into_id, kept, since)
    suggesting.move_customer_back(session, from_id, into_id, kept, actor, now)
    mine = (MERGE.c.customer_id == into_id, MERGE.c.merge_id == merge_id)
    done = session.execute(
        update(MERGE).where(*mine, MERGE.c.unmerged_at.is_(None)).values(unmerged_at=now, unmerged_by=actor.name, body=None)
    )  # fmt: skip
    if db.touched(done) != 1:
        raise Conflict("This merge was taken back already.")
    survivor = rows[into_id]
    for customer_id, number, name in (
        (into_id, found.number, found.name),
        (from_id, survivor["number"], survivor["name"]),
    ):
        told = {"merge_id": str(merge_id), "number": number, "name": name}
        interactions.record(session, customer_id, "profile.unmerged", None, actor, told, now)
    _audit(session, "profile.unmerged", merge_id, (into_id, from_id), actor, now, {"into": str(into_id), "from": str(from_id)})  # fmt: skip
    for customer_id in (into_id, from_id):
        suggesting.look_again(session, customer_id, now)
    return merge_of(session, merge_id)


def merge_of(session: Session, merge_id: UUID) -> Merge:
    """Raises NotFound."""
    return _merge(session, _row(session, merge_id))


def merges(session: Session, customer_id: UUID) -> tuple[Merge, ...]:
    """Those by which this customer became who they are, and those that were taken back; the newest first."""
    mine = select(MERGE).where(MERGE.c.customer_id == customer_id).order_by(MERGE.c.merge_id.desc())
    return tuple(_merge(session, row) for row in session.execute(mine).all())


def _merge(session: Session, row: Any) -> Merge:
    return Merge(
        row.merge_id, row.customer_id, row.from_id, row.number, row.name, row.merged_at, row.merged_by, row.unmerged_at,
        row.unmerged_by, _refusal(session, row),
    )  # fmt: skip


def _row(session: Session, merge_id: UUID) -> Any:
    row = session.execute(select(MERGE).where(MERGE.c.merge_id == merge_id)).one_or_none()
    if row is None:
        raise NotFound("There is no such merge.")
    return row


def _refusal(session: Session, row: Any) -> str:
    """Why the merge cannot be taken back now; empty where it can."""
    if row.unmerged_at is not None:
        return f"This merge was taken back already, by {row.unmerged_by}."
    if row.body is None:
        return "What is needed to take this merge back was erased."
    later = session.execute(
        select(MERGE.c.number, MERGE.c.name)
        .where(MERGE.c.customer_id == row.customer_id, MERGE.c.merge_id > row.merge_id, MERGE.c.unmerged_at.is_(None))
        .order_by(MERGE.c.merge_id.desc())
        .limit(1)
    ).one_or_none()
    if later is not None:
        return f"{later.name}, {later.number}, was merged later: take that back first."
    if row.into_id != row.customer_id:
        return "The one into whom it was merged was merged themselves: take that back first."
    return ""


def _there(session: Session, *customer_ids: UUID) -> list[UUID]:
    """Those that are customers today: an alias has no ledger, and must not get one."""
    found = []
    for customer_id in customer_ids:
        if profiles.resolve(session, customer_id) == customer_id:
            found.append(customer_id)
    return found


def _still_two(session: Session, rows: dict[UUID, Any], from_id: UUID, into_id: UUID) -> None:
    for customer_id in (from_id, into_id):
        if customer_id in rows:
            continue
        now_id = profiles.resolve(session, customer_id)
        last = session.execute(
            select(MERGE.c.merged_by).where(MERGE.c.from_id == customer_id, MERGE.c.unmerged_at.is_(None))
        ).scalar()
        who = f", by {last}" if last else ""
        if now_id in (from_id, into_id):
            raise Conflict(f"These two were merged already{who}.", customer_id=str(now_id))
        raise Conflict(f"One of the two was merged with somebody else already{who}.", customer_id=str(now_id))


def _choices(rows: dict[UUID, Any], pack: Any) -> set[str]:
    fields = set(profiles.FIELDS)
    for row in rows.values():
        fields |= {f"{profiles.ATTRIBUTE}{key}" for key in row["attributes"]}
    return fields | {f"{profiles.ATTRIBUTE}{key}" for key in pack.attributes}


def _packed(moved: list[Moved]) -> bytes:
    by_table: dict[str, Moved] = {}
    for one in moved:
        if by_table.setdefault(one.table, one) is not one:
            raise ValueError(f"{one.table} was moved twice.")
    return zlib.compress(json.dumps([one.to_json() for one in moved], separators=(",", ":")).encode(), 6)


def _since(session: Session, row: Any, kept: dict[str, Moved]) -> dict[str, list[list[Any]]]:
    """The keys of rows that came since the merge by what was the merged one's."""
    identifiers = kept["identifier"].keys
    numbers = {value for kind, value in identifiers if kind in _NUMBERS}
    former = {str(row.from_id)} | {key[0] for key in kept["customer_alias"].keys}
    since, data = interactions.came_since(session, row.customer_id, row.merged_at, former, numbers, kept)
    offers = {one["offer_id"] for one in data if "offer_id" in one}
    found = {one["case_id"] for one in data if "case_id" in one}
    since |= treatments.keys_of(session, row.customer_id, offers) | cases.keys_of(
        session, row.customer_id, offers, found
    )
    mine = offers | {key[0] for key in kept["offer"].keys}
    since["outbox_job"] = record.jobs_about(session, row.customer_id, mine)
    since |= mail.keys_of(session, row.customer_id, mine | found | {key[0] for key in kept["customer_case"].keys})
    since |= learning.keys_of(session, row.customer_id, offers)
    since["reservation"] = budgets.keys_of(session, row.customer_id, offers)
    return since


def _audit(
    session: Session, action: str, merge_id: UUID, of: Collection[UUID], actor: Actor, now: datetime, payload: dict[str, Any]
) -> None:  # fmt: skip
    for customer_id in of:
        record.audit(
            session,
            actor=actor,
            action=action,
            subject=str(merge_id),
            customer_id=customer_id,
            payload=payload,
            now=now,
        )
