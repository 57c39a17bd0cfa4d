"""Simulations of drafts: asked for on a page, done by a worker, with how far they are; one worker at a time has each."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

import structlog
from sqlalchemy import or_, select, update
from sqlmodel import Session

from backend import db
from backend.catalogue.service import change, draft, open_draft, require, told
from backend.matrix.service import PackError, body_of
from backend.people.permissions import Permission
from backend.simulation.crew import Stopped, cores
from backend.simulation.simulating import Report, simulate
from backend.simulation.tables import SimulationRow
from shared.kernel import clock
from shared.kernel.actors import Actor
from shared.kernel.errors import Conflict, EvenhandError

LEASE = timedelta(seconds=30)
"""A worker that was not heard of for so long is gone, and another begins anew."""
PAUSE_SECONDS = 0.5
NOTED_EVERY = timedelta(seconds=1)
_SIMULATION = db.table_of(SimulationRow)
_log = structlog.stdlib.get_logger("evenhand.simulation")


@dataclass(frozen=True, slots=True)
class Simulation:
    """A simulation as it is now: how many customers are done, and what it found. `digest` names the text that it is of."""

    digest: str
    state: Literal["waiting", "running", "done", "failed"]
    asked_by: str
    asked_at: datetime
    done: int
    total: int
    finished_at: datetime | None
    report: Report | None
    error: str | None


def ask_simulation(session: Session, draft_id: UUID, seen: int, actor: Actor, now: datetime) -> None:
    """Asks a worker to simulate the draft's text as it is. One that waits or runs already for this text goes on.

    Raises Conflict where the draft was not checked, Forbidden.
    """
    require(actor, Permission.AUTHOR)
    held = open_draft(session, draft_id, seen)
    if held.state == "draft":
        raise Conflict("Only what was checked without a problem can be simulated.")
    known = simulation(session, draft_id)
    if known is not None and known.digest == held.digest and known.state in ("waiting", "running"):
        return
    row = {
        "digest": held.digest, "state": "waiting", "asked_by": actor.name, "asked_by_id": actor.id, "asked_at": now,
        "lease_until": now, "done": 0, "total": 0, "finished_at": None, "configuration_version": None, "report": None,
        "error": None,
    }  # fmt: skip
    db.upsert(session, SimulationRow, [{"draft_id": draft_id} | row], key=("draft_id",), update=tuple(row))
    told(session, draft_id, "draft.simulation_asked", actor, now, digest=held.digest)


def simulation(session: Session, draft_id: UUID) -> Simulation | None:
    """The draft's last simulation, of its present text or of an earlier one; None before the first."""
    columns = [_SIMULATION.c[name] for name in Simulation.__slots__]
    row = session.execute(select(*columns).where(_SIMULATION.c.draft_id == draft_id)).one_or_none()
    return None if row is None else Simulation(*row)


def simulate_until(ended: threading.Event, processes: int | None = None) -> None:
    """Does the simulations that are asked for until told to end: a worker's thread. Its processes stand behind everyone else's."""
    while not ended.is_set():
        try:
            busy = simulate_next(clock.now(), ended.is_set, processes)
        except Exception as failure:
            _log.exception("looking for simulations failed", error=type(failure).__name__)
            busy = False
        if not busy:
            ended.wait(PAUSE_SECONDS)


def simulate_next(now: datetime, stopped: Any = lambda: False, processes: int | None = None) -> bool:
    """Does the simulation that waits longest, or was left by a worker that is gone; whether there was one."""
    taken = _take(now)
    if taken is None:
        return False
    draft_id, digest = taken
    with db.reading() as session:
        files = draft(session, draft_id).files
    noted = now

    def note(done: int, total: int) -> None:
        nonlocal noted
        present = clock.now()
        if present - noted >= NOTED_EVERY or done == total:
            noted = present
            _note(draft_id, digest, done, total, present)

    try:
        report = simulate(
            body_of(files), now, processes or max(1, cores() - 1), progress=note, stopped=stopped, kindly=True
        )  # fmt: skip
    except Stopped:
        _end(draft_id, digest, state="waiting", lease_until=clock.now())
    except (EvenhandError, PackError) as wrong:
        _end(draft_id, digest, state="failed", finished_at=clock.now(), error=str(wrong)[:500])
    else:
        _finish(draft_id, digest, report)
    return True


def _take(now: datetime) -> tuple[UUID, str] | None:
    """One that waits, or whose worker is gone, for one lease. Reads first, so that an idle worker takes nobody's place."""
    state = _SIMULATION.c.state
    free = or_(state == "waiting", (state == "running") & (_SIMULATION.c.lease_until < now))
    waiting = select(_SIMULATION.c.draft_id).where(free).order_by(_SIMULATION.c.asked_at).limit(1)
    with db.reading() as session:
        if session.execute(waiting).one_or_none() is None:
            return None
    with db.transaction() as session:
        row = session.execute(waiting.with_for_update(skip_locked=True)).one_or_none()
        if row is None:
            return None
        mine = update(_SIMULATION).where(_SIMULATION.c.draft_id == row.draft_id)
        session.execute(mine.values(state="running", lease_until=now + LEASE, done=0))
        with_digest = select(_SIMULATION.c.digest).where(_SIMULATION.c.draft_id == row.draft_id)
        digest: str = session.execute(with_digest).scalar_one()
        if draft(session, row.draft_id).digest != digest:
            session.execute(mine.values(state="failed", finished_at=now, error=_CHANGED))
            return None
        return row.draft_id, digest


_CHANGED = "The draft's text changed before it was simulated."


def _note(draft_id: UUID, digest: str, done: int, total: int, now: datetime) -> None:
    """How far it is, and that its worker is alive."""
    _end(draft_id, digest, done=done, total=total, lease_until=now + LEASE)


def _end(draft_id: UUID, digest: str, **values: Any) -> None:
    mine = (_SIMULATION.c.draft_id == draft_id, _SIMULATION.c.digest == digest, _SIMULATION.c.state == "running")
    with db.transaction() as session:
        session.execute(update(_SIMULATION).where(*mine).values(**values))


def _finish(draft_id: UUID, digest: str, report: Report) -> None:
    """Keeps what was found; a draft that is still this very text has reached the next step."""
    now = clock.now()
    with db.transaction() as session:
        mine = (_SIMULATION.c.draft_id == draft_id, _SIMULATION.c.digest == digest, _SIMULATION.c.state == "running")
        done = session.execute(
            update(_SIMULATION)
            .where(*mine)
            .values(
                state="done", finished_at=now, report=report, configuration_version=report["configuration"],
                done=report["customers"], total=report["customers"],
            )
        )  # fmt: skip
        asked = session.execute(
            select(_SIMULATION.c.asked_by, _SIMULATION.c.asked_by_id).where(_SIMULATION.c.draft_id == draft_id)
        ).one()
        known = draft(session, draft_id)
        if db.touched(done) != 1 or known.over or known.digest != digest:
            return
        actor = Actor("staff", asked.asked_by_id, asked.asked_by)
        held = open_draft(session, draft_id)
        if held.state == "checked":
            change(session, held, now, actor, state="simulated")
        told(session, draft_id, "draft.simulated", actor, now, digest=digest, customers=report["customers"])
