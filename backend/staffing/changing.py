"""What somebody is from now on: their role, their teams, whether they work here at all; and their sign-ins, ended."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session

from backend.alerts import service as alerts
from backend.cases import service as cases
from backend.entering import service as entering
from backend.interactions import service as interactions
from backend.matrix.service import Pack
from backend.people import service as people
from backend.people.service import Employee, Permission
from backend.record import service as record
from backend.staffing.joining import known_teams
from shared.kernel.actors import Actor
from shared.kernel.errors import Conflict, Invalid, NotFound


def change_role(session: Session, staff_id: UUID, role: str, by: Actor, now: datetime) -> Employee:
    """What they are from now on; a page of theirs that is open has the new rights at its next request.

    Who gets a powerful role and has no second step signs in anew, and sets one up. Raises Invalid, and Conflict for one's own
    role and for the last administrator's.
    """
    before, after = people.change_role(session, staff_id, role, by)
    if before.role == after.role:
        return after
    _audit(
        session, by, "staff.role_changed", after, now, {"before": {"role": before.role}, "after": {"role": after.role}}
    )
    if Permission.PRESENT_OFFERS not in people.ROLES[role]:
        interactions.sign_off(session, staff_id, after.name, now)
    if Permission.SUPERVISE not in people.ROLES[role]:
        alerts.let_go(session, staff_id, by, now)
    must = people.needs_second_step(role) and not after.is_demo
    if must and not entering.authenticators.set_by(session, [staff_id]):
        people.end_sessions(session, staff_id, now)
    return after


def change_teams(
    session: Session, staff_id: UUID, teams: Collection[str], *, pack: Pack, by: Actor, now: datetime
) -> Employee:
    """Whose cases they look after from now on. Raises Invalid for a team that there is not, and for letting oneself in."""
    known_teams(pack, teams)
    who = people.employee(session, staff_id)
    before, after = cases.teams_of(session, staff_id), tuple(sorted(set(teams)))
    if by.id == str(staff_id) and (set(after) - set(before)) & cases.guarding(pack):
        words = "Nobody lets themselves in to customers that are closed to others: another administrator does."
        raise Invalid(words, {"team": words})
    if before != after:
        cases.join_teams(session, staff_id, after)
        _audit(
            session,
            by,
            "staff.teams_changed",
            who,
            now,
            {"before": {"teams": list(before)}, "after": {"teams": list(after)}},
        )
    return who


def end_work(session: Session, staff_id: UUID, by: Actor, now: datetime) -> Employee:
    """They do not work here any more: every page and stream of theirs is closed, nothing rings for them; their name stays.

    What they have in hand stays with them until `hand_on`; alerts that they had taken are anybody's at once. Raises Conflict for oneself and for the last administrator.
    """
    before, after = people.end_work(session, staff_id, by, now)
    interactions.sign_off(session, staff_id, after.name, now)
    alerts.let_go(session, staff_id, by, now)
    _audit(session, by, "staff.left", after, now, {"before": _standing(before), "after": _standing(after)})
    return after


def take_back(session: Session, staff_id: UUID, by: Actor, now: datetime) -> Employee:
    """They work here again, as what they were, and sign in as before. Raises Conflict where they do already."""
    before, after = people.take_back(session, staff_id)
    _audit(session, by, "staff.taken_back", after, now, {"before": _standing(before), "after": _standing(after)})
    return after


def end_sign_ins(
    session: Session, staff_id: UUID, by: Actor, now: datetime, *, only: UUID | None = None, but: UUID | None = None
) -> int:
    """Ends somebody's sign-ins, one's own too: all, `only` one, or all `but` one; gives how many. Raises NotFound for one there is not."""
    who = people.employee(session, staff_id)
    ended = people.end_sessions(session, staff_id, now, only=only, but=but)
    if only is not None and not ended:
        raise NotFound("This sign-in is over already.")
    if ended:
        told = [{"device": one.words, "since": one.began_at.isoformat()} for one in ended]
        _audit(session, by, "sign_in.ended", who, now, {"before": {"sign_ins": told}, "after": {"sign_ins": []}})
    return len(ended)


def reset_second_step(session: Session, staff_id: UUID, by: Actor, now: datetime) -> Employee:
    """They have lost their telephone and their codes on paper: none is asked for any more, until they set one up again.

    Wherever they are signed in, they sign in anew. Raises Conflict where they have none, and for one's own.
    """
    who = people.employee(session, staff_id)
    if by.id == str(staff_id):
        raise Conflict("Your own second step is under My sign-ins.")
    if not entering.authenticators.reset(session, staff_id):
        raise Conflict(f"{who.name} has no second step.")
    people.end_sessions(session, staff_id, now)
    _audit(
        session, by, "second_step.reset", who, now, {"before": {"second_step": True}, "after": {"second_step": False}}
    )
    return who


def _standing(who: Employee) -> dict[str, Any]:
    return {"works_here": who.is_active, "role": who.role}


def _audit(session: Session, by: Actor, action: str, who: Employee, now: datetime, payload: dict[str, Any]) -> None:
    record.audit(
        session, actor=by, action=action, subject=f"staff:{who.staff_id}", customer_id=None, payload=payload, now=now
    )
