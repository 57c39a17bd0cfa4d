"""Which moment holds, of the one that is known and the one that is told. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Literal

from backend.matrix.service import Pack
from backend.profiles.types import Moment
from shared.kernel.errors import Invalid

UNTOLD_FADE_HOURS = 24.0
"""How long a stage alone stays true: without an intent, the pack gives no time of its own."""


def told_moment(
    before: Moment | None,
    stage: str,
    intent: str | None,
    source: Literal["stated", "inferred"],
    channel: str,
    by: str,
    at: datetime,
    pack: Pack,
    evidence: str | None = None,
    strength: float = 1.0,
) -> Moment:
    """The moment that holds after this was told of the instant `at`: `before` itself where nothing changes.

    What was stated beats what is inferred while it lives; of two inferred ones the surer holds, as sure as the older one still is.
    The same live moment told again keeps its version and only lasts longer, so that nothing is re-ranked. What comes late, and
    had faded or been overtaken by then, changes nothing.
    """
    fades_at = at + timedelta(hours=pack.intents[intent].fade_hours if intent else UNTOLD_FADE_HOURS)
    if before is not None and before.set_at > at and source == "inferred":
        return before
    if before is not None and before.live(at):
        if before.source == "stated" and source == "inferred":
            return before
        if (before.stage, before.intent, before.source) == (stage, intent, source):
            return replace(
                before, fades_at=max(before.fades_at, fades_at), strength=max(before.strength_at(at), strength)
            )
        if source == "inferred" and strength < before.strength_at(at):
            return before
    return Moment(
        version=before.version + 1 if before else 1, stage=stage, intent=intent, source=source, channel=channel,
        set_at=at, fades_at=fades_at, evidence=evidence, set_by=by, strength=1.0 if source == "stated" else strength,
    )  # fmt: skip


def check_moment(stage: str, intent: str | None, source: str, channel: str, pack: Pack) -> None:
    """Raises Invalid for a stage, intent or channel that the pack does not have."""
    errors = {}
    if stage not in {s.key for s in pack.stages}:
        errors["stage"] = f"one of {', '.join(s.key for s in pack.stages)}"
    if intent is not None and intent not in pack.intents:
        errors["intent"] = f"one of {', '.join(pack.intents)}, or none"
    if channel not in {c.key for c in pack.channels}:
        errors["channel"] = f"one of {', '.join(c.key for c in pack.channels)}"
    if source not in ("stated", "inferred"):
        errors["source"] = "stated or inferred"
    if errors:
        raise Invalid("That is not a moment which this service knows.", errors)
