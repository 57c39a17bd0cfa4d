"""How a view says who may use it, and the guard that holds each app to it."""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, g, request
from flask.typing import ResponseReturnValue

from backend.people.permissions import Permission
from shared.kernel.actors import Actor
from shared.kernel.errors import Forbidden, Unauthenticated

View = TypeVar("View", bound=Callable[..., Any])


def requires(permission: Permission) -> Callable[[View], View]:
    """Marks a view as open to those with the permission. Stands below the route's own decorator."""

    def mark(view: View) -> View:
        view.permission = permission  # type: ignore[attr-defined]
        return view

    return mark


def public(view: View) -> View:
    """Marks a view as open to everyone, signed in or not. Stands below the route's own decorator."""
    view.is_public = True  # type: ignore[attr-defined]
    return view


def guard(app: Flask, find_actor: Callable[[], Actor | None], on_anonymous: Callable[[], ResponseReturnValue]) -> None:
    """Holds every route of the app to its mark, before its view runs.

    `find_actor` says who is asking. No mark: Forbidden for everyone. Nobody signed in: what `on_anonymous` returns or raises. No permission: Forbidden.
    """

    @app.before_request
    def enforce() -> ResponseReturnValue | None:
        view = app.view_functions.get(request.endpoint or "")
        if view is None or is_open(request.endpoint or "", view):
            return None  # no route at all: the router's own 404 or 405 follows
        permission = getattr(view, "permission", None)
        if permission is None:
            raise Forbidden("This page does not say who may see it.")
        actor = find_actor()
        if actor is None:
            return on_anonymous()
        if not actor.may(permission):
            raise Forbidden("You do not have the right to do this.", permission=str(permission))
        g.actor = actor
        return None


def current_actor() -> Actor:
    """Whoever the guard let through to this view. Raises Unauthenticated in a public one."""
    actor: Actor | None = g.get("actor")
    if actor is None:
        raise Unauthenticated
    return actor


def is_open(endpoint: str, view: Callable[..., Any]) -> bool:
    """Whether everyone may use the route: it is marked public, or it serves vendored files."""
    return bool(getattr(view, "is_public", False)) or endpoint == "static" or endpoint.endswith(".static")


def undeclared(app: Flask) -> list[str]:
    """The routes of the app that say neither who may use them nor that all may; a test holds this to be empty."""
    return sorted(
        f"{rule.rule} ({rule.endpoint})"
        for rule in app.url_map.iter_rules()
        if getattr(app.view_functions[rule.endpoint], "permission", None) is None
        and not is_open(rule.endpoint, app.view_functions[rule.endpoint])
    )
