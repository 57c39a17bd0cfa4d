"""What waits for an agent, in one list: what burns stands first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from backend import db
from backend.cases import service as cases
from backend.cases.types import InboxKind, Waiting
from backend.casework.acts import zone_of
from backend.catalogue import service as catalogues
from backend.profiles import service as profiles
from shared.kernel.actors import Actor

KINDS: tuple[InboxKind, ...] = ("message", "case", "callback", "task", "approval")
LATEST = datetime(9000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class InboxLine:
    """One thing to do, whose it is about, and whether it is over its time."""

    item: Waiting
    name: str
    number: str
    late: bool


@dataclass(frozen=True, slots=True)
class Inbox:
    """`lines` are of the kind that was asked for; `counts` of all kinds, those without anything left out."""

    lines: tuple[InboxLine, ...]
    counts: dict[InboxKind, int]
    late: int
    zone: str


def inbox(actor: Actor, now: datetime, only: str = "") -> Inbox:
    """All that waits for this agent: first cases over their service level, then by when each is due. Opens its own transaction."""
    with db.reading() as session:
        found = cases.waiting_for(session, UUID(actor.id))
        zone = zone_of(catalogues.pack_in_force(session))
        names = profiles.names_of(session, [one.customer_id for one in found])
    lines = sorted(
        (
            InboxLine(one, *names[one.customer_id], is_late(one, now)) for one in found if one.customer_id in names
        ),
        key=lambda line: _place(line.item, line.late),
    )  # fmt: skip
    counts = {kind: many for kind in KINDS if (many := sum(line.item.kind == kind for line in lines))}
    shown = tuple(line for line in lines if only not in KINDS or line.item.kind == only)
    return Inbox(shown, counts, sum(line.late for line in lines), zone)


def is_late(one: Waiting, now: datetime) -> bool:
    """Whether it is over its time; an approval that was answered waits, and has no time."""
    return one.kind != "approval" and one.due_at is not None and one.due_at < now


def _place(one: Waiting, late: bool) -> tuple[bool, datetime, str]:
    burns = late and one.kind in ("case", "message")
    return not burns, one.due_at or LATEST, str(one.thing_id)
