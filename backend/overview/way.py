"""A customer's way through the matrix: their contacts of a year, each in its stage and channel, in their order."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from backend import db
from backend.catalogue import service as catalogues
from backend.interactions import service as interactions
from backend.interactions.service import Step
from backend.matrix.service import Labelled, Pack
from backend.profiles import service as profiles
from shared.kernel.actors import Actor
from shared.kernel.errors import Forbidden

YEAR = timedelta(days=365)
READ = 20_000
DRAWN = 15
"""So many dots fit into a cell; of more the newest are drawn, and the others counted."""
JOINED = 40
"""The line joins so many of the last contacts: more would be a thicket."""
# What a customer does or what is done with them, and where it belongs when nobody said the stage.
_STAGES = {
    "call": "", "visit": "", "moment.set": "", "callback.requested": "", "callback.made": "", "case.opened": "support",
    "case.written": "support", "case.answered": "support", "complaint.opened": "support", "complaint.resolved": "support",
    "payment.made": "pay", "payment.failed": "pay", "payment.returned": "pay", "offer.accepted": "", "offer.declined": "",
    "cancellation.asked": "leave", "cancellation.undone": "leave",
}  # fmt: skip
COLUMN, ROW, LEFT, TOP = 66, 48, 72, 36
_ACROSS, _GAP = 5, 12


@dataclass(frozen=True, slots=True)
class Dot:
    x: int
    y: int
    step: Step
    cursor: str
    """From which on the timeline begins with it."""


@dataclass(frozen=True, slots=True)
class Cell:
    """The contacts of one stage and channel: how many, the last of them, and how many are not drawn."""

    stage: str
    channel: str
    count: int
    last: Step
    cursor: str
    more: int
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Way:
    """All that is drawn: measures are those of the drawing."""

    customer_id: UUID
    name: str
    timezone: str
    stages: tuple[Labelled, ...]
    channels: tuple[Labelled, ...]
    cells: tuple[Cell, ...]
    dots: tuple[Dot, ...]
    line: str
    total: int
    width: int
    height: int

    def cell(self, stage: str, channel: str) -> Cell | None:
        return next((one for one in self.cells if (one.stage, one.channel) == (stage, channel)), None)


def way_page(customer_id: UUID, actor: Actor, now: datetime) -> Way:
    """The customer's way of the last twelve months. Raises NotFound, Forbidden for a customer."""
    if actor.kind == "customer":
        raise Forbidden("This page is for our staff.")
    with db.reading() as session:
        profile = profiles.profile(session, customer_id)
        pack = catalogues.pack_in_force(session)
        steps = interactions.steps(session, profile.customer_id, _STAGES, now - YEAR, READ)
    return drawn(profile.customer_id, profile.name, profile.timezone, steps, pack)


def drawn(customer_id: UUID, name: str, timezone: str, steps: tuple[Step, ...], pack: Pack) -> Way:
    """Where everything stands. Pure."""
    columns = {one.key: nth for nth, one in enumerate(pack.stages)}
    rows = {one.key: nth for nth, one in enumerate(pack.channels)}
    by_cell: dict[tuple[str, str], list[Step]] = defaultdict(list)
    for step in steps:
        stage = stage_of(step, pack)
        if stage in columns and step.channel in rows:
            by_cell[stage, step.channel].append(step)
    cells, dots = [], []
    for (stage, channel), theirs in by_cell.items():
        x, y = LEFT + columns[stage] * COLUMN, TOP + rows[channel] * ROW
        more = max(0, len(theirs) - DRAWN)
        cells.append(Cell(stage, channel, len(theirs), theirs[-1], _cursor(theirs[-1]), more, x, y))
        for nth, step in enumerate(theirs[-DRAWN:]):
            down, across = divmod(nth, _ACROSS)
            dots.append(Dot(x + 9 + across * _GAP, y + 10 + down * _GAP, step, _cursor(step)))
    dots.sort(key=lambda dot: dot.step.event_id)
    line = " ".join(f"{dot.x},{dot.y}" for dot in dots[-JOINED:]) if len(dots) > 1 else ""
    return Way(
        customer_id, name, timezone, pack.stages, pack.channels, tuple(cells), tuple(dots), line,
        sum(one.count for one in cells), LEFT + len(columns) * COLUMN, TOP + len(rows) * ROW,
    )  # fmt: skip


def stage_of(step: Step, pack: Pack) -> str:
    """The stage that was noted; else that of why they came, that to which such a contact belongs, or where everyone begins."""
    known = {one.key for one in pack.stages}
    intent = pack.intents.get(step.intent or "")
    for stage in (step.stage, intent.stage if intent else None, _STAGES.get(step.kind)):
        if stage and stage in known:
            return stage
    return pack.default_stage


def _cursor(step: Step) -> str:
    """The timeline goes on from just after it, downwards: so it is the first line."""
    return str(UUID(int=step.event_id.int + 1))
