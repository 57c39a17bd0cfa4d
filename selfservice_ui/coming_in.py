"""What every way in has in common: who stands at the door, and the sign-in that begins when they have proved who they are."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlsplit
from uuid import UUID

import structlog
from flask import Flask, Response, current_app, g, redirect, request, session, url_for
from flask_wtf.csrf import ValidationError, validate_csrf
from werkzeug.wrappers import Response as Answer

from backend import db
from backend.entering import service as entering
from backend.entering.service import Visitor, Way
from backend.ingest import service as ingest
from backend.people import service as people
from backend.profiles import service as profiles
from selfservice_ui import languages, watching
from shared.kernel.actors import Actor
from shared.kernel.errors import NotFound
from shared.kernel.languages import gettext
from shared.ui import sign_on, signing_in
from shared.ui.devices import browser_words, device_mark, face_key, mark_device, network_address
from shared.ui.formats import speak_of
from shared.ui.pages import local_path, request_now, tell
from shared.ui.sign_on import Known

_SESSION, _SECOND, _CONNECTS = "sign_in", "second_step", "connects"
_SEEN, MOST_SEEN = "seen", 10
SECOND_WITHIN_SECONDS = 600
WRITTEN = ("subject", "text", "about", "words")
"""What people write in forms, where it is more than a word."""
_log = structlog.stdlib.get_logger("evenhand.visits")


def install(app: Flask, address: str) -> None:
    """`address`: where people reach the portal, for links in mails."""
    app.config["ADDRESS"] = address
    app.after_request(_seen)


def visitor(mark: str | None = None) -> Visitor:
    """Whoever sent this request."""
    return entering.visitor(
        network_address(),
        device_mark() if mark is None else mark,
        browser_words(),
        face_key(),
    )


def begin(actor: Actor, way: Way, next_path: str = "") -> Answer:
    """Begins the sign-in, and leads to the page that was asked for; by way of the second step, where the customer has set one."""
    with db.reading() as reading:
        asks_more = way != "passkey" and entering.authenticators.is_set(reading, actor)
    if asks_more:
        seen, connects, said = session.get(_SEEN, []), session.get(_CONNECTS), languages.said_here()
        signing_in.end()
        session[_SEEN], session[_CONNECTS] = seen, connects
        languages.say(said)
        session[_SECOND] = {
            "subject": actor.id, "customer": str(actor.customer_id), "way": way, "next": next_path, "at": request_now().timestamp(),
        }  # fmt: skip
        return redirect(url_for("signing_in.second"), 303)
    return _begin(actor, way, next_path)


def connect_next(known: Known) -> None:
    """Whoever signs in next in this browser, and soon, is whom the organisation's sign-on knows."""
    session[_CONNECTS] = {"issuer": known.issuer, "subject": known.subject, "at": request_now().timestamp()}


def half_way() -> Actor | None:
    """Who has taken the first step lately, and not the second."""
    said = session.get(_SECOND)
    if not said or request_now().timestamp() - said["at"] > SECOND_WITHIN_SECONDS:
        return None
    return people.customer_of(UUID(said["subject"]), "", UUID(said["customer"]))


def go_on(actor: Actor) -> Answer:
    """The second step is taken too."""
    said = session[_SECOND]
    return _begin(actor, said["way"], said["next"])


def _begin(actor: Actor, way: Way, next_path: str) -> Answer:
    at_door, seen, said = visitor(mark_device()), session.get(_SEEN, []), languages.said_here()
    connects = session.get(_CONNECTS)
    if connects and request_now().timestamp() - connects["at"] > SECOND_WITHIN_SECONDS:
        connects = None
    with db.transaction() as writing:
        begun = entering.begin(writing, actor, way, at_door, current_app.config["ADDRESS"], request_now())
        unsent = entering.take_unsent(writing, actor, request_now())
        if connects:
            entering.sign_on.connect(writing, actor, connects["issuer"], connects["subject"], request_now())
        if said and actor.customer_id:
            profiles.set_language(writing, actor.customer_id, said, request_now())
    signing_in.start(actor)
    session[_SESSION] = str(begun)
    if connects:
        # Somebody else may have begun it in this browser: whose account it is should see it at once.
        tell(
            "warn",
            gettext("%(name)s opens this account too from now on", name=sign_on.name()),
            gettext("You did not ask for that? End it under How you sign in."),
        )
    _join(actor, seen)
    if unsent:
        tell("warn", gettext("You had been signed out, and this was not sent"), unsent)
    return redirect(local_path(next_path, url_for("home.show")), 303)


def to_sign_in() -> Answer:
    """Leads whoever is not signed in to the sign-in page; what they had written in a form is kept, where we know who it was."""
    words = "\n\n".join(request.form.get(name, "").strip() for name in WRITTEN if request.form.get(name, "").strip())
    this, subject = this_session(), session.get("_user_id")
    answer = signing_in.to_sign_in()
    if not words or this is None or not subject:
        return answer
    try:
        validate_csrf(request.form.get("csrf_token"))
        subject_id = UUID(subject)
    except (ValidationError, ValueError):
        return answer  # no form of ours
    with db.transaction() as writing:
        entering.keep_unsent(writing, subject_id, this, words)
    if answer.status_code == 303:
        # After a fault in it, a form stands at the address to which it was sent: it says itself where it is found.
        came_from = request.form.get("back") or urlsplit(request.referrer or "").path
        answer = redirect(url_for("signing_in.form", next=local_path(came_from, url_for("home.show"))), 303)
    return answer


def read(title: str) -> None:
    """Somebody who is not signed in reads this: their own browser keeps it, and nothing of it is kept here unless they sign in."""
    seen = [one for one in session.get(_SEEN, []) if one[0] != title]
    session[_SEEN] = [*seen, [title, request_now().isoformat()]][-MOST_SEEN:]


def _join(actor: Actor, seen: list[list[str]]) -> None:
    """Nobody is kept from signing in because what they read before could not be written down."""
    if not seen or actor.customer_id is None:
        return
    try:
        told = [ingest.Seen(title, datetime.fromisoformat(at)) for title, at in seen]
        ingest.came_in(device_mark(), actor.customer_id, told, request_now())
    except Exception:
        _log.exception("what was read before signing in not joined")


def leave(actor: Actor) -> None:
    """Ends this sign-in, here and in the database."""
    this = this_session()
    if this is not None:
        with db.transaction() as writing:
            entering.end(writing, actor, this, request_now(), forget=False)
    signing_in.end()


def this_session() -> UUID | None:
    try:
        return UUID(session.get(_SESSION, ""))
    except ValueError:
        return None


def find_actor(subject: str) -> Actor | None:
    """Who is signed in by this request's cookie; None where the sign-in was ended, wherever that was done."""
    this = this_session()
    try:
        subject_id = UUID(subject)
    except ValueError:
        return None
    if this is None:
        return None
    with db.reading() as reading:
        try:
            found = entering.actor_of(reading, subject_id, this, request_now())
        except NotFound:
            return None  # erased since they signed in
    if found is None:
        return None
    actor, g.profile, g.write_seen = found
    watching.note(g.profile)
    languages.of_customer(g.profile.language)
    speak_of(g.profile.timezone)
    return actor


def _seen(response: Response) -> Response:
    """Notes now and then that they are here; not for what a page asks by itself, which would keep it open for ever."""
    actor, this = signing_in.signed_in_actor() if g.get("write_seen") else None, this_session()
    if actor is not None and this is not None and not signing_in.asked_by_itself():
        with db.transaction() as writing:
            entering.seen_now(writing, UUID(actor.id), this, request_now())
    return response
