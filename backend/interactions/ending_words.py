"""What a customer cancelled, in one line, for an agent or for the customer. Pure."""

from __future__ import annotations

from backend.interactions.case_words import Words
from backend.interactions.phrases import sentence
from backend.interactions.types import Event
from backend.matrix.service import day_text
from shared.kernel.languages import gettext as _
from shared.kernel.languages import noted


def _ends(own_title: str, title: str, own_day: str, day: str) -> Words:
    """`own_title` and `own_day` are what the customer reads, of %(what)s and %(day)s; the others are for colleagues."""

    def words(event: Event, own: bool, by: str) -> tuple[str, str]:
        label, number = str(event.data.get("label", "")), str(event.data.get("reference", ""))
        number = f"{number[:3]} {number[3:]}"
        last = day_text(event.data["last_day"]) if event.data.get("last_day") else ""
        if own:
            when = _(own_day, day=last) if own_day and last else ""
            return _(own_title, what=label), sentence(when, _("number %(number)s", number=number))
        # Why they leave, as they chose it, is for colleagues.
        why = str(event.data.get("reason_label") or "")
        return f"{title}: {label}", sentence(day.format(day=last), why, f"number {number}", by)

    return words


WORDS: dict[str, Words] = {
    "cancellation.asked": _ends(
        noted("You cancelled: %(what)s"), "Cancelled by the customer", noted("its last day is %(day)s"),
        "last day {day}; it can be taken back until the day before",
    ),
    "cancellation.undone": _ends(noted("You took your cancellation back: %(what)s"), "Cancellation taken back", "", ""),
    "cancellation.done": _ends(noted("Ended: %(what)s"), "Ended", noted("its last day was %(day)s"), "last day {day}"),
}  # fmt: skip
