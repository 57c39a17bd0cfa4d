"""The languages that customers are spoken to in: which one is spoken just now, and what a sentence is in it.

Sentences are written in English where they are said, `gettext("Thank you")`, and translated in `shared/languages/*.po`.
A catalogue is compiled in memory when its language is first spoken, so that no compiled file can be out of date. The desk,
the API and the worker speak English unless they write to somebody; the portal speaks the language of who reads.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from io import BytesIO
from pathlib import Path

from babel import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

ENGLISH = "en"
CATALOGUES = Path(__file__).parents[1] / "languages"
_spoken: ContextVar[str] = ContextVar("spoken", default=ENGLISH)


def spoken() -> str:
    """The tag of the language that is spoken just now, such as "en" or "es-US"."""
    return _spoken.get()


def speak(tag: str) -> None:
    """From here on speaks this language."""
    _spoken.set(tag)


@contextmanager
def speaking(tag: str) -> Iterator[None]:
    """Speaks this language inside the block."""
    before = spoken()
    speak(tag)
    try:
        yield
    finally:
        speak(before)


def gettext(message: str, **values: object) -> str:
    """The sentence in the language that is spoken, with the values in the places named `%(so)s`."""
    # A catalogue's own description stands under the empty sentence.
    said = message if _spoken.get() == ENGLISH or not message else translations(_spoken.get()).gettext(message)
    return said % values if values else said


def ngettext(one: str, many: str, number: float, **values: object) -> str:
    """The sentence for this number of things; `%(num)s` stands for the number itself."""
    said = translations(_spoken.get()).ngettext(one, many, number)  # type: ignore[arg-type]  # its types want a whole number; plural forms take any
    return said % {"num": number, **values}


def noted(message: str) -> str:
    """The English sentence as it is: translated only where it is said, later, by `gettext`. The extractor finds it by this mark."""
    return message


@lru_cache(maxsize=256)
def base(tag: str) -> str:
    """The language of a tag without its region: "es" of "es-US"."""
    return tag.replace("_", "-").partition("-")[0].lower()


@lru_cache(maxsize=1)
def known() -> tuple[str, ...]:
    """The languages, without regions, that the product's own sentences are written in."""
    return (ENGLISH, *sorted(file.stem for file in CATALOGUES.glob("*.po")))


def heard(tag: str) -> str:
    """The tag, where we have its language; English for whoever speaks another."""
    return tag if base(tag) in known() else ENGLISH


def chosen_of(offered: tuple[str, ...], wanted: str) -> str | None:
    """The tag among the offered whose language is the wanted one, its region too where there is one; None where there is none."""
    exact = next((tag for tag in offered if tag.lower() == wanted.replace("_", "-").lower()), None)
    return exact or next((tag for tag in offered if base(tag) == base(wanted)), None)


@lru_cache(maxsize=64)
def locale_of(tag: str) -> Locale:
    """How dates and numbers are written in the language; as in English where nobody knows the tag."""
    for one in (tag, base(tag)):
        try:
            return Locale.parse(one, sep="-")
        except ValueError:  # a tag that is none, or of a language that Babel does not know
            continue
    return Locale.parse(ENGLISH)


@lru_cache(maxsize=64)
def direction(tag: str) -> str:
    """Which way the language is written: "ltr" or "rtl"."""
    return str(locale_of(tag).text_direction)


@lru_cache(maxsize=64)
def name_of(tag: str) -> str:
    """What those who speak it call the language: "English", "Español"."""
    named = Locale.parse(base(tag)).display_name or tag
    return named[:1].upper() + named[1:]


@lru_cache(maxsize=64)
def translations(tag: str) -> NullTranslations:
    """The product's own sentences in the language; English where there is no catalogue for it."""
    return compiled(CATALOGUES / f"{base(tag)}.po")


@lru_cache(maxsize=64)
def compiled(file: Path) -> NullTranslations:
    """The catalogue of a .po file; an empty one, which gives back what it is asked, where there is no such file."""
    if not file.is_file():
        return NullTranslations()
    with file.open("rb") as read:
        catalogue = read_po(read)
    made = BytesIO()
    write_mo(made, catalogue)
    made.seek(0)
    return Translations(made)
