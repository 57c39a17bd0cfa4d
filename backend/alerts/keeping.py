"""Alerts are raised, are over by themselves, and are worked: taken, handed on, snoozed, done, opened again."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import insert, or_, select, update
from sqlmodel import Session

from backend import db
from backend.alerts.tables import AlertRow
from backend.alerts.types import NOBODY, Alert, Found
from backend.record import service as record
from shared.kernel import ids
from shared.kernel.actors import Actor
from shared.kernel.errors import Conflict, Invalid, NotFound

ALERT = db.table_of(AlertRow)
WATCHERS = "supervisors"
"""Under this subject changes of alerts are told."""
LONGEST_WORDS = 500
LONGEST_SNOOZE = timedelta(hours=24)
GOES_ON = timedelta(hours=8)
"""An alert that nobody did anything about and that is over for so long is done by itself."""
BY_ITSELF, NO_RULE = "It was over by itself.", "Its rule is in the catalogue no more, so it ended by itself."
_COLUMNS = tuple(ALERT.c[name] for name in Alert.__slots__)


def settle(
    session: Session, found: Sequence[Found], keys: Collection[str], quiet: timedelta, now: datetime
) -> tuple[int, int]:
    """Brings the alerts of these rules into line with what they see now; gives how many were raised, and how many are over.

    What was done stays done for `quiet`, though its rule sees it still. An alert that is over and seen again goes on. One of a
    rule that is not among `keys` any more ends: nothing would ever say that it is over.
    """
    new, over, again, forgotten, without_rule = _compared(session, found, keys, quiet, now)
    for one in new:
        _raise(session, one, now)
    for rows, over_at in ((over, now), (again, None)):
        for row in rows:
            session.execute(update(ALERT).where(*_is(row.customer_id, row.alert_id)).values(over_at=over_at))
            _tell(session, now)
    for rows, words in ((forgotten, BY_ITSELF), (without_rule, NO_RULE)):
        for row in rows:
            ended = {"done_at": now, "done_by": "", "what_was_done": words}
            session.execute(update(ALERT).where(*_is(row.customer_id, row.alert_id)).values(**ended))
            _tell(session, now)
    return len(new), len(over)


def is_settled(
    session: Session, found: Sequence[Found], keys: Collection[str], quiet: timedelta, now: datetime
) -> bool:
    """Whether `settle` would have nothing to write: so most looks need no transaction that writes."""
    return not any(_compared(session, found, keys, quiet, now))


def _compared(
    session: Session, found: Sequence[Found], keys: Collection[str], quiet: timedelta, now: datetime
) -> tuple[list[Found], list[Any], list[Any], list[Any], list[Any]]:
    """What is new; and of the alerts that stand those that are over, those that go on, those that nobody looks at any more, and those without a rule."""
    asked = (
        select(*_COLUMNS)
        .where(or_(ALERT.c.done_at.is_(None), ALERT.c.done_at > now - quiet))
        .order_by(ALERT.c.done_at.is_(None), ALERT.c.raised_at)
    )
    rows = session.execute(asked).all()
    standing = {(row.customer_id, row.key, row.subject): row for row in rows if row.key in keys}
    seen = {(one.customer_id, one.key, one.subject): one for one in found}
    still = {key: row for key, row in standing.items() if row.done_at is None}
    return (
        [one for key, one in seen.items() if key not in standing],
        [row for key, row in still.items() if row.over_at is None and key not in seen],
        [row for key, row in still.items() if row.over_at is not None and key in seen],
        [
            row
            for key, row in still.items()
            if row.over_at is not None and key not in seen and row.over_at < now - GOES_ON
        ],
        [row for row in rows if row.done_at is None and row.key not in keys],
    )


def waiting(session: Session, now: datetime, limit: int = 100) -> tuple[Alert, ...]:
    """What is not done, without what sleeps: the urgent first, what is over last, then the oldest."""
    rows = session.execute(select(*_COLUMNS).where(ALERT.c.done_at.is_(None)).order_by(ALERT.c.raised_at))
    found = [one for one in (Alert(*row) for row in rows) if not one.sleeps(now)]
    found.sort(key=lambda one: (one.over_at is not None, one.urgency != "now", one.raised_at))
    return tuple(found[:limit])


def sleeping(session: Session, now: datetime) -> tuple[Alert, ...]:
    """What is snoozed, what wakes next first."""
    rows = session.execute(
        select(*_COLUMNS).where(ALERT.c.done_at.is_(None), ALERT.c.snoozed_until > now).order_by(ALERT.c.snoozed_until)
    )
    return tuple(Alert(*row) for row in rows)


def done_lately(session: Session, limit: int = 50) -> tuple[Alert, ...]:
    """What was done, the last first."""
    rows = session.execute(
        select(*_COLUMNS).where(ALERT.c.done_at.is_not(None)).order_by(ALERT.c.done_at.desc()).limit(limit)
    )
    return tuple(Alert(*row) for row in rows)


def alert(session: Session, alert_id: UUID) -> Alert:
    """Raises NotFound."""
    row = session.execute(select(*_COLUMNS).where(ALERT.c.alert_id == alert_id)).one_or_none()
    if row is None:
        raise NotFound("There is no such alert.")
    return Alert(*row)


def acknowledge(session: Session, alert_id: UUID, actor: Actor, now: datetime) -> Alert:
    """It is this one's from now on. Raises NotFound, and Conflict where it is done, or a colleague's already."""
    found = _open(session, alert_id)
    if found.owner_id is not None and str(found.owner_id) != actor.id:
        raise Conflict(f"{found.owner} has it already.")
    if found.owner_id is not None:
        return found
    return _set(
        session, found, "alert.acknowledged", actor, now, owner_id=UUID(actor.id), owner=actor.name, acknowledged_at=now
    )


def hand_on(session: Session, alert_id: UUID, to: tuple[UUID, str], actor: Actor, now: datetime) -> Alert:
    """It is somebody else's from now on. Raises NotFound, and Conflict where it is done."""
    found = _open(session, alert_id)
    return _set(
        session, found, "alert.handed_on", actor, now,
        owner_id=to[0], owner=to[1], acknowledged_at=found.acknowledged_at or now, snoozed_until=None,
    )  # fmt: skip


