"""What was taken back, for supervisors: counted with the treatment and with who entered it."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from backend import db
from backend.people import service as people
from backend.treatments import service as treatments
from shared.kernel import clock
from tests.calls import customer
from tests.cast import AGENT, SUPERVISOR
from tests.pages import Browser, text_of


def acceptance() -> tuple[UUID, str]:
    """Something that an agent entered and that can be taken back, and the agent's name."""
    now = clock.now()
    with db.reading() as session:
        agent = people.staff_actor(session, people.find_staff(session, AGENT)[0])
    assert agent is not None
    for item in treatments.decide(customer().customer_id, now).ranked:
        ticks = treatments.Ticks(now, {"contract_tie": ("2026-11", 1.0), "written_confirmation": ("2026-11", 1.0)})
        with db.transaction() as session:
            line = treatments.answer(
                session, UUID(item.offer_id), "accepted", channel="phone", actor=agent, now=clock.now(), ticks=ticks, given={}
            )  # fmt: skip
        if line.undo_until:
            return line.offer_id, agent.name
    raise AssertionError("nothing that can be taken back")


def test_supervisors_see_what_was_taken_back_by_treatment_and_by_agent(desk_as: Callable[[str], Browser]) -> None:
    page = desk_as(SUPERVISOR).get("/taken-back")
    assert "Nothing was accepted in these days." in page.text
    offer, name = acceptance()
    with db.transaction() as session:
        agent = people.staff_actor(session, people.find_staff(session, AGENT)[0])
        treatments.undo(session, offer, channel="phone", actor=agent, now=clock.now())
    page = desk_as(SUPERVISOR).get("/taken-back")
    by_agent = text_of(page.one("div", **{"aria-labelledby": "by-agent"}))
    assert name in by_agent
    assert "too few" in by_agent, "of so few no share is told"
    assert desk_as(AGENT).get("/taken-back").status == 403
