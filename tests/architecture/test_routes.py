"""Every route of the three apps says who may use it."""

from pathlib import Path

import pytest
from flask import Flask

from tests.apps import APPS, create

# All that anyone may reach, and why.
PUBLIC = {
    # A payment provider shows by its signature who it is.
    "api": {
        "/healthz",
        "/readyz",
        "/metrics",
        "/api/v1/openapi.json",
        "/api/v1/cti/<string:token>",
        "/api/v1/payments/notices",
    },
    # Whoever was invited shows it by the link; whoever takes the second step, by the first.
    "desk": {
        "/sign-in",
        "/sign-in/organisation",
        "/sign-in/organisation/back",
        "/sign-in/second-step",
        "/sign-in/set-up",
        "/join/<token>",
    },
    # Help is for whoever needs it: public articles alone.
    # Whoever comes in is nobody yet.
    "portal": {
        "/sign-in",
        "/sign-in/code",
        "/sign-in/passkey",
        "/sign-in/authenticator",
        "/sign-in/organisation",
        "/sign-in/organisation/back",
        "/sign-in/link/<token>",
        "/first-use",
        "/recovery",
        "/code",
        "/new-password",
        "/contact",
        "/for-everyone",
        "/contact/sent",
        "/help",
        "/help/found",
        "/help/<slug>",
        "/help/<slug>/votes",
        "/language",
        "/theme/<mark>.<ending>",
    },
}


@pytest.fixture(params=APPS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def app(name: str, tmp_path: Path) -> Flask:
    return create(name, f"sqlite:///{tmp_path}/none.sqlite3", tmp_path)


def is_asset(rule: str) -> bool:
    return rule.endswith("/<path:filename>")


def undeclared(app: Flask) -> list[str]:
    """The routes that neither ask for a permission nor are marked public."""
    views = [(rule, app.view_functions[rule.endpoint]) for rule in app.url_map.iter_rules() if not is_asset(rule.rule)]
    marked = ("permission", "is_public")
    return [f"{rule.rule} ({rule.endpoint})" for rule, view in views if not any(getattr(view, m, None) for m in marked)]


def test_every_route_declares_a_permission_or_is_public(app: Flask) -> None:
    assert undeclared(app) == []


def test_only_the_listed_routes_are_public(app: Flask, name: str) -> None:
    public = {
        rule.rule
        for rule in app.url_map.iter_rules()
        if getattr(app.view_functions[rule.endpoint], "is_public", False) and not is_asset(rule.rule)
    }
    assert public <= PUBLIC[name]


def test_a_route_that_declares_nothing_is_found(app: Flask) -> None:
    app.add_url_rule("/forgotten", "forgotten", lambda: "open to all")
    assert undeclared(app) == ["/forgotten (forgotten)"]
    answer = app.test_client().get("/forgotten")
    assert answer.status_code in (302, 303, 401, 403)


def test_assets_are_files_and_nothing_else(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        if is_asset(rule.rule):
            assert rule.endpoint.split(".")[-1] in ("static", "assets"), rule
