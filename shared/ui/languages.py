"""In which language a page is written: Flask-Babel, over the kernel's catalogues, so that the pages and what they show say one thing."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import flask_babel
from babel.support import NullTranslations
from flask import Flask, g, has_request_context

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


class _Sentences(flask_babel.Domain):  # type: ignore[misc]
    """Flask-Babel's `gettext` in Python reads the same catalogue as the kernel's."""

    def get_translations(self) -> NullTranslations:
        return languages.translations(languages.spoken())


class _Babel(flask_babel.Babel):  # type: ignore[misc]
    domain_instance = _Sentences()


def install_languages(app: Flask, choose: Callable[[], str] | None = None) -> None:
    """Gives templates `_`, `ngettext` and `{% trans %}`. `choose` says what each request is written in before it is known who asks."""
    app.jinja_env.policies["ext.i18n.trimmed"] = True
    _Babel(app, default_locale=languages.ENGLISH, locale_selector=lambda: str(languages.locale_of(languages.spoken())))
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        gettext=lambda message: languages.gettext(message),
        ngettext=lambda one, many, number: languages.translations(languages.spoken()).ngettext(one, many, number),
        newstyle=True,
    )
    app.jinja_env.globals.update(
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


def _sentences() -> str:
    """What scripts say, by its English, in the language of the page."""
    return json.dumps({english: languages.gettext(english) for english in SCRIPTS_SAY}, ensure_ascii=False)


def speak(tag: str) -> None:
    """From here on this request is written in the language."""
    languages.speak(tag)
    if has_request_context():
        flask_babel.refresh()
