"""Who reads in this request: staff by their teams and role, programs by their scopes, the house whatever it needs."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from flask import Flask, current_app, g, request
from sqlmodel import Session

from backend.cases import service as cases
from backend.catalogue import service as catalogues
from backend.people.service import Permission
from backend.profiles import service as profiles
from backend.record import service as record
from shared.kernel import clock
from shared.kernel.actors import Actor
from shared.kernel.errors import NotFound

_SHOWING = frozenset(
    {Permission.SEARCH_CUSTOMERS, Permission.SEE_CUSTOMER, Permission.SEE_CASES, Permission.SEE_DECISIONS}
)
"""What a program gets to read by. What it tells us, and what it asks to be decided in a channel of its own, is taken of everybody."""


def keep_out(app: Flask) -> None:
    """Every request of this app reads for whoever asks, from here on; stands after the guard, which says who that is."""

    @app.before_request
    def begin() -> None:
        profiles.read_as(None)
        actor: Actor | None = g.get("actor")
        view = current_app.view_functions.get(request.endpoint or "")
        if actor is None or (actor.kind == "key" and not _shows(getattr(view, "permission", None))):
            return
        profiles.read_as(closed_to(actor))

    @app.teardown_request
    def end(_error: BaseException | None) -> None:
        profiles.read_as(None)


def _shows(permission: Permission | None) -> bool:
    return permission is Permission.SEARCH_CUSTOMERS or (request.method == "GET" and permission in _SHOWING)


def closed_to(actor: Actor) -> Callable[[Session], frozenset[str]]:
    """The groups of customers that this one may not open, asked for when they are needed."""

    def asked(session: Session) -> frozenset[str]:
        try:
            pack = catalogues.pack_in_force(session)
        except NotFound:
            return frozenset()
        if actor.kind == "key":
            every = frozenset(one.key for one in pack.restricted)
            return frozenset() if actor.may(Permission.SEE_RESTRICTED) else every
        return cases.closed_to(session, actor, pack)

    return asked


def looked_after_by(session: Session, customer_id: UUID) -> tuple[tuple[str, str], ...]:
    """The teams, key and label, that a customer is handed over to who is closed to others; none where they are anybody's. Raises NotFound."""
    with profiles.as_house():
        group = profiles.profile(session, customer_id).restricted
    return cases.looked_after_by(catalogues.pack_in_force(session), group) if group else ()


def who_may_open(session: Session, group: str) -> frozenset[UUID] | None:
    """The members of staff who may open the customers of this group; None: everybody may."""
    return cases.who_may_open(session, group, catalogues.pack_in_force(session))


def note_refusal(session: Session, customer_id: UUID, actor: Actor, page: str) -> None:
    """Puts on the trail that somebody asked for a customer who is closed to them, and which page."""
    with profiles.as_house():
        canonical = profiles.resolve(session, customer_id)
        record.audit(
            session, actor=actor, action="customer.kept_closed", subject=f"customer:{canonical}", customer_id=canonical,
            payload={"page": page}, now=clock.now(),
        )  # fmt: skip
