"""Whom an article helped: each person says so once for each version, and may say otherwise later."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import case, delete, func, select, union_all
from sqlmodel import Session

from backend import db, moving
from backend.knowledge.keeping import VERSION, version_of
from backend.knowledge.tables import ArticleCustomerVoteRow, ArticleVoteRow
from backend.knowledge.types import VersionLine, Voter, Votes
from backend.moving import Kept, Moved, Since
from shared.kernel.actors import Actor

VOTE, OWN = db.table_of(ArticleVoteRow), db.table_of(ArticleCustomerVoteRow)


def voter_of(actor: Actor | None, browser: str = "") -> Voter:
    """Who says it: whoever is signed in, else the browser by the mark that was put into its cookie."""
    if actor is not None and actor.customer_id is not None:
        return Voter(f"customer:{actor.customer_id}", actor.customer_id)
    return Voter(f"{actor.kind}:{actor.id}" if actor is not None else f"browser:{browser}")


def vote(session: Session, article_id: UUID, version: int, helpful: bool, voter: Voter, now: datetime) -> None:
    """Notes that this version helped, or did not; the last word counts. Raises NotFound."""
    version_of(session, article_id, version)
    row: dict[str, Any] = {"article_id": article_id, "version": version, "helpful": helpful, "voted_at": now}
    changed = ("helpful", "voted_at")
    if voter.customer_id is not None:
        row["customer_id"] = voter.customer_id
        db.upsert(session, ArticleCustomerVoteRow, [row], key=("customer_id", "article_id", "version"), update=changed)
    else:
        row["voter"] = voter.key
        db.upsert(session, ArticleVoteRow, [row], key=("article_id", "version", "voter"), update=changed)


def said(session: Session, article_id: UUID, version: int, voter: Voter) -> bool | None:
    """What this person said of the version; None for nothing yet."""
    if voter.customer_id is not None:
        mine = select(OWN.c.helpful).where(OWN.c.customer_id == voter.customer_id, *_of(OWN, article_id, version))
    else:
        mine = select(VOTE.c.helpful).where(VOTE.c.voter == voter.key, *_of(VOTE, article_id, version))
    found: bool | None = session.execute(mine).scalar_one_or_none()
    return found


def counts(session: Session, article_ids: Collection[UUID]) -> dict[tuple[UUID, int], Votes]:
    """How many said what of each version of these articles; what nobody spoke of is left out."""
    some = union_all(*(
        select(table.c.article_id, table.c.version, table.c.helpful).where(table.c.article_id.in_(article_ids)) for table in (VOTE, OWN)
    )).subquery()  # fmt: skip
    asked = select(
        some.c.article_id,
        some.c.version,
        func.sum(case((some.c.helpful, 1), else_=0)).label("yes"),
        func.count().label("all"),
    ).group_by(some.c.article_id, some.c.version)
    return {
        (row.article_id, row.version): Votes(int(row.yes), row.all - int(row.yes)) for row in session.execute(asked)
    }


def versions(session: Session, article_id: UUID) -> tuple[VersionLine, ...]:
    """The article's versions, newest first, with whom they helped."""
    votes = counts(session, [article_id])
    asked = select(VERSION).where(VERSION.c.article_id == article_id).order_by(VERSION.c.version.desc())
    return tuple(
        VersionLine(
            row.version, row.title, row.published_at, row.published_by, row.note, helped.helpful, helped.unhelpful
        )
        for row in session.execute(asked)
        for helped in (votes.get((article_id, row.version), Votes()),)
    )


def export_customer(session: Session, customer_id: UUID) -> dict[str, list[dict[str, Any]]]:
    """Every row of this room about the customer, by table."""
    rows = session.execute(select(OWN).where(OWN.c.customer_id == customer_id))
    return {OWN.name: [dict(row._mapping) for row in rows]}


def erase_customer(session: Session, customer_id: UUID) -> int:
    """Deletes every row of this room about the customer; gives how many there were."""
    return db.touched(session.execute(delete(OWN).where(OWN.c.customer_id == customer_id)))


def move_customer(session: Session, from_id: UUID, to_id: UUID) -> list[Moved]:
    """What the one said, the other said; of what both spoke, the survivor's word stays."""
    return [moving.move(session, OWN, from_id, to_id)]


def move_customer_back(session: Session, from_id: UUID, to_id: UUID, kept: Kept, since: Since) -> None:
    """Each word is again whose it was."""
    moving.move_back(session, OWN, from_id, to_id, kept, since)


def _of(table: Any, article_id: UUID, version: int) -> tuple[Any, Any]:
    return table.c.article_id == article_id, table.c.version == version
