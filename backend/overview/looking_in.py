"""Looking in: one interaction as it happens, for a supervisor. It writes nothing, decides nothing, and marks nothing read."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session

from backend import db
from backend.cases import service as cases
from backend.cases.service import Case
from backend.catalogue import service as catalogues
from backend.interactions import service as interactions
from backend.interactions.service import AgentState, FloorWord, Usual
from backend.interactions.types import Call, Interaction, Visit
from backend.overview import lines, wall
from backend.overview.types import CustomerHeader, ExperienceView, MomentView, TimelineLine, Warning
from backend.people.service import Permission
from backend.profiles import service as profiles
from backend.profiles.service import Mask
from backend.treatments import service as treatments
from backend.treatments.service import AgentRecommendation
from shared.kernel.actors import Actor
from shared.kernel.errors import Forbidden, NotFound

SHOWN_EVENTS = 20


@dataclass(frozen=True, slots=True)
class LookIn:
    """One interaction: a contact at some desk, a call that rings, or a visit to the portal. `recommendation` is what its agent has before them.

    `would` is the headline of what would be recommended where nothing has been asked for yet. `typing` is what the agent has
    typed into the wrap-up and not sent. `ready` are those who could take the contact now.
    """

    customer: CustomerHeader
    contact: Interaction
    visit: Visit | None
    call: Call | None
    state: str
    moment: MomentView | None
    warnings: tuple[Warning, ...]
    experience: ExperienceView
    felt: bool
    """Whether anything that they remember is known."""
    usual: Usual | None
    recommendation: AgentRecommendation | None
    would: str
    timeline: tuple[TimelineLine, ...]
    words: tuple[FloorWord, ...]
    notes: str
    typing: str
    callbacks: tuple[Case, ...]
    ready: tuple[AgentState, ...]

    @property
    def going(self) -> bool:
        """Whether an agent is at it still: only then there is somebody to step in for."""
        return self.contact.staff_id is not None and self.state in ("talking", "on hold")


def look_in(customer_id: UUID, interaction_id: UUID, actor: Actor, now: datetime) -> LookIn:
    """One interaction as it is now; a call that rings, by its own id. Raises NotFound, and Forbidden for who does not supervise. Opens its own transactions."""
    if not actor.may(Permission.SUPERVISE):
        raise Forbidden("Looking in is for supervisors.")
    with db.reading() as session:
        profile, pack = profiles.profile(session, customer_id), catalogues.pack_in_force(session)
        snapshot = profiles.snapshot(profile, now, pack)
        call_of_theirs = _call(session, profile.customer_id, interaction_id)
        answered = call_of_theirs.interaction_id if call_of_theirs is not None else None
        rings = call_of_theirs if answered is None else None
        interaction_id = answered or interaction_id
        contact = _before(rings) if rings else interactions.interaction(session, profile.customer_id, interaction_id)
        if contact.staff_id is None and contact.channel != "portal" and rings is None:
            raise NotFound("There is no such contact.")
        mask = interactions.mask_for(session, profile, pack, actor, (snapshot,))
        visit = interactions.visiting(session, profile.customer_id, now)
        call = interactions.came_by(session, profile.customer_id, interaction_id)
        events = interactions.timeline(session, profile.customer_id, limit=SHOWN_EVENTS).items
        words = interactions.words_in(session, profile.customer_id, interaction_id)
        work = cases.of_customer(session, profile.customer_id)
        typing = _typing(session, contact, mask)
        ready = tuple(one for one in interactions.at_work(session) if one.state == "ready")
    live = call if call is not None and call.state == "talking" else None
    view = lines.moment_view(profile, pack, now, "agent")
    seen = treatments.seen_by_agent(
        profile.customer_id, contact.channel, replace(actor, name=contact.staff or actor.name), now, mask
    )
    usual = wall.usual_of(contact.channel, view.intent if view is not None and view.live else None, now)
    here = visit is not None and visit.interaction_id == interaction_id
    return LookIn(
        customer=lines.header(profile, snapshot, pack, mask),
        contact=contact,
        visit=visit if here or contact.staff_id is not None else None,
        call=rings or live,
        state=_waits(rings) if rings else _state(contact, live, here),
        moment=view,
        warnings=lines.warnings(profile, snapshot, pack, lines.balance((), pack.currency), None),
        experience=lines.experience(profile, snapshot, pack),
        felt=bool(profile.facts.get("truths")),
        usual=usual,
        recommendation=seen[0],
        would=seen[1],
        timeline=tuple(lines.timeline_line(event, "agent", profile.language, mask) for event in events),
        words=words,
        notes=mask.text(contact.notes),
        typing=typing,
        callbacks=tuple(case for case in work if case.kind == "callback" and case.state == "open"),
        ready=tuple(one for one in ready if one.staff_id != contact.staff_id and str(one.staff_id) != actor.id),
    )


def _call(session: Session, customer_id: UUID, call_id: UUID) -> Call | None:
    """The call of this id, where it is one of theirs."""
    try:
        found = interactions.call_of(session, call_id)
    except NotFound:
        return None
    return found if found.customer_id == customer_id else None


def _before(call: Call) -> Interaction:
    """A call that nobody has answered, as the contact that it will be."""
    return Interaction(
        customer_id=call.customer_id or UUID(int=0), interaction_id=call.call_id, channel="phone", staff_id=None, staff=call.staff or None,
        started_at=call.rang_at, ended_at=call.ended_at, wrapped_at=None, summary=None, is_private=False, notes="", notes_version=0,
        wrap_up_code=None,
    )  # fmt: skip


def _waits(call: Call) -> str:
    return "ringing" if call.state == "ringing" else "over"


def _state(contact: Interaction, call: Call | None, here: bool) -> str:
    if contact.staff_id is None:
        return "visiting" if here else "over"
    if contact.wrapped_at is not None:
        return "over"
    if contact.ended_at is not None:
        return "wrapping up"
    return "on hold" if call is not None and call.held_at is not None else "talking"


def _typing(session: Session, contact: Interaction, mask: Mask) -> str:
    """What the agent has typed into the wrap-up so far."""
    if contact.staff_id is None or contact.wrapped_at is not None:
        return ""
    place = f"wrap_up:{contact.interaction_id}"
    kept = interactions.desk_draft(session, contact.customer_id, contact.staff_id, place)
    if kept is None:
        return ""
    body: dict[str, Any] = json.loads(kept.text)
    return mask.text(str(body.get("summary") or ""))
