"""What became of e-mail to the customer, in one line, for an agent or for the customer. Pure."""

from __future__ import annotations

from collections.abc import Callable

from backend.interactions.phrases import sentence
from backend.interactions.types import Event
from shared.kernel.languages import gettext as _


def _sent(event: Event, own: bool, language: str) -> tuple[str, str]:
    return (_("We wrote to you") if own else "Confirmation sent"), sentence(
        str(event.data.get("subject", "")), _("by e-mail")
    )


def _refused(event: Event, own: bool, language: str) -> tuple[str, str]:
    subject, why = str(event.data.get("subject", "")), str(event.data.get("why", ""))
    return "E-mail did not arrive", sentence(subject, why)


WORDS: dict[str, Callable[[Event, bool, str], tuple[str, str]]] = {"mail.sent": _sent, "mail.refused": _refused}
