"""Which customers are closed to whom: the pack says which teams and roles may open a group, and people are in teams."""

from __future__ import annotations

from uuid import UUID

from sqlmodel import Session

from backend.cases.listing import team_members, teams_of
from backend.matrix.service import Pack, Restricted
from backend.people import service as people
from shared.kernel.actors import Actor


def closed_to(session: Session, actor: Actor, pack: Pack) -> frozenset[str]:
    """The groups of customers that this member of staff may not open, by their keys; a customer and the house open their own."""
    if actor.kind != "staff" or not pack.restricted:
        return frozenset()
    mine = frozenset(teams_of(session, UUID(actor.id)))
    return frozenset(one.key for one in pack.restricted if actor.role not in one.roles and mine.isdisjoint(one.teams))


def who_may_open(session: Session, group: str, pack: Pack) -> frozenset[UUID] | None:
    """The members of staff who may open the customers of this group; None: everybody may, as the pack has it no more."""
    found: Restricted | None = next((one for one in pack.restricted if one.key == group), None)
    if found is None:
        return None
    by_team = {one for one, theirs in team_members(session).items() if not set(theirs).isdisjoint(found.teams)}
    return frozenset(by_team | {one.staff_id for one in people.colleagues(session) if one.role in found.roles})


def guarding(pack: Pack) -> frozenset[str]:
    """The teams to which customers are open that are closed to others: nobody joins one by themselves."""
    return frozenset(team for one in pack.restricted for team in one.teams)


def looked_after_by(pack: Pack, group: str) -> tuple[tuple[str, str], ...]:
    """The teams, key and label, that look after the customers of this group; none where the pack has it no more."""
    found: Restricted | None = next((one for one in pack.restricted if one.key == group), None)
    labels = {one.key: one.label for one in pack.casework.team}
    return tuple((key, labels.get(key, key)) for key in found.teams) if found is not None else ()
