"""Contacts to be reviewed are drawn on the pack's day, whether or not somebody thinks of it."""

from __future__ import annotations

from datetime import datetime

from backend import db
from backend.catalogue import service as catalogues
from backend.quality import service as quality
from shared.kernel.errors import NotFound


def draw_due(now: datetime) -> int:
    """Draws the week before where that is due; gives how many reviews wait since. Opens its own transaction."""
    with db.transaction() as session:
        try:
            pack = catalogues.pack_in_force(session)
        except NotFound:
            return 0
        return quality.draw_due(session, pack, now)
