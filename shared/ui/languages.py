"""In which language a page is written: Flask-Babel, over the kernel's catalogues, so that the pages and what they show say one thing."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import flask_babel
from babel.support import NullTranslations
from flask import Flask, g, has_request_context
from markupsafe import Markup

from shared.kernel import languages
from shared.kernel.languages import noted

SCRIPTS_SAY = (
    noted("No connection"),
    noted("What you just did was not saved. Check the connection and try again."),
    noted("This part could not be fetched. Check the connection and try again."),
    noted("The terms are others now:"),
    noted("Something changed here."),
    noted("This page was updated."),
    noted("Connection lost, trying again…"),
    noted("You were signed out. Reload the page."),
    noted("Live"),
    noted("This device has a passkey of yours already."),
    noted("Passkeys don't work at this address."),
    noted("Nothing was done. Try again, or choose another way."),
    noted("This browser knows no passkeys."),
)
"""What our scripts say, in English: the page tells them the same in its own language."""


class _Sentences(flask_babel.Domain):  # type: ignore[misc]  # the library has no types
    """Flask-Babel's `gettext` in Python reads the same catalogue as the kernel's."""

    def get_translations(self) -> NullTranslations:
        return languages.translations(languages.spoken())


class _Babel(flask_babel.Babel):  # type: ignore[misc]  # the library has no types
    domain_instance = _Sentences()


def install_languages(app: Flask, choose: Callable[[], str] | None = None) -> None:
    """Gives templates `_`, `ngettext` and `{% trans %}`. `choose` says what each request is written in before it is known who asks."""
    app.jinja_env.policies["ext.i18n.trimmed"] = True
    _Babel(app, default_locale=languages.ENGLISH, locale_selector=lambda: str(languages.locale_of(languages.spoken())))
    # Called forty times for a page: Jinja's own wrappers look each of them up in the context.
    # For a sentence that code chose: it is no part of the template, and is escaped as all that comes from elsewhere.
    app.jinja_env.filters["translated"] = languages.gettext
    app.jinja_env.globals.update(
        _=_say,
        gettext=_say,
        ngettext=_say_many,
        sentences=_sentences,
        spoken=languages.spoken,
        direction=lambda: languages.direction(languages.spoken()),
        language_name=languages.name_of,
    )

    @app.before_request
    def begin() -> None:
        # Set for each request anew: one thread serves many people, one after the other.
        g.spoken_before = languages.spoken()
        languages.speak(choose() if choose else languages.ENGLISH)

    @app.teardown_request
    def end(_: Any) -> None:
        languages.speak(g.pop("spoken_before", languages.spoken()))


def _say(message: str, **values: object) -> Markup:
    """The sentence in the page's language, its values escaped; %% is a percent sign."""
    said = _marked(languages.spoken(), message)
    return said % values if "%" in said else said


def _say_many(one: str, many: str, number: float, **values: object) -> Markup:
    said = languages.translations(languages.spoken()).ngettext(one, many, number)  # type: ignore[arg-type]  # its types want a whole number; plural forms take any
    return Markup(said) % {"num": number, **values}  # noqa: S704 (our own catalogue)


@lru_cache(maxsize=4096)
def _marked(tag: str, message: str) -> Markup:
    """A sentence of ours is HTML as it stands, in each language; a text of somebody else's is escaped where it goes in."""
    return Markup(languages.gettext(message))  # noqa: S704 (our own catalogue)


def _sentences() -> str:
    """What scripts say, by its English, in the language of the page."""
    return json.dumps({english: languages.gettext(english) for english in SCRIPTS_SAY}, ensure_ascii=False)


def speak(tag: str) -> None:
    """From here on this request is written in the language."""
    languages.speak(tag)
    if has_request_context() and "_flask_babel" in g:
        flask_babel.refresh()
