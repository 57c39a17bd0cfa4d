"""A cancellation is asked for, taken back, or carried out when its day is over. Nothing of the customer's changes before that."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import insert, update
from sqlmodel import Session

from backend.cancelling.rows import CANCELLATION, cancellation_from, cancellation_of, row_of, standing
from backend.cancelling.types import PLAN, Cancellation, Ends, Summary
from backend.cases import service as cases
from backend.catalogue import service as catalogues
from backend.interactions import service as interactions
from backend.matrix.service import Pack
from backend.profiles import service as profiles
from backend.record import service as record
from shared.kernel import clock, ids
from shared.kernel.actors import SYSTEM, Actor
from shared.kernel.errors import Conflict, TooLate
from shared.kernel.languages import gettext, speaking
from shared.kernel.money import Money, of_major

END = "cancellation.end"
"""The topic of the outbox by which a cancellation is carried out."""
LEAVE_SIGNALS, LEFT, LEAVING_ON = "leave_signals", "left", "leaving_on"
"""By these names the profile knows that somebody leaves, or has left."""
LONGEST_REASON = 60


def ask(
    session: Session, customer_id: UUID, summary: Summary, ends: Ends, reason: str, *, pack: Pack, actor: Actor, channel: str, now: datetime
) -> Cancellation:  # fmt: skip
    """It ends on that day. Asked for twice, it is one; colleagues find it as a case, and the timeline tells of it.

    `reason` is a key of the pack's, or empty. Raises Conflict where the whole plan ends already.
    """
    profile = profiles.held(session, customer_id)
    choice = summary.choice
    for known in standing(session, customer_id):
        if known.what == choice.what:
            return known
        if known.what == PLAN:
            raise Conflict(gettext("Your whole plan is cancelled already. Look at Services for its last day."))
    cancellation_id, reference = ids.uuid7(), ids.spoken_reference()
    with speaking(pack.language):  # what colleagues read; the customer reads it in their own
        subject = f"Cancelled: {choice.label}, last day {interactions.day(ends.last_day)}"
    case = cases.open_case(
        session, customer_id, "case", subject, actor=actor, now=now,
        channel=channel, reference=reference, pack=pack, quiet=True,
    )  # fmt: skip
    session.execute(
        insert(CANCELLATION).values(
            customer_id=customer_id, cancellation_id=cancellation_id, what=choice.what, label=choice.label, reference=reference,
            state="asked", guard=choice.what, last_day=ends.last_day, early_minor=ends.early_cost.minor,
            monthly_minor=_minor(summary.monthly), monthly_then_minor=_minor(summary.monthly_then), currency=pack.currency,
            loses=list(summary.loses), reason=reason[:LONGEST_REASON], case_id=case.case_id, asked_at=now,
        )
    )  # fmt: skip
    made = cancellation_of(session, customer_id, cancellation_id)
    leaves = {LEAVING_ON: ends.last_day.isoformat()} if choice.what == PLAN else None
    profiles.learn(session, customer_id, count={LEAVE_SIGNALS: 1}, values=leaves, now=now)
    known_reasons = pack.leaving.reason if pack.leaving is not None else ()
    label = next((one.label for one in known_reasons if one.key == reason), "")
    _tell(session, made, "cancellation.asked", actor, channel, now, {"reason_label": label} if label else {})
    after = datetime.combine(ends.last_day + timedelta(days=1), time(), clock.zone_named(profile.timezone)).astimezone(
        UTC
    )
    record.put(
        session, customer_id=customer_id, topic=END, payload={"cancellation_id": str(cancellation_id)}, now=now, run_at=after
    )  # fmt: skip
    return made


def take_back(
    session: Session, customer_id: UUID, cancellation_id: UUID, *, actor: Actor, channel: str, now: datetime
) -> Cancellation:
    """All stays as it was. Raises NotFound, TooLate on its last day and after; taken back already, it is given as it is."""
    profile = profiles.held(session, customer_id)
    before = cancellation_of(session, customer_id, cancellation_id)
    if before.state == "undone":
        return before
    if before.state == "done" or clock.local_day(now, profile.timezone) > before.undo_until:
        raise TooLate(
            gettext("This can't be taken back here any more. Please talk to us: we may be able to start it again.")
        )
    _settle(session, before, "undone", now)
    if before.what == PLAN:
        profiles.learn(session, customer_id, values={LEAVING_ON: None}, now=now)
    _close(session, before, actor, now, done=False)
    after = cancellation_of(session, customer_id, cancellation_id)
    _tell(session, after, "cancellation.undone", actor, channel, now)
    return after


def carry_out(session: Session, customer_id: UUID, payload: dict[str, Any], now: datetime) -> None:
    """Its last day is over: what was cancelled is no longer the customer's. Taken back or done before, nothing happens."""
    profile = profiles.held(session, customer_id)
    row = row_of(session, customer_id, UUID(payload["cancellation_id"]))
    if row.state != "asked":
        return
    cancelled, pack = cancellation_from(row), catalogues.pack_in_force(session)
    changed: dict[str, Any] = {}

    def change(attributes: dict[str, Any]) -> dict[str, Any]:
        changed.update(_then(attributes, cancelled.what, pack))
        return attributes | changed

    profiles.revise(session, customer_id, change, now)
    if cancelled.what == PLAN:
        profiles.learn(session, customer_id, dates={LEFT: cancelled.last_day}, values={LEAVING_ON: None}, now=now)
        for other in standing(session, customer_id):
            if other.cancellation_id != cancelled.cancellation_id:
                _settle(session, other, "done", now)
                _close(session, other, SYSTEM, now, done=True)
    _settle(session, cancelled, "done", now)
    _close(session, cancelled, SYSTEM, now, done=True)
    told = {pack.attributes[key].label: value for key, value in changed.items() if key in pack.attributes}
    interactions.record(session, profile.customer_id, "profile.changed", None, SYSTEM, {"changed": told}, now)
    _tell(session, cancelled, "cancellation.done", SYSTEM, None, now)


