"""What customers do with their own account, in one line, for an agent or for the customer. Pure."""

from __future__ import annotations

from collections.abc import Callable

from backend.interactions.phrases import sentence
from backend.interactions.types import Event
from backend.matrix.service import day_text
from shared.kernel.languages import gettext as _
from shared.kernel.languages import noted

_SCORES = {1: noted("very bad"), 2: noted("bad"), 3: noted("all right"), 4: noted("good"), 5: noted("very good")}
_CHANGED = {
    "email": (noted("You changed your e-mail address"), "Changed their e-mail address"),
    "phone": (noted("You changed your telephone number"), "Changed their telephone number"),
}


def _rated(event: Event, own: bool, language: str) -> tuple[str, str]:
    score = int(event.data.get("score") or 0)
    said = _SCORES.get(score, "")
    about, words = str(event.data.get("about") or ""), str(event.data.get("words") or "")
    quoted = f"“{words}”" if words else ""
    title = _("You told us how it was: %(said)s", said=_(said)) if own else f"Rated {score} of 5, {said}"
    return title, sentence(about, quoted)


def _contact_changed(event: Event, own: bool, language: str) -> tuple[str, str]:
    yours, theirs = _CHANGED.get(str(event.data.get("what")), _CHANGED["email"])
    return (_(yours) if own else theirs), "" if own else "checked by a code"


def _closing(event: Event, own: bool, language: str) -> tuple[str, str]:
    on = day_text(event.data["on"]) if event.data.get("on") else ""
    if own:
        return _("You asked us to close your account"), _("it closes on %(day)s", day=on) if on else ""
    return "Asked to close the account", f"it is closed on {on}" if on else ""


def _kept(event: Event, own: bool, language: str) -> tuple[str, str]:
    by = f"told {event.actor_name}" if event.actor_kind not in ("customer", "system") and event.actor_name else ""
    return (_("You keep your account") if own else "Keeps the account after all"), "" if own else by


def _by_phone(event: Event, own: bool, language: str) -> tuple[str, str]:
    title = str(event.data.get("title") or "")
    if own:
        # The page was noted as it was called on that day: in words of ours, which other languages have too.
        return _("You wanted to go on by telephone"), _("from “%(title)s”", title=_(title)) if title else ""
    kept = "what they had written is kept" if event.data.get("drafted") else ""
    return "Wants to go on by telephone", sentence(f"from “{title}”" if title else "", kept)


WORDS: dict[str, Callable[[Event, bool, str], tuple[str, str]]] = {
    "rating.given": _rated,
    "rating.low": _rated,
    "contact.changed": _contact_changed,
    "closing.asked": _closing,
    "closing.taken_back": _kept,
    "by_phone.asked": _by_phone,
}
