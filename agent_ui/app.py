"""Makes the desk: a Flask app of its own, with its own cookie, keys and sign-in."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

from flask import Flask

from agent_ui.administration import telephones, webhooks
from agent_ui.authoring import catalogue, drafts, simulations, texts
from agent_ui.desk import (
    alternatives,
    calls,
    cases,
    consents,
    contacts,
    customers,
    decisions,
    home,
    live,
    matrix,
    offers,
    rail,
    representatives,
    signing_in,
    states,
    words,
)
from agent_ui.oversight import looks, privacy, retention
from agent_ui.supervision import approvals, duplicates, wall
from backend import db, edge
from backend.people import service as people
from backend.settings import Settings
from shared.kernel.actors import Actor
from shared.ui.signing_in import install_sessions, install_sign_in, signed_in_actor, to_sign_in
from shared.ui.wiring import install_face

A_SHIFT = 12.0


def create_desk(settings: Settings) -> Flask:
    """The desk's WSGI app. The database must have been opened with `db.open` before its first request."""
    app = Flask("agent_ui", static_folder=None, root_path=str(Path(__file__).parent))
    edge.prepare(app, "desk", settings)
    app.config.update(DEMO=settings.env == "demo", TESTING=settings.env == "test", STREAMS=settings.streams)
    install_sessions(app, "desk", settings.secret, secure=settings.secure_cookies, hours=A_SHIFT)
    install_sign_in(app, _staff)
    people.guard(app, signed_in_actor, to_sign_in)
    texts.install(app)
    install_face(app, layout="desk/base.html", folder=Path(__file__).parent / "static")
    words.install(app)
    app.context_processor(rail.frame)
    wall.install(app)
    looks.install(app)
    privacy.install(app, settings)
    webhooks.install(app, settings)
    for part in (
        signing_in,
        home,
        customers,
        offers,
        decisions,
        alternatives,
        cases,
        matrix,
        calls,
        contacts,
        states,
        representatives,
        consents,
        looks,
        privacy,
        retention,
        rail,
        live,
        wall,
        approvals,
        duplicates,
        catalogue,
        drafts,
        simulations,
        texts,
        telephones,
        webhooks,
    ):
        app.register_blueprint(part.bp)
    return app


def _staff(subject: str) -> Actor | None:
    try:
        staff_id = UUID(subject)
    except ValueError:
        return None
    with db.reading() as session:
        return people.staff_actor(session, staff_id)
