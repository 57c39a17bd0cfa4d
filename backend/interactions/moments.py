"""A moment as the timeline keeps it. Pure."""

from __future__ import annotations

from backend.matrix.service import Pack
from backend.profiles.service import Moment


def moment_data(moment: Moment, pack: Pack) -> dict[str, str | None]:
    """What the timeline keeps of a moment: why they were here, in our words and in theirs, and how we know."""
    intent = pack.intents.get(moment.intent) if moment.intent else None
    return {
        "stage": moment.stage,
        "stage_label": pack.label_of(pack.stages, moment.stage),
        "intent": moment.intent,
        "intent_label": intent.label if intent else None,
        "choice": intent.choice if intent else None,
        "source": moment.source,
        "evidence": moment.evidence,
    }
