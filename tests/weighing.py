"""The catalogue in force with a segment's own weights, for reading."""

from __future__ import annotations

from typing import Any

from backend import db
from backend.catalogue import service as catalogues
from backend.matrix.service import body_of
from shared.kernel import clock
from shared.kernel.actors import SYSTEM

OWN: dict[str, Any] = {
    "stage_weights": {"pay": {"collect": 0.35}},
    "life_cycle_weights": {"active": {"advocate": 0.45}},
    "intent_weights": {"bill_question": {"inform": 0.55}},
    "beta": 0.65,
}


def publish_own_weights(segment: str, own: dict[str, Any] = OWN) -> None:
    """Puts in force what is in force, with these weights and this balance for the segment."""
    with db.transaction() as session:
        body = body_of(catalogues.files_of(session, catalogues.in_force(session).catalogue.version))
        next(s for s in body["segments"]["segment"] if s["key"] == segment).update(own)
        catalogues.publish(session, body, SYSTEM, clock.now())
