"""Joiners: an invitation goes out by e-mail, and whoever has its link makes their own sign-in."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session

from backend import db
from backend.cases import service as cases
from backend.mail import service as mail
from backend.matrix.service import Pack
from backend.people import service as people
from backend.people.service import Invitation
from backend.record import service as record
from shared.kernel import dates
from shared.kernel.actors import Actor
from shared.kernel.clock import zone_named
from shared.kernel.errors import Invalid

LinkTo = Callable[[str], str]
"""The whole address of the page that takes up an invitation, by its token."""


@dataclass(frozen=True, slots=True)
class Asked:
    """An invitation, and whether it went out by e-mail. Where none is sent, `link` is for whoever invites to hand over."""

    invitation: Invitation
    is_sent: bool
    link: str


def ask(
    session: Session, email: str, role: str, teams: Collection[str], *, pack: Pack, link_to: LinkTo, by: Actor, now: datetime
) -> Asked:  # fmt: skip
    """Asks somebody to work here. Raises Invalid for what cannot be, Conflict for whom there is or who is asked already."""
    _known_teams(pack, teams)
    made, token = people.invite(session, email, role, teams, by, now)
    _audit(session, by, "staff.invited", made, now, {"after": _said(made)})
    return _post(session, made, link_to(token), by, pack, now)


def ask_again(session: Session, invitation_id: UUID, *, pack: Pack, link_to: LinkTo, by: Actor, now: datetime) -> Asked:
    """The same by a new link; the old one opens nothing any more. Raises NotFound."""
    made, token = people.invite_again(session, invitation_id, by, now)
    _audit(session, by, "staff.invited_again", made, now, {"after": _said(made)})
    return _post(session, made, link_to(token), by, pack, now)


def withdraw(session: Session, invitation_id: UUID, by: Actor, now: datetime) -> Invitation:
    """Its link opens nothing any more. Raises NotFound."""
    made = people.withdraw_invitation(session, invitation_id)
    _audit(session, by, "staff.invitation_withdrawn", made, now, {"before": _said(made), "after": None})
    return made


def join(token: str, name: str, password: str | None, now: datetime) -> str:
    """Whoever has the link works here from now on; gives the address by which they sign in. None: they sign in elsewhere.

    Raises NotFound for a link that leads nowhere, Conflict for one that is used or over, and Invalid for a name or password
    that will not do. Opens its own transaction: a password is hashed before it.
    """
    with db.reading() as session:
        found = people.by_token(session, token)
    kept = None
    if found is not None and not found.refusal(now) and password is not None:
        people.require_password(password)
        kept = people.hash_of(password)
    with db.transaction() as session:
        made, staff_id, known = people.take_up(session, token, name, now)
        if kept is not None:
            people.give_password(session, staff_id, kept, now)
        if made.teams:
            cases.join_teams(session, staff_id, made.teams)
        self = Actor("staff", str(staff_id), known, role=made.role)
        record.audit(
            session, actor=self, action="staff.joined", subject=f"staff:{staff_id}", customer_id=None,
            payload={"before": None, "after": _said(made) | {"name": known, "invited_by": made.invited_by}}, now=now,
        )  # fmt: skip
    return made.email


def known_teams(pack: Pack, teams: Collection[str]) -> None:
    """Raises Invalid for a team that the pack has not."""
    _known_teams(pack, teams)


def _known_teams(pack: Pack, teams: Collection[str]) -> None:
    known = {one.key for one in pack.casework.team}
    if not set(teams) <= known:
        raise Invalid("There is no such team.", {"team": f"There is no such team: one of {', '.join(sorted(known))}."})


def _post(session: Session, made: Invitation, link: str, by: Actor, pack: Pack, now: datetime) -> Asked:
    if not mail.is_set_up():
        return Asked(made, False, link)
    local = made.until.astimezone(zone_named(pack.timezone))
    text = (
        "Hello,\n\n"
        f"{by.name} invites you to work with us at the desk, as {people.STAFF_ROLES[made.role].lower()}.\n\n"
        f"Open this page, enter your name and choose a password:\n{link}\n\n"
        f"The link is good once, until {dates.long_day(local.date())} at {dates.time_of_day(local)}. Give it to nobody: whoever has "
        "it can sign in as you.\n\n"
        "You do not know what this is about? Then there is nothing to do.\n"
    )
    # There is no customer: what is sent to a member of staff hangs on their invitation.
    mail.post(
        session, customer_id=made.invitation_id, to=made.email, subject="Your invitation to the desk", text=text,
        purpose="invitation", about_id=made.invitation_id, at=now,
    )  # fmt: skip
    return Asked(made, True, "")


def _said(made: Invitation) -> dict[str, Any]:
    return {"email": made.email, "role": made.role, "teams": list(made.teams)}


def _audit(session: Session, by: Actor, action: str, made: Invitation, now: datetime, payload: dict[str, Any]) -> None:
    record.audit(
        session, actor=by, action=action, subject=f"invitation:{made.invitation_id}", customer_id=None, payload=payload, now=now
    )  # fmt: skip
