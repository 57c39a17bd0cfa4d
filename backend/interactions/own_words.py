"""What customers do with their own account, in one line, for an agent or for the customer. Pure."""

from __future__ import annotations

from collections.abc import Callable

from backend.interactions.phrases import sentence
from backend.interactions.types import Event
from backend.matrix.service import day_text

_SCORES = {1: "very bad", 2: "bad", 3: "all right", 4: "good", 5: "very good"}
_POINTS = {"email": "e-mail address", "phone": "telephone number"}


def _rated(event: Event, own: bool, language: str) -> tuple[str, str]:
    score = int(event.data.get("score") or 0)
    said = _SCORES.get(score, "")
    about, words = str(event.data.get("about") or ""), str(event.data.get("words") or "")
    quoted = f"“{words}”" if words else ""
    title = f"You told us how it was: {said}" if own else f"Rated {score} of 5, {said}"
    return title, sentence(about, quoted)


def _contact_changed(event: Event, own: bool, language: str) -> tuple[str, str]:
    what = _POINTS.get(str(event.data.get("what")), "address")
    return (f"You changed your {what}" if own else f"Changed their {what}"), "" if own else "checked by a code"


def _closing(event: Event, own: bool, language: str) -> tuple[str, str]:
    on = day_text(event.data["on"]) if event.data.get("on") else ""
    return (
        ("You asked us to close your account" if own else "Asked to close the account"),
        f"it is closed on {on}" if on else "",
    )


def _kept(event: Event, own: bool, language: str) -> tuple[str, str]:
    return ("You keep your account" if own else "Keeps the account after all"), ""


def _by_phone(event: Event, own: bool, language: str) -> tuple[str, str]:
    title = str(event.data.get("title") or "")
    return ("You wanted to go on by telephone" if own else "Wants to go on by telephone"), sentence(
        f"from “{title}”" if title else "", "" if own else "what they had written is kept" if event.data.get("drafted") else ""
    )  # fmt: skip


WORDS: dict[str, Callable[[Event, bool, str], tuple[str, str]]] = {
    "rating.given": _rated,
    "rating.low": _rated,
    "contact.changed": _contact_changed,
    "closing.asked": _closing,
    "closing.taken_back": _kept,
    "by_phone.asked": _by_phone,
}
