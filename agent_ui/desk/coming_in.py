"""What every way in has in common: who stands at the door, the second step, and the sign-in that begins after it."""

from __future__ import annotations

from uuid import UUID

from flask import Flask, Response, current_app, g, redirect, session, url_for
from werkzeug.wrappers import Response as Answer

from agent_ui.desk.states import arrive, depart
from backend import db
from backend.entering import service as entering
from backend.entering.service import Visitor
from backend.people import service as people
from backend.people.service import Way
from backend.record import service as record
from shared.kernel.actors import Actor
from shared.ui import signing_in
from shared.ui.devices import browser_words, face_key, mark_device, network_address
from shared.ui.pages import local_path, request_now

_SESSION, _SECOND = "sign_in", "second_step"
SECOND_WITHIN_SECONDS = 600


def install(app: Flask, address: str) -> None:
    """`address`: where people reach us, for links in mails."""
    app.config["ADDRESS"] = address
    app.after_request(_seen)


def visitor() -> Visitor:
    """Whoever sent this request."""
    return entering.visitor(network_address(), mark_device(), browser_words(), face_key())


def begin(actor: Actor, way: Way, next_path: str = "") -> Answer:
    """Begins the sign-in, and leads to the page that was asked for; by way of the second step, where there is one or must be.

    An organisation's own sign-on asks for whatever it thinks right: we ask for nothing beside it.
    """
    if way == "password":
        with db.reading() as reading:
            is_set = entering.authenticators.is_set(reading, actor)
            who = people.employee(reading, UUID(actor.id))
        if is_set or (people.needs_second_step(who.role) and not who.is_demo):
            if not is_set:
                _begin_second_step(actor)
            signing_in.end()
            session[_SECOND] = {"subject": actor.id, "way": way, "next": next_path, "at": request_now().timestamp()}
            return redirect(url_for("signing_in.second" if is_set else "signing_in.set_up"), 303)
    enter(actor, way)
    return redirect(where_to(next_path), 303)


def _begin_second_step(actor: Actor) -> None:
    """Makes what a new app is told; what was begun lately goes on: the telephone may know it already."""
    with db.transaction() as writing:
        if entering.authenticators.beginning(writing, actor, face_key()) is None:
            entering.authenticators.begin(writing, actor, face_key(), request_now())


def half_way() -> Actor | None:
    """Who has taken the first step lately, and not the second."""
    said = session.get(_SECOND)
    if not said or request_now().timestamp() - said["at"] > SECOND_WITHIN_SECONDS:
        return None
    with db.reading() as reading:
        return people.staff_actor(reading, UUID(said["subject"]))


def go_on(actor: Actor) -> str:
    """The second step is taken too: the sign-in begins; gives where it leads."""
    said = session[_SECOND]
    enter(actor, said["way"])
    return where_to(said["next"])


def enter(actor: Actor, way: Way) -> None:
    """The sign-in begins, in this browser and in the database."""
    words = visitor().words
    with db.transaction() as writing:
        begun = people.begin_session(writing, UUID(actor.id), way, words, request_now())
        record.audit(
            writing, actor=actor, action="signed_in", subject=f"staff:{actor.id}", customer_id=None,
            payload={"browser": browser_words(), "way": way}, now=request_now(),
        )  # fmt: skip
    signing_in.start(actor)
    session[_SESSION] = str(begun)
    arrive(actor)


def leave(actor: Actor) -> None:
    """Ends this sign-in, here and in the database. Who is signed in elsewhere stays at work."""
    this = this_session()
    with db.transaction() as writing:
        if this is not None:
            people.end_sessions(writing, UUID(actor.id), request_now(), only=this)
        elsewhere = people.sessions_of(writing, UUID(actor.id), request_now())
        record.audit(
            writing, actor=actor, action="signed_out", subject=f"staff:{actor.id}", customer_id=None,
            payload={"browser": browser_words()}, now=request_now(),
        )  # fmt: skip
    if not elsewhere:
        depart(actor)
    signing_in.end()


def where_to(next_path: str) -> str:
    return local_path(next_path, url_for("home.show"))


def whole(path: str) -> str:
    """The path as an address for a letter."""
    return f"{current_app.config['ADDRESS']}{path}"


def this_session() -> UUID | None:
    try:
        return UUID(session.get(_SESSION, ""))
    except ValueError:
        return None


def find_actor(subject: str) -> Actor | None:
    """Who is signed in by this request's cookie; None where the sign-in was ended, wherever that was done."""
    this = this_session()
    try:
        staff_id = UUID(subject)
    except ValueError:
        return None
    if this is None:
        return None
    with db.reading() as reading:
        found = people.by_session(reading, staff_id, this, request_now())
    if found is None:
        return None
    actor, g.write_seen = found
    return actor


def _seen(response: Response) -> Response:
    """Notes now and then that they are here; not for what a page asks by itself, which would keep it open for ever."""
    this = this_session() if g.get("write_seen") else None
    if this is not None and not signing_in.asked_by_itself():
        with db.transaction() as writing:
            people.seen_now(writing, this, request_now())
    return response
