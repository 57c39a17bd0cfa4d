"""Makes the desk: a Flask app of its own, with its own cookie, keys and sign-in."""

from __future__ import annotations

from pathlib import Path

from flask import Flask

from agent_ui.administration import mailbox, members, skills, telephones, webhooks
from agent_ui.authoring import catalogue, drafts, models, simulations, texts
from agent_ui.casework import callbacks, files, letters, lists, one
from agent_ui.casework import words as case_words
from agent_ui.desk import (
    alternatives,
    calls,
    cases,
    coming_in,
    consents,
    contacts,
    customers,
    decisions,
    here,
    home,
    inbox,
    joining,
    live,
    matrix,
    offers,
    portal,
    rail,
    representatives,
    sign_ins,
    signing_in,
    sources,
    states,
    tasks,
    typed,
    unsettled,
    verifying,
    ways,
    whispers,
    words,
)
from agent_ui.knowledge import articles, suggested, writing
from agent_ui.oversight import enquiry, looks, privacy, retention, trail
from agent_ui.supervision import (
    alerts,
    approvals,
    consistency,
    dealing,
    duplicates,
    floor,
    quality,
    reports,
    wall,
    working,
)
from agent_ui.supervision import matrix as live_matrix
from backend import edge
from backend.people import service as people
from backend.settings import Settings
from shared.ui.devices import install_devices
from shared.ui.languages import install_languages
from shared.ui.sign_on import install_sign_on
from shared.ui.signing_in import install_sessions, install_sign_in, signed_in_actor, to_sign_in
from shared.ui.wiring import install_face

A_SHIFT = 12.0


def create_desk(settings: Settings) -> Flask:
    """The desk's WSGI app. The database must have been opened with `db.open` before its first request."""
    app = Flask("agent_ui", static_folder=None, root_path=str(Path(__file__).parent))
    edge.prepare(app, "desk", settings)
    install_languages(app)
    app.config.update(DEMO=settings.env == "demo", TESTING=settings.env == "test", STREAMS=settings.streams)
    install_sessions(app, "desk", settings.secret, secure=settings.secure_cookies, hours=A_SHIFT)
    install_sign_in(app, coming_in.find_actor)
    coming_in.install(app, settings.address)
    own = settings.staff_sign_on
    app.config["SIGN_ON_ONLY"] = own is not None and own.only
    if own is not None:
        install_sign_on(
            app, issuer=own.issuer, client=own.client, secret=own.secret, name=own.name, address=settings.address,
            back="signing_in.back_from_organisation",
        )  # fmt: skip
    install_devices(app, "desk")
    people.guard(app, signed_in_actor, to_sign_in)
    files.install(app, settings)
    texts.install(app)
    app.jinja_env.globals["blueprints"] = app.blueprints
    install_face(app, layout="desk/base.html", folder=Path(__file__).parent / "static")
    words.install(app)
    case_words.install(app)
    inbox.install(app)
    app.context_processor(rail.frame)
    wall.install(app)
    reports.install(app)
    looks.install(app)
    trail.install(app)
    privacy.install(app, settings)
    webhooks.install(app, settings)
    for part in (
        signing_in,
        joining,
        sign_ins,
        home,
        inbox,
        tasks,
        unsettled,
        here,
        customers,
        offers,
        portal,
        decisions,
        alternatives,
        cases,
        lists,
        letters,
        callbacks,
        one,
        files,
        articles,
        writing,
        suggested,
        matrix,
        calls,
        contacts,
        typed,
        states,
        verifying,
        ways,
        representatives,
        consents,
        sources,
        looks,
        privacy,
        retention,
        trail,
        enquiry,
        rail,
        live,
        wall,
        alerts,
        floor,
        whispers,
        reports,
        working,
        dealing,
        approvals,
        consistency,
        duplicates,
        live_matrix,
        quality,
        catalogue,
        models,
        drafts,
        simulations,
        texts,
        telephones,
        skills,
        members,
        webhooks,
    ):
        app.register_blueprint(part.bp)
    mailbox.install(app, settings)
    return app
