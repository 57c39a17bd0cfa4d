"""Which language the portal is written in: the customer's own; for visitors what they chose, or what their browser asks for."""

from __future__ import annotations

from flask import Blueprint, Flask, Response, current_app, redirect, request, session, url_for
from werkzeug.wrappers import Response as Answer

from backend import db
from backend.people.service import public
from backend.profiles import service as profiles
from selfservice_ui.theme import face
from shared.kernel import languages
from shared.ui.languages import install_languages, speak
from shared.ui.pages import local_path, request_now
from shared.ui.signing_in import signed_in_actor

bp = Blueprint("languages", __name__)
_SAID = "language"
A_YEAR = 365 * 24 * 3600


def install(app: Flask) -> None:
    app.config["LANGUAGE_COOKIE"] = "evenhand_portal_language"
    install_languages(app, _of_request)
    app.after_request(_remembered)
    app.jinja_env.globals.update(offered_languages=offered, here_again=_here_again)


def offered() -> tuple[str, ...]:
    """The tags of the languages that the portal can be read in, the house's own first."""
    return face().languages


@bp.post("/language")
@public
def choose() -> Answer:
    """Writes the portal in another language from here on; for whoever is signed in, in every channel."""
    tag = languages.chosen_of(offered(), request.form.get("language", "")[:20]) or languages.spoken()
    actor = signed_in_actor()
    if actor is None or actor.customer_id is None:
        say(tag)
    else:
        with db.transaction() as writing:
            profiles.set_language(writing, actor.customer_id, tag, request_now())
    speak(tag)
    return redirect(local_path(request.form.get("back"), url_for("home.show")), 303)


def of_customer(tag: str) -> None:
    """From here on this request is written in the customer's own language."""
    speak(languages.chosen_of(offered(), tag) or offered()[0])


def say(tag: str | None) -> None:
    """Remembers for this visit what was chosen before anybody signed in."""
    if tag:
        session[_SAID] = tag


def said_here() -> str | None:
    """What this visitor chose during this visit, if they did: it is theirs too once they have signed in."""
    return languages.chosen_of(offered(), str(session.get(_SAID, "")))


def _of_request() -> str:
    """What whoever is signed in chose, in this or another channel; else what this visitor is spoken to in."""
    if (request.endpoint or "").endswith("static"):
        return languages.ENGLISH
    if "_user_id" in session and signed_in_actor() is not None:
        return languages.spoken()  # read from their profile as they were recognised
    return _of_visitor()


def _of_visitor() -> str:
    """What they chose on this device, else what their browser asks for, else the house's own."""
    asked = [request.cookies.get(current_app.config["LANGUAGE_COOKIE"], "")[:20], *request.accept_languages.values()]
    return next((tag for one in asked if (tag := languages.chosen_of(offered(), one))), offered()[0])


def _remembered(response: Response) -> Response:
    """The device remembers what was spoken last, so that after signing out nobody is spoken to in a foreign tongue."""
    name, tag = current_app.config["LANGUAGE_COOKIE"], languages.spoken()
    if request.endpoint in ("languages.choose", "signing_in.leave") and request.cookies.get(name) != tag:
        response.set_cookie(
            name, tag, max_age=A_YEAR, path=request.script_root or "/", httponly=True, samesite="Lax",
            secure=bool(current_app.config["SESSION_COOKIE_SECURE"]),
        )  # fmt: skip
    return response


def _here_again() -> str:
    """The page that is being drawn, to come back to; the first one where it can't be asked for again."""
    if request.method != "GET":
        return url_for("home.show")
    return request.script_root + (request.full_path if request.query_string else request.path)
