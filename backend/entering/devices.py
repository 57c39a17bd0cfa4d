"""Devices on which somebody has signed in before: they go on coming in while strangers are slowed down."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlmodel import Session

from backend import db
from backend.entering.tables import KnownDeviceRow
from backend.entering.visitors import Visitor

DEVICE = db.table_of(KnownDeviceRow)
KEPT = timedelta(days=365)


def is_known(session: Session, subjects: Collection[UUID], visitor: Visitor) -> bool:
    """Whether any of these subjects has signed in on the device before. It is asked for nobody too: that takes as long."""
    mine = (DEVICE.c.subject_id.in_(sorted(subjects)), DEVICE.c.device == visitor.device)
    return bool(visitor.device) and session.execute(select(func.count()).where(*mine)).scalar_one() > 0


def remember(session: Session, subject_id: UUID, visitor: Visitor, now: datetime) -> None:
    row = {
        "subject_id": subject_id, "device": visitor.device, "words": visitor.words, "first_at": now, "last_at": now,
    }  # fmt: skip
    db.upsert(session, KnownDeviceRow, [row], key=("subject_id", "device"), update=("words", "last_at"))


def forget(session: Session, subjects: Collection[UUID], devices: Collection[str]) -> None:
    """They are strangers again."""
    theirs = (DEVICE.c.subject_id.in_(sorted(subjects)), DEVICE.c.device.in_(sorted(devices)))
    session.execute(delete(DEVICE).where(*theirs))


def forget_old(session: Session, now: datetime) -> int:
    return db.touched(session.execute(delete(DEVICE).where(DEVICE.c.last_at < now - KEPT)))
