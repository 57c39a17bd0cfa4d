"""That a supervisor stepped in, in one line, for an agent or for the customer. Pure."""

from __future__ import annotations

from backend.interactions.case_words import Words
from backend.interactions.phrases import sentence
from backend.interactions.types import Event
from shared.kernel.languages import gettext as _


def _handed(event: Event, own: bool, by: str) -> tuple[str, str]:
    before, after = str(event.data.get("from") or ""), str(event.data.get("to") or "")
    if own:
        return _("You were put through"), _("to %(name)s", name=after) if after else ""
    supervisor, why = str(event.data.get("by") or ""), str(event.data.get("why") or "")
    if supervisor == after:
        return f"Taken over by {after}", sentence(f"from {before}" if before else "", why)
    return f"Handed to {after}", sentence(f"from {before}" if before else "", f"by {supervisor}", why)


def _ended(event: Event, own: bool, by: str) -> tuple[str, str]:
    return f"Ended by {event.data.get('by') or 'a supervisor'}", str(event.data.get("why") or "")


WORDS: dict[str, Words] = {"contact.handed": _handed, "contact.ended": _ended}