def snooze(session: Session, alert_id: UUID, until: datetime, actor: Actor, now: datetime) -> Alert:
    """It waits unseen until then, and is theirs. Raises NotFound, Invalid for a time gone by or too far, Conflict where it is done."""
    if not now < until <= now + LONGEST_SNOOZE:
        raise Invalid("Snooze it for 24 hours at most.", {"minutes": "Choose when it comes back."})
    found = _open(session, alert_id)
    mine = {} if found.owner_id else {"owner_id": UUID(actor.id), "owner": actor.name, "acknowledged_at": now}
    return _set(session, found, "alert.snoozed", actor, now, snoozed_until=until, **mine)


def wake(session: Session, alert_id: UUID, actor: Actor, now: datetime) -> Alert:
    """It is snoozed no longer. Raises NotFound, and Conflict where it is done."""
    return _set(session, _open(session, alert_id), "alert.woken", actor, now, snoozed_until=None)


def finish(session: Session, alert_id: UUID, what: str, actor: Actor, now: datetime) -> Alert:
    """It is done: `what` says what was done about it. Raises NotFound, Invalid without words, Conflict where it is done already."""
    words = " ".join(what.split())
    if not words or len(words) > LONGEST_WORDS:
        raise Invalid(
            "Say what was done.", {"what": "Say what was done, in 500 characters at most."}
        )  # fmt: skip
    found = _open(session, alert_id)
    return _set(session, found, "alert.done", actor, now, done_at=now, done_by=actor.name, what_was_done=words)


def open_again(session: Session, alert_id: UUID, actor: Actor, now: datetime) -> Alert:
    """It was not done after all. Raises NotFound, and Conflict where it is open, or the same was raised anew meanwhile."""
    found = alert(session, alert_id)
    if found.is_open:
        raise Conflict("This alert is open.")
    same = select(ALERT.c.alert_id).where(
        ALERT.c.customer_id == found.customer_id, ALERT.c.key == found.key, ALERT.c.subject == found.subject,
        ALERT.c.done_at.is_(None),
    )  # fmt: skip
    if session.execute(same).first() is not None:
        raise Conflict("The same was raised anew meanwhile: that one is open.")
    return _set(session, found, "alert.opened_again", actor, now, done_at=None, done_by="", what_was_done="")


def let_go(session: Session, staff_id: UUID, actor: Actor, now: datetime) -> int:
    """What somebody had taken, who watches over nothing any more, is anybody's again; gives how many alerts that are."""
    mine = session.execute(select(*_COLUMNS).where(ALERT.c.done_at.is_(None), ALERT.c.owner_id == staff_id)).all()
    for row in mine:
        _set(
            session, Alert(*row), "alert.let_go", actor, now,
            owner_id=None, owner="", acknowledged_at=None, snoozed_until=None,
        )  # fmt: skip
    return len(mine)


def _raise(session: Session, found: Found, now: datetime) -> UUID:
    alert_id = ids.uuid7(now)
    row = {
        "customer_id": found.customer_id, "alert_id": alert_id, "key": found.key, "subject": found.subject,
        "about": found.about, "label": found.label, "urgency": found.urgency, "seen": dict(found.seen),
        "details": found.details, "raised_at": now,
    }  # fmt: skip
    session.execute(insert(ALERT), row)
    _tell(session, now)
    return alert_id


def _open(session: Session, alert_id: UUID) -> Alert:
    row = session.execute(select(*_COLUMNS).where(ALERT.c.alert_id == alert_id).with_for_update()).one_or_none()
    if row is None:
        raise NotFound("There is no such alert.")
    found = Alert(*row)
    if not found.is_open:
        raise Conflict(f"{found.done_by or 'Nobody'} has done it: {found.what_was_done}")
    return found


def _set(session: Session, before: Alert, action: str, actor: Actor, now: datetime, **values: Any) -> Alert:
    session.execute(update(ALERT).where(*_is(before.customer_id, before.alert_id)).values(**values))
    after = alert(session, before.alert_id)
    theirs = None if before.customer_id == NOBODY else before.customer_id
    record.audit(
        session, actor=actor, action=action, subject=f"alert:{before.alert_id}", customer_id=theirs,
        payload={"alert": before.label, "before": _told(before, values), "after": _told(after, values)}, now=now,
    )  # fmt: skip
    _tell(session, now)
    return after


def _told(one: Alert, changed: Collection[str]) -> dict[str, Any]:
    return {name: None if (value := getattr(one, name)) is None else str(value) for name in changed}


def _is(customer_id: UUID, alert_id: UUID) -> tuple[Any, Any]:
    return ALERT.c.customer_id == customer_id, ALERT.c.alert_id == alert_id


def _tell(session: Session, now: datetime) -> None:
    """The boards of all who supervise; whose alert it is, the word itself does not say."""
    record.changed(session, "alerts", subject=WATCHERS, private=True, now=now)
