"""What was promised to customers: each promise is a task of somebody's, by a time, until it is kept."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, insert, select, update
from sqlmodel import Session

from backend import db
from backend.cases.tables import TaskRow
from backend.cases.types import Task
from backend.cases.working import Who, workers
from backend.interactions import service as interactions
from backend.record import service as record
from shared.kernel import ids
from shared.kernel.actors import Actor
from shared.kernel.errors import Conflict, Invalid, NotFound

LONGEST_TASK = 200
SHOWN = 20
TASK = db.table_of(TaskRow)
_COLUMNS = tuple(TASK.c[one.name] for one in fields(Task))
_ONE = select(*_COLUMNS).where(TASK.c.customer_id == bindparam("customer_id"), TASK.c.task_id == bindparam("task_id"))
# Open ones first, by when they are due; then what was kept last.
_THEIRS = (
    select(*_COLUMNS)
    .where(TASK.c.customer_id == bindparam("customer_id"))
    .order_by(TASK.c.state.desc(), TASK.c.done_at.desc(), TASK.c.due_at, TASK.c.task_id)
    .limit(SHOWN)
)


def promise(
    session: Session, customer_id: UUID, what: str, due_at: datetime, *, actor: Actor, now: datetime,
    interaction_id: UUID | None = None, channel: str | None = None,
) -> Task:  # fmt: skip
    """A promise becomes a task of whoever gave it. Raises Invalid without words, and for a time that has passed."""
    what = " ".join(what.split())
    errors = {}
    if not what or len(what) > LONGEST_TASK:
        errors["what"] = f"Say what was promised, in at most {LONGEST_TASK} characters."
    if due_at <= now:
        errors["until"] = "That time has passed."
    if errors:
        raise Invalid("This promise cannot be kept.", errors)
    row = {
        "customer_id": customer_id, "task_id": ids.uuid7(), "what": what, "state": "open", "staff_id": UUID(actor.id),
        "staff": actor.name, "due_at": due_at, "interaction_id": interaction_id, "made_at": now, "made_by": actor.name,
        "done_at": None, "done_by": "",
    }  # fmt: skip
    session.execute(insert(TASK), row)
    made = Task(**row)  # type: ignore[arg-type]  # the row's values are of many types
    _tell(session, made, "task.promised", actor, channel, now)
    return made


def keep_promise(session: Session, customer_id: UUID, task_id: UUID, *, actor: Actor, now: datetime) -> Task:
    """It is done. Raises NotFound, and Conflict where it was done already."""
    return _turn(session, customer_id, task_id, "done", actor, now)


def promise_again(session: Session, customer_id: UUID, task_id: UUID, *, actor: Actor, now: datetime) -> Task:
    """It is not done after all. Raises NotFound, and Conflict where it is open."""
    return _turn(session, customer_id, task_id, "open", actor, now)


def hand_on(session: Session, customer_id: UUID, task_id: UUID, to: UUID, *, actor: Actor, now: datetime) -> Task:
    """Somebody else sees to it from now on. Raises NotFound, Invalid for nobody who works, Conflict where it is done."""
    before = task_of(session, customer_id, task_id)
    found: Who | None = next((one for one in workers(session) if one[0] == to), None)
    if found is None:
        raise Invalid("Choose somebody who works cases.", {"to": "Choose somebody who works cases."})
    if before.staff_id == to:
        return before
    moved = session.execute(
        update(TASK)
        .where(*_this(customer_id, task_id), TASK.c.state == "open")
        .values(staff_id=found[0], staff=found[1])
    )
    if db.touched(moved) != 1:
        raise Conflict("This is done already.")
    record.changed(session, "inbox", subject=str(before.staff_id), now=now)
    after = task_of(session, customer_id, task_id)
    _tell(session, after, "task.assigned", actor, None, now)
    return after


def task_of(session: Session, customer_id: UUID, task_id: UUID) -> Task:
    """Raises NotFound, for another customer's too."""
    row = session.execute(_ONE, {"customer_id": customer_id, "task_id": task_id}).one_or_none()
    if row is None:
        raise NotFound("There is no such task.")
    return Task(**row._mapping)


def tasks_of_customer(session: Session, customer_id: UUID) -> tuple[Task, ...]:
    """What was promised to the customer: what is still to be kept, by when it is due, then what was kept last."""
    return tuple(Task(**row._mapping) for row in session.execute(_THEIRS, {"customer_id": customer_id}))


def _turn(session: Session, customer_id: UUID, task_id: UUID, state: str, actor: Actor, now: datetime) -> Task:
    done = state == "done"
    turned = session.execute(
        update(TASK)
        .where(*_this(customer_id, task_id), TASK.c.state != state)
        .values(state=state, done_at=now if done else None, done_by=actor.name if done else "")
    )
    after = task_of(session, customer_id, task_id)
    if db.touched(turned) != 1:
        raise Conflict(f"{after.done_by} did this already." if done else "This is open already.")
    _tell(session, after, "task.kept" if done else "task.reopened", actor, None, now)
    return after


def _tell(session: Session, task: Task, event: str, actor: Actor, channel: str | None, now: datetime) -> None:
    data = {"task_id": str(task.task_id), "what": task.what, "to": task.staff, "due_at": task.due_at.isoformat()}
    interactions.record(session, task.customer_id, event, channel, actor, data, now, task.interaction_id)
    record.audit(
        session, actor=actor, action=event, subject=str(task.task_id), customer_id=task.customer_id,
        payload={"to": str(task.staff_id)}, now=now,
    )  # fmt: skip
    record.changed(session, "inbox", subject=str(task.staff_id), now=now)


def _this(customer_id: UUID, task_id: UUID) -> tuple[Any, Any]:
    return TASK.c.customer_id == customer_id, TASK.c.task_id == task_id
