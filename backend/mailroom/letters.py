"""The words of the mails that go out. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from backend.profiles.types import Profile
from backend.treatments.service import OfferLine
from shared.kernel import dates
from shared.kernel.clock import zone_named
from shared.kernel.languages import gettext, heard, noted, speaking

_WORDS = {
    "foot": noted("You can simply answer this mail: please leave [{reference}] in the subject."),
    "rate": noted("We hope that this is solved. How did we do? Tell us here:\n{link}"),
    "accepted": noted("Confirmed: {headline}"),
    "greeting": noted("Dear {name},"),
    "intro": noted("You accepted this by telephone on {day} at {time}. Please keep this mail as your confirmation."),
    "intro_portal": noted(
        "You accepted this on your pages on {day} at {time}. Please keep this mail as your confirmation."
    ),
    "intro_for": noted(
        "{person} accepted this for you by telephone on {day} at {time}. Please keep this mail as your confirmation."
    ),
    "what": noted("What you agreed to: {headline}"),
    "what_for": noted("What was agreed for you: {headline}"),
    "chosen": noted("What you chose:"),
    "chosen_for": noted("What was chosen for you:"),
    "told": noted("What you were told before you accepted:"),
    "told_for": noted("What was said before it was accepted:"),
    "reference": noted("Your confirmation reference: {reference}"),
    "undo": noted(
        "You can change your mind until {day}: sign in to your pages and choose Take it back, or call us and say your reference. Then everything is as it was before."
    ),
    "final": noted("If anything here is not as it was said, please call us and say your reference."),
    "undone": noted("Taken back: {headline}"),
    "undone_intro": noted(
        "This was taken back on {day} at {time}. What we had arranged is undone, and you owe nothing for it."
    ),
    "was": noted("What had been agreed: {headline}"),
}
"""The English; who is written to reads their own language."""


def answer(language: str, reference: str, subject: str, text: str, author: str, rated_at: str = "") -> tuple[str, str]:
    """Subject and text of an answer in a case; its reference brings an answer to it back to the case.

    `rated_at`: where the customer says how it was, once it is solved.
    """
    spoken = spaced(reference)
    with speaking(heard(language)):
        foot = _said("foot", reference=spoken)
        asked = f"\n\n{_said('rate', link=rated_at)}" if rated_at else ""
        return f"{subject or gettext('Your message')} [{spoken}]", f"{text}{asked}\n\n-- \n{author}\n{foot}\n"


def confirmation(profile: Profile, line: OfferLine, at: datetime) -> tuple[str, str]:
    """What was accepted: its terms, what was chosen and what was read out, the reference, and until when it can be taken back."""
    with speaking(heard(profile.language)):
        return _confirmation(profile, line, at)


def _confirmation(profile: Profile, line: OfferLine, at: datetime) -> tuple[str, str]:
    last_day = line.undo_until
    mind = _said("undo", day=dates.long_day(last_day)) if last_day else _said("final")
    other = "_for" if line.person is not None else ""
    more = [
        _listed(_said(f"chosen{other}"), (one.said for one in line.chosen)),
        # Word for word, as it was read out: whoever compares finds the same text.
        _listed(_said(f"told{other}"), (f"{one.label}. {one.text}" for one in line.disclosed)),
    ]
    intro = "intro_portal" if line.channel == "portal" else f"intro{other}"
    return _letter(profile, line, line.at or at, "accepted", intro, f"what{other}", line.promise, mind, more)


def taken_back(profile: Profile, line: OfferLine, at: datetime) -> tuple[str, str]:
    """What had been agreed is no longer."""
    with speaking(heard(profile.language)):
        return _letter(profile, line, at, "undone", "undone_intro", "was", "", "")


def _letter(
    profile: Profile,
    line: OfferLine,
    at: datetime,
    subject: str,
    intro: str,
    what: str,
    promise: str,
    end: str,
    more: Iterable[str] = (),
) -> tuple[str, str]:
    local = at.astimezone(zone_named(profile.timezone))
    agreed = [_said(what, headline=line.headline), *(f"- {term.label}: {term.text}" for term in line.terms)]
    parts = [
        _said("greeting", name=profile.name),
        _said(
            intro, day=dates.long_day(local.date()), time=dates.time_of_day(local),
            person=line.person.name if line.person else "",
        ),
        "\n".join(agreed),
        *more,
        promise,
        _said("reference", reference=spaced(line.reference)) if line.reference else "",
        end,
    ]  # fmt: skip
    return _said(subject, headline=line.headline), "\n\n".join(part for part in parts if part) + "\n"


def _listed(title: str, lines: Iterable[str]) -> str:
    found = [f"- {line}" for line in lines]
    return "\n".join([title, *found]) if found else ""


def spaced(reference: str) -> str:
    """ "ABC DEF": as it is read out."""
    return f"{reference[:3]} {reference[3:]}".strip()


def _said(key: str, **values: str) -> str:
    """The words in the language that is spoken, with the values in their places."""
    words = _WORDS[key]
    return gettext(words).format(**values)
