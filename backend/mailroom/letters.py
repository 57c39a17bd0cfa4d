"""The words of the mails that go out, in the languages that we have; English for all others. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from backend.profiles.types import Profile
from backend.treatments.service import OfferLine
from shared.kernel.clock import zone_named

_MONTHS_ES = (
    "enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre",
)  # fmt: skip
_WORDS: dict[str, dict[str, str]] = {
    "en": {
        "foot": "You can simply answer this mail: please leave [{reference}] in the subject.",
        "rate": "We hope that this is solved. How did we do? Tell us here:\n{link}",
        "accepted": "Confirmed: {headline}",
        "greeting": "Dear {name},",
        "intro": "You accepted this by telephone on {day} at {time}. Please keep this mail as your confirmation.",
        "intro_portal": "You accepted this on your pages on {day} at {time}. Please keep this mail as your confirmation.",
        "intro_for": "{person} accepted this for you by telephone on {day} at {time}. Please keep this mail as your confirmation.",
        "what": "What you agreed to: {headline}",
        "what_for": "What was agreed for you: {headline}",
        "chosen": "What you chose:",
        "chosen_for": "What was chosen for you:",
        "told": "What you were told before you accepted:",
        "told_for": "What was said before it was accepted:",
        "reference": "Your confirmation reference: {reference}",
        "undo": "You can change your mind until {day}: sign in to your pages and choose Take it back, or call us and say your reference. Then everything is as it was before.",
        "final": "If anything here is not as it was said, please call us and say your reference.",
        "undone": "Taken back: {headline}",
        "undone_intro": "This was taken back on {day} at {time}. What we had arranged is undone, and you owe nothing for it.",
        "was": "What had been agreed: {headline}",
    },
    "es": {
        "foot": "Puede responder a este correo: deje [{reference}] en el asunto, por favor.",
        "rate": "Esperamos que esté resuelto. ¿Qué tal lo hicimos? Díganoslo aquí:\n{link}",
        "accepted": "Confirmado: {headline}",
        "greeting": "Hola {name}:",
        "intro": "Usted aceptó esto por teléfono el {day} a las {time}. Guarde este correo como su confirmación.",
        "intro_portal": "Usted aceptó esto en sus páginas el {day} a las {time}. Guarde este correo como su confirmación.",
        "intro_for": "{person} aceptó esto por usted por teléfono el {day} a las {time}. Guarde este correo como su confirmación.",
        "what": "Lo que ha aceptado: {headline}",
        "what_for": "Lo que se ha aceptado por usted: {headline}",
        "chosen": "Lo que ha elegido:",
        "chosen_for": "Lo que se ha elegido por usted:",
        "told": "Lo que se le dijo antes de aceptar:",
        "told_for": "Lo que se dijo antes de aceptar:",
        "reference": "Su referencia de confirmación: {reference}",
        "undo": "Puede cambiar de opinión hasta el {day}: entre en sus páginas y devuélvalo allí, o llámenos y diga su referencia. Entonces queda como estaba antes.",
        "final": "Si algo no es como se dijo, llámenos y diga su referencia, por favor.",
        "undone": "Anulado: {headline}",
        "undone_intro": "Esto se anuló el {day} a las {time}. Lo que habíamos dispuesto queda sin efecto, y no debe nada por ello.",
        "was": "Lo que se había aceptado: {headline}",
    },
}


def answer(language: str, reference: str, subject: str, text: str, author: str, rated_at: str = "") -> tuple[str, str]:
    """Subject and text of an answer in a case; its reference brings an answer to it back to the case.

    `rated_at`: where the customer says how it was, once it is solved.
    """
    spoken, words = spaced(reference), _in(language)
    foot = words["foot"].format(reference=spoken)
    asked = f"\n\n{words['rate'].format(link=rated_at)}" if rated_at else ""
    return f"{subject or 'Your message'} [{spoken}]", f"{text}{asked}\n\n-- \n{author}\n{foot}\n"


def confirmation(profile: Profile, line: OfferLine, at: datetime) -> tuple[str, str]:
    """What was accepted: its terms, what was chosen and what was read out, the reference, and until when it can be taken back."""
    words = _in(profile.language)
    last_day = line.undo_until
    mind = words["undo"].format(day=_day(last_day, profile.language)) if last_day else words["final"]
    other = "_for" if line.person is not None else ""
    more = [
        _listed(words[f"chosen{other}"], (one.said for one in line.chosen)),
        # Word for word, as it was read out: whoever compares finds the same text.
        _listed(words[f"told{other}"], (f"{one.label}. {one.text}" for one in line.disclosed)),
    ]
    intro = "intro_portal" if line.channel == "portal" else f"intro{other}"
    return _letter(profile, line, line.at or at, "accepted", intro, f"what{other}", line.promise, mind, more)


def taken_back(profile: Profile, line: OfferLine, at: datetime) -> tuple[str, str]:
    """What had been agreed is no longer."""
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
    words, local = _in(profile.language), at.astimezone(zone_named(profile.timezone))
    agreed = [words[what].format(headline=line.headline), *(f"- {term.label}: {term.text}" for term in line.terms)]
    parts = [
        words["greeting"].format(name=profile.name),
        words[intro].format(
            day=_day(local.date(), profile.language),
            time=f"{local:%H:%M}",
            person=line.person.name if line.person else "",
        ),
        "\n".join(agreed),
        *more,
        promise,
        words["reference"].format(reference=spaced(line.reference)) if line.reference else "",
        end,
    ]
    return words[subject].format(headline=line.headline), "\n\n".join(part for part in parts if part) + "\n"


def _listed(title: str, lines: Iterable[str]) -> str:
    found = [f"- {line}" for line in lines]
    return "\n".join([title, *found]) if found else ""


def spaced(reference: str) -> str:
    """ "ABC DEF": as it is read out."""
    return f"{reference[:3]} {reference[3:]}".strip()


def _in(language: str) -> dict[str, str]:
    return _WORDS.get(language[:2].lower(), _WORDS["en"])


def _day(day: date, language: str) -> str:
    if language[:2].lower() == "es":
        return f"{day.day} de {_MONTHS_ES[day.month - 1]} de {day.year}"
    return f"{day.day} {day:%B} {day.year}"
