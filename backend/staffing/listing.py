"""Who works here, who did, and who was asked to: with teams, sign-ins and what each has in hand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from backend.cases import service as cases
from backend.entering import service as entering
from backend.interactions import service as interactions
from backend.mail import service as mail
from backend.people import service as people
from backend.people.service import Employee, Invitation, Permission
from shared.kernel.errors import NotFound


@dataclass(frozen=True, slots=True)
class InHand:
    """How many things somebody has in hand that are not done."""

    contacts: int = 0
    cases: int = 0
    callbacks: int = 0
    promises: int = 0

    @property
    def many(self) -> int:
        return self.contacts + self.cases + self.callbacks + self.promises

    @property
    def someones(self) -> int:
        """Of these, what must be somebody's: no team can have a contact or a promise."""
        return self.contacts + self.promises


@dataclass(frozen=True, slots=True)
class Member:
    """A member of staff as an administrator sees them. `must`: their role asks for a second step."""

    who: Employee
    teams: tuple[str, ...]
    second_step: bool
    must: bool
    signed_in: bool
    in_hand: InHand

    @property
    def leaves_work(self) -> bool:
        """Whether things wait with them for somebody else: they left, or what they are now serves nobody."""
        return bool(self.in_hand.many) and not (
            self.who.is_active and Permission.WORK_CASES in people.ROLES[self.who.role]
        )


@dataclass(frozen=True, slots=True)
class Invited:
    """One who was asked to work here; `unsent` says why the letter did not reach them, where it did not."""

    asked: Invitation
    is_over: bool
    unsent: str


@dataclass(frozen=True, slots=True)
class House:
    """Everybody: those who work here, those who were asked to, those who did."""

    members: tuple[Member, ...]
    invited: tuple[Invited, ...]
    left: tuple[Member, ...]


def house(session: Session, now: datetime) -> House:
    """Everybody there is, in a few statements however many there are; of made-up agents who are gone, those who left work behind."""
    known = people.employees(session)
    teams, held = cases.team_members(session), cases.count_in_hand(session)
    stepped = entering.authenticators.set_by(session, [one.staff_id for one in known])
    inside = people.signed_in_now(session, now)
    contacts: dict[UUID, int] = {}
    for contact in interactions.all_open(session):
        if contact.staff_id is not None:
            contacts[contact.staff_id] = contacts.get(contact.staff_id, 0) + 1
    made = [
        Member(
            one, teams.get(one.staff_id, ()), one.staff_id in stepped, people.needs_second_step(one.role) and not one.is_demo,
            one.staff_id in inside, _in_hand(held.get(one.staff_id, {}), contacts.get(one.staff_id, 0)),
        )
        for one in known
    ]  # fmt: skip
    return House(
        tuple(one for one in made if one.who.is_active),
        tuple(_invited(session, one, now) for one in people.invitations(session)),
        tuple(
            one for one in made if not one.who.is_active and (one.in_hand.many or not people.is_made_up(one.who.email))
        ),
    )


def member(session: Session, staff_id: UUID, now: datetime) -> Member:
    """Raises NotFound."""
    everybody = house(session, now)
    found = next((one for one in (*everybody.members, *everybody.left) if one.who.staff_id == staff_id), None)
    if found is None:
        raise NotFound("There is no such member of staff.")
    return found


def _in_hand(held: dict[cases.What, int], contacts: int) -> InHand:
    return InHand(contacts, held.get("case", 0), held.get("callback", 0), held.get("promise", 0))


def _invited(session: Session, asked: Invitation, now: datetime) -> Invited:
    sent = mail.sent_about(session, asked.invitation_id, [asked.invitation_id])
    last = sent[-1] if sent else None
    return Invited(asked, bool(asked.refusal(now)), last.why if last is not None and last.state == "refused" else "")
