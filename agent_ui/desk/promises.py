"""The lines of the wrap-up in which an agent says what was promised, and until when, by the clocks of the house."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import request

from backend import db
from backend.casework import service as casework
from backend.catalogue import service as catalogues
from backend.overview.types import Promised, WrapUp
from shared.kernel import clock
from shared.kernel.errors import Invalid

MOST = 10
Line = tuple[str, str]
"""What, and until when as a browser's field has it: 2026-11-23T12:00."""


def drawn(asked: WrapUp) -> list[Line]:
    """What follows from the contact, and one line more for whatever else was promised."""
    zone = clock.zone_named(asked.zone)
    return [*((one.what, f"{one.until.astimezone(zone):%Y-%m-%dT%H:%M}") for one in asked.promised), ("", "")]


def typed() -> list[Line]:
    """The lines as they were sent, with an empty one at the end."""
    lines = list(zip(request.form.getlist("promised"), request.form.getlist("promised_until"), strict=False))[:MOST]
    return [*(line for line in lines if line[0].strip()), ("", "")]


def given(session: db.Session) -> list[Promised]:
    """What was promised; lines without words promise nothing. Raises Invalid for a time that is none."""
    zone = clock.zone_named(casework.zone_of(catalogues.pack_in_force(session)))
    found = []
    for what, until in typed()[:-1]:
        try:
            at = datetime.fromisoformat(until.strip()).replace(tzinfo=zone).astimezone(UTC)
        except (ValueError, OverflowError):
            wrong = f"Say until when: {what.strip()[:80]}"
            raise Invalid(wrong, {"promised": wrong}) from None
        found.append(Promised(" ".join(what.split()), at))
    return found
