"""Makes the portal: a Flask app of its own, with its own cookie, keys and sign-in."""

from __future__ import annotations

from pathlib import Path

from flask import Flask

from backend import edge
from backend.paying import service as paying
from backend.people import service as people
from backend.settings import Settings
from selfservice_ui import (
    account,
    bills,
    by_phone,
    cancelling,
    cases,
    coming_in,
    contact,
    entering,
    everyone,
    help,
    home,
    keys,
    languages,
    live,
    me,
    offers,
    privacy,
    raising,
    rating,
    sign_ins,
    signing_in,
    theme,
    watching,
    words,
)
from shared.ui.devices import install_devices
from shared.ui.sign_on import install_sign_on
from shared.ui.signing_in import install_sessions, install_sign_in, signed_in_actor
from shared.ui.wiring import install_face

A_VISIT = 24.0
"""Hours that a browser keeps its cookie. The sign-in itself is over sooner: then it still says whose unsent words they are."""


def create_portal(settings: Settings) -> Flask:
    """The portal's WSGI app. The database must have been opened with `db.open` before its first request."""
    app = Flask("selfservice_ui", static_folder=None, root_path=str(Path(__file__).parent))
    edge.prepare(app, "portal", settings)
    # Before anybody is recognised: whoever signs in is then spoken to in their own.
    languages.install(app)
    app.config.update(
        DEMO=settings.env == "demo",
        TESTING=settings.env == "test",
        STREAMS=settings.streams,
        PAYMENTS=paying.door(settings),
    )
    install_sessions(app, "portal", settings.secret, secure=settings.secure_cookies, hours=A_VISIT)
    install_sign_in(app, coming_in.find_actor)
    install_devices(app, "portal")
    coming_in.install(app, settings.address)
    if (own := settings.customer_sign_on) is not None:
        install_sign_on(
            app, issuer=own.issuer, client=own.client, secret=own.secret, name=own.name, address=settings.address,
            back="signing_in.back_from_organisation",
        )  # fmt: skip
    people.guard(app, signed_in_actor, coming_in.to_sign_in)
    cases.install(app, settings)
    install_face(app, layout="portal/base.html", folder=Path(__file__).parent / "static")
    words.install(app)
    theme.install(app)
    watching.install(app)
    for part in (
        signing_in,
        entering,
        sign_ins,
        keys,
        home,
        raising,
        cases,
        by_phone,
        offers,
        rating,
        account,
        me,
        bills,
        cancelling,
        privacy,
        help,
        contact,
        everyone,
        watching,
        languages,
        theme,
        live,
    ):
        app.register_blueprint(part.bp)
    return app
