"""The board of alerts: what waits, what sleeps, what was done, each with whom it is about and what one may do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from backend.alerts import service as alerts
from backend.alerts.service import NOBODY, Alert
from backend.catalogue import service as catalogues
from backend.people import service as people
from backend.people.service import Permission
from backend.profiles import service as profiles
from shared.kernel.errors import Invalid


@dataclass(frozen=True, slots=True)
class AlertLine:
    """One alert as it is shown: `name` is the customer's, empty where it is about none; `advice` is the pack's of today."""

    alert: Alert
    name: str
    advice: str

    @property
    def customer_id(self) -> UUID | None:
        return None if self.alert.customer_id == NOBODY else self.alert.customer_id

    @property
    def interaction_id(self) -> UUID | None:
        """The contact that one may look into, or the call that rings; None for what is no contact."""
        try:
            return (
                UUID(self.alert.subject.removeprefix("call ")) if self.alert.about == "contact" and self.name else None
            )
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class AlertBoard:
    """All that supervisors share about what goes wrong."""

    waiting: tuple[AlertLine, ...]
    sleeping: tuple[AlertLine, ...]
    done: tuple[AlertLine, ...]
    owners: tuple[tuple[UUID, str], ...]
    """Whom one may hand an alert on to."""


def alert_board(session: Session, now: datetime) -> AlertBoard:
    """Everything that is not done, and what was done last."""
    advice = {one.key: one.advice for one in catalogues.pack_in_force(session).alerting.alert}
    names: dict[UUID, str] = {NOBODY: ""}

    def drawn(found: Iterable[Alert]) -> tuple[AlertLine, ...]:
        return tuple(AlertLine(one, _name(session, one.customer_id, names), advice.get(one.key, "")) for one in found)

    return AlertBoard(
        drawn(alerts.waiting(session, now)),
        drawn(alerts.sleeping(session, now)),
        drawn(alerts.done_lately(session)),
        may_own(session),
    )


def may_own(session: Session) -> tuple[tuple[UUID, str], ...]:
    """Those who supervise, by name."""
    return tuple(
        (one.staff_id, one.name) for one in people.colleagues(session) if Permission.SUPERVISE in people.ROLES[one.role]
    )


def owner_named(session: Session, staff_id: UUID) -> tuple[UUID, str]:
    """Raises Invalid for somebody who does not supervise."""
    found = next((one for one in may_own(session) if one[0] == staff_id), None)
    if found is None:
        raise Invalid("Choose a supervisor.", {"to": "Choose a supervisor."})
    return found


def _name(session: Session, customer_id: UUID, known: dict[UUID, str]) -> str:
    if customer_id not in known:
        known[customer_id] = next((name for name, _ in profiles.names_of(session, [customer_id]).values()), "")
    return known[customer_id]