def _then(attributes: dict[str, Any], what: str, pack: Pack) -> dict[str, Any]:
    """The attributes that are others then."""
    if what == PLAN:
        return dict(pack.leaving.set) if pack.leaving is not None else {}
    ending = next((one.ending for one in pack.services if one.key == what), None)
    if ending is None:
        return {}
    less = {
        key: max(0.0, (of_major(float(attributes.get(key) or 0), pack.currency) - of_major(by, pack.currency)).major)
        for key, by in ending.less.items()
    }
    return {**ending.set, **less}


def _settle(session: Session, cancelled: Cancellation, state: str, now: datetime) -> None:
    mine = (
        CANCELLATION.c.customer_id == cancelled.customer_id,
        CANCELLATION.c.cancellation_id == cancelled.cancellation_id,
    )
    values = {"state": state, "guard": cancelled.cancellation_id.hex, "settled_at": now}
    session.execute(update(CANCELLATION).where(*mine).values(**values))


def _close(session: Session, cancelled: Cancellation, actor: Actor, now: datetime, *, done: bool) -> None:
    """Its case is over, unless colleagues closed it before."""
    if cancelled.case_id is None or cases.case_of(session, cancelled.customer_id, cancelled.case_id).state != "open":
        return
    close = cases.done if done else cases.cancel
    with speaking(profiles.profile(session, cancelled.customer_id).language):
        outcome = gettext("Ended") if done else gettext("Taken back")
    close(session, cancelled.customer_id, cancelled.case_id, actor=actor, now=now, outcome=outcome)


def _tell(
    session: Session, cancelled: Cancellation, kind: str, actor: Actor, channel: str | None, now: datetime, more: dict[str, Any] | None = None
) -> None:  # fmt: skip
    data = {
        "cancellation_id": str(cancelled.cancellation_id), "service": cancelled.what, "label": cancelled.label,
        "reference": cancelled.reference, "last_day": cancelled.last_day.isoformat(), **(more or {}),
    }  # fmt: skip
    interactions.record(session, cancelled.customer_id, kind, channel, actor, data, now, stage="leave")
    record.audit(
        session, actor=actor, action=kind, subject=str(cancelled.cancellation_id), customer_id=cancelled.customer_id,
        payload={"service": cancelled.what, "last_day": cancelled.last_day.isoformat()}, now=now,
    )  # fmt: skip


def _minor(amount: Money | None) -> int | None:
    return None if amount is None else amount.minor
