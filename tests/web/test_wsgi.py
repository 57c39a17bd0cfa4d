"""The composition root hands each path to the app whose it is."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

CODE = """
import wsgi
from werkzeug.test import Client
client = Client(wsgi.dispatch(*(
    lambda environ, start, name=name: (start("200 OK", []), [
        f"{name}|{environ.get('SCRIPT_NAME', '')}|{environ['PATH_INFO']}".encode()])[1]
    for name in ("api", "desk", "portal"))))
for path in PATHS:
    print(client.get(path).text)
assert {wsgi.api.name, wsgi.desk.name, wsgi.portal.name} == {"evenhand", "agent_ui", "selfservice_ui"}
cookies = {app.config["SESSION_COOKIE_NAME"] for app in (wsgi.desk, wsgi.portal)}
assert len(cookies) == 2, cookies
"""
WHERE = {
    "/": "portal||/",
    "/offers/1": "portal||/offers/1",
    "/apis": "portal||/apis",
    "/desktop": "portal||/desktop",
    "/healthz/x": "portal||/healthz/x",
    "/desk/": "desk|/desk|/",
    "/desk/customers/1": "desk|/desk|/customers/1",
    "/desk/api/v1": "desk|/desk|/api/v1",
    "/api/v1/openapi.json": "api||/api/v1/openapi.json",
    "/v1/track": "api||/v1/track",
    "/healthz": "api||/healthz",
    "/readyz": "api||/readyz",
    "/metrics": "api||/metrics",
}


@pytest.fixture
def answers(database_url: str, tmp_path: Path) -> list[str]:
    """In a process of its own: the composition root opens the process's database when it is imported."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("EVENHAND_")}
    named = {**kept, "EVENHAND_HOME": str(tmp_path), "EVENHAND_DATABASE_URL": database_url, "EVENHAND_ENV": "test"}
    code = f"PATHS = {list(WHERE)!r}\n{CODE}"
    done = subprocess.run([sys.executable, "-c", code], env=named, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_each_path_goes_to_its_app(answers: list[str]) -> None:
    assert dict(zip(WHERE, answers, strict=True)) == WHERE
