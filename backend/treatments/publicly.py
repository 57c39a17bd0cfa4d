"""What we do for everyone, as anybody may read it, signed in or not: of nobody is anything known, and nothing is decided."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from backend.catalogue import service as catalogues
from shared.kernel import clock


@dataclass(frozen=True, slots=True)
class ForEveryone:
    """One treatment in words that are the same for all, in the language that is spoken."""

    key: str
    headline: str
    body: str


def for_everyone(session: Session, now: datetime) -> tuple[ForEveryone, ...]:
    """The treatments in force today that have words for everyone, in the catalogue's order."""
    catalogue = catalogues.in_force(session).catalogue
    pack, today = catalogue.pack, clock.local_day(now, catalogue.pack.timezone)
    return tuple(
        ForEveryone(t.key, pack.said(t.everyone.headline), pack.said(t.everyone.body))
        for t in catalogue.treatments.values()
        if t.everyone
        and (t.in_force_from is None or t.in_force_from <= today)
        and (t.in_force_until is None or today <= t.in_force_until)
    )
