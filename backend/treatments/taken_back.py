"""What was accepted and taken back: counted against the treatment, and by who entered the acceptance."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import func, select
from sqlmodel import Session

from backend import db
from backend.catalogue import service as catalogues
from backend.treatments.tables import OfferRow

DAYS = 30
_OFFER = db.table_of(OfferRow)


@dataclass(frozen=True, slots=True)
class KeptLine:
    """How often something was accepted, and how often that was taken back."""

    name: str
    accepted: int
    undone: int

    @property
    def share(self) -> float:
        return self.undone / self.accepted


@dataclass(frozen=True, slots=True)
class KeptAndUndone:
    """Acceptances of the days from `since` on, whatever became of them; most taken back first. `agents` has those that staff entered."""

    since: date
    treatments: tuple[KeptLine, ...]
    agents: tuple[KeptLine, ...]


def kept_and_undone(session: Session, today: date) -> KeptAndUndone:
    """Of the last thirty days; an acceptance counts on the day on which it was given."""
    since = today - timedelta(days=DAYS)
    names = {key: t.name for key, t in catalogues.in_force(session).catalogue.treatments.items()}
    asked = (
        select(_OFFER.c.treatment, _OFFER.c.taken_by, (_OFFER.c.state == "undone").label("undone"), func.count().label("n"))
        .where(_OFFER.c.taken_on >= since, _OFFER.c.state.in_(("accepted", "fulfilled", "undone")))
        .group_by(_OFFER.c.treatment, _OFFER.c.taken_by, _OFFER.c.state)
    )  # fmt: skip
    accepted: dict[str, Counter[str]] = {"treatment": Counter(), "agent": Counter()}
    undone: dict[str, Counter[str]] = {"treatment": Counter(), "agent": Counter()}
    for row in session.execute(asked):
        for what, name in (("treatment", names.get(row.treatment, row.treatment)), ("agent", row.taken_by)):
            if name:
                accepted[what][name] += row.n
                undone[what][name] += row.n if row.undone else 0
    return KeptAndUndone(
        since, _lines(accepted["treatment"], undone["treatment"]), _lines(accepted["agent"], undone["agent"])
    )


def _lines(accepted: Counter[str], undone: Counter[str]) -> tuple[KeptLine, ...]:
    lines = [KeptLine(name, accepted[name], undone[name]) for name in accepted]
    return tuple(sorted(lines, key=lambda one: (-one.undone, -one.accepted, one.name)))
