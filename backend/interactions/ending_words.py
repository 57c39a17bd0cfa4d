"""What a customer cancelled, in one line, for an agent or for the customer. Pure."""

from __future__ import annotations

from backend.interactions.case_words import Words
from backend.interactions.phrases import sentence
from backend.interactions.types import Event
from backend.matrix.service import day_text


def _ends(own_title: str, title: str, own_day: str, day: str) -> Words:
    def words(event: Event, own: bool, by: str) -> tuple[str, str]:
        label, reference = str(event.data.get("label", "")), str(event.data.get("reference", ""))
        last = day_text(event.data["last_day"]) if event.data.get("last_day") else ""
        when = (own_day if own else day).format(day=last) if last else ""
        # Why they leave, as they chose it, is for colleagues.
        why = "" if own else str(event.data.get("reason_label") or "")
        said = sentence(when, why, f"reference {reference[:3]} {reference[3:]}" if reference else "", "" if own else by)
        return f"{own_title if own else title}: {label}", said

    return words


WORDS: dict[str, Words] = {
    "cancellation.asked": _ends(
        "You cancelled",
        "Cancelled by the customer",
        "its last day is {day}",
        "last day {day}; it can be taken back until the day before",
    ),
    "cancellation.undone": _ends("You took the cancellation back", "Cancellation taken back", "", ""),
    "cancellation.done": _ends("Ended", "Ended", "its last day was {day}", "last day {day}"),
}
