"""Who is signed in to a face: Flask-Login around the kernel's Actor, with cookies that the other face cannot read."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from flask import Flask, Request, Response, g, make_response, redirect, request, session, url_for
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user
from itsdangerous import BadSignature, URLSafeTimedSerializer
from werkzeug.wrappers import Response as Answer

from shared.kernel.actors import Actor
from shared.ui.pages import wants_fragment
from shared.ui.streams import GONE, TYPE

RENEWED_AFTER = timedelta(minutes=1)


class SignedIn(UserMixin):  # type: ignore[misc]
    """Flask-Login's view of an Actor."""

    def __init__(self, actor: Actor) -> None:
        self.actor = actor
        self.id = actor.id


def asked_by_itself() -> bool:
    """Whether no person asked: the page's stream, what it finds as one types, or a part that it fetched since something changed."""
    return bool(g.get("by_itself")) or request.headers.get("X-Live") == "yes"


class FaceSession(SecureCookieSession):
    """A sign-in's cookie as it was read; `signed` is when it was made."""

    signed: datetime | None = None


class FaceSessions(SecureCookieSessionInterface):
    """Signed cookies with a salt of the face's own, sent only below the place where the face is mounted.

    Each page that a person asks for makes the sign-in last from then on; the cookie is made anew once a minute at most.
    """

    session_class = FaceSession

    def __init__(self, face: str) -> None:
        self.salt = f"evenhand-{face}-session"
        self._serializer: URLSafeTimedSerializer | None = None

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        if self._serializer is None:
            self._serializer = super().get_signing_serializer(app)
        return self._serializer

    def get_cookie_path(self, app: Flask) -> str:
        return request.script_root or "/"

    def open_session(self, app: Flask, request: Request) -> FaceSession | None:
        serializer, text = self.get_signing_serializer(app), request.cookies.get(self.get_cookie_name(app))
        if serializer is None or not text:
            return None if serializer is None else FaceSession()
        try:
            lifetime = int(app.permanent_session_lifetime.total_seconds())
            kept, signed = serializer.loads(text, max_age=lifetime, return_timestamp=True)
        except BadSignature:
            return FaceSession()
        session = FaceSession(kept)
        session.signed = signed
        return session

    def should_set_cookie(self, app: Flask, session: SessionMixin) -> bool:
        """Not for what a page asks by itself: a page left open would keep its sign-in alive for ever."""
        if session.modified:
            return True
        signed = getattr(session, "signed", None)
        # By the system's clock, as the signature.
        age = timedelta.max if signed is None else datetime.fromtimestamp(time.time(), UTC) - signed
        fresh = age < min(RENEWED_AFTER, app.permanent_session_lifetime / 4)
        return super().should_set_cookie(app, session) and not fresh and not asked_by_itself()


def install_sessions(app: Flask, face: str, secret: bytes, *, secure: bool, hours: float) -> None:
    """One cookie, one key and one salt per face: a session of the desk never opens the portal, nor the other way round."""
    app.secret_key = hmac.new(secret, f"evenhand {face}".encode(), hashlib.sha256).digest()
    app.session_interface = FaceSessions(face)
    app.config.update(
        SESSION_COOKIE_NAME=f"evenhand_{face}",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=secure,
        PERMANENT_SESSION_LIFETIME=timedelta(hours=hours),
        # Nobody is remembered; should that ever change, these must not be forgotten.
        REMEMBER_COOKIE_NAME=f"evenhand_{face}_remember",
        REMEMBER_COOKIE_HTTPONLY=True,
        REMEMBER_COOKIE_SAMESITE="Lax",
        REMEMBER_COOKIE_SECURE=secure,
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SECRET_KEY=hmac.new(secret, f"evenhand {face} forms".encode(), hashlib.sha256).digest(),
    )


def install_sign_in(app: Flask, load: Callable[[str], Actor | None]) -> None:
    """Asks `load` for the actor of each request; an id that it does not know is signed out."""
    manager = LoginManager()
    manager.session_protection = "basic"

    @manager.user_loader  # type: ignore[untyped-decorator]
    def user(subject: str) -> SignedIn | None:
        actor = load(subject)
        return SignedIn(actor) if actor else None

    manager.init_app(app)


def signed_in_actor() -> Actor | None:
    """The one who is signed in, or None."""
    actor: Actor | None = getattr(current_user, "actor", None)
    return actor


def start(actor: Actor) -> None:
    """Begins a fresh session: nothing that stood in the cookie before survives the sign-in."""
    session.clear()
    session.permanent = True
    login_user(SignedIn(actor), remember=False)


def end() -> None:
    logout_user()
    session.clear()


def to_sign_in() -> Answer:
    """Leads somebody unknown to the sign-in page, and a page that was asked for back again afterwards."""
    if request.accept_mimetypes.best == TYPE:
        # A browser could not tell a redirect from a broken line, and would try for ever.
        return Response(GONE, mimetype=TYPE)
    where = url_for("signing_in.form")
    if wants_fragment():
        answer: Response = make_response("", 401)
        answer.headers["HX-Redirect"] = where
        return answer
    if request.method == "GET" and request.path != "/":
        where = url_for("signing_in.form", next=request.script_root + request.path)
    return redirect(where, 303)
