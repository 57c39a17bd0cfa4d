"""Nothing that a stranger may send breaks anything: odd values in every field of every route, odd paths, methods and bodies."""

from __future__ import annotations

import json
import re
from typing import Any

from flask.testing import FlaskClient

from backend import db
from tests.world import World, routes, token_of

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
ODD = (
    "", " ", "\x00", "a\x00b", "é" * 300, "𝒜" * 80, "x" * 20_000, "9" * 400, "-1", "1e999", "NaN", "null", "true", "[]", "{}", "'",
    "'; DROP TABLE offer;--", "{{ 7 * 7 }}", "%s%n", "%00", "<script>alert(1)</script>", "../../etc/passwd", "\r\nSet-Cookie: a=b",
    "2026-02-30", "9999-12-31", "0001-01-01", "2026-W01-1", "support/", "/", "support/complaint/x", "\u202e\ufeff\u200d", "\x1b[2J",
)  # fmt: skip
STORED = frozenset(
    value for value in ODD if "\x00" in value or len(value) > 70 or value.startswith(("9", "0001", "2026"))
)
"""Of these, what a column might not take."""
NO_TEXT: tuple[Any, ...] = (None, 0, -1, 10**400, 1.5, True, [], {}, ["phone"], {"a": 1})
FIELDS = (
    "query", "moment", "reason", "until", "seen", "customer", "who", "email", "password", "next", "when", "about", "cursor", "show",
)  # fmt: skip
PATHS = (
    "/%00", "/customers/%00", "/offers/%FF%FE", "/offers/not-an-id", "/customers/00000000-0000-0000-0000-000000000000", "//", "/./..//",
    "/offers/" + "9" * 2000, "/é/𝒜", "/assets/../../secret", "/assets/%2e%2e/secret", "/assets/%00", "/customers/x/panels/who", "/decisions/-",
)  # fmt: skip


def test_odd_values_in_forms_and_addresses_break_nothing(both_worlds: World) -> None:
    world = both_worlds
    sent = 0
    for role in ("agent", "customer"):
        browser = world.browser(role)
        token = token_of(browser)
        for nth, (rule, method) in enumerate(routes(browser.app, public=True)):
            if rule.endpoint.endswith((".leave", "static")):
                continue
            where = world.address(rule)
            for value in _turn(nth):
                if method == "GET":
                    sent += _takes(browser.client, "GET", where, query=dict.fromkeys(FIELDS, value))
                else:
                    form = {"customer": world.mine.customer_id, "csrf_token": token}
                    sent += _takes(browser.client, method, where, form={**dict.fromkeys(FIELDS, value), **form})
            if method != "GET":
                form = dict.fromkeys(FIELDS, "\x00") | {"csrf_token": token}
                sent += _takes(browser.client, method, where, form=form)
                sent += _takes(browser.client, method, where, form={"csrf_token": token, "until": "z" * 70_000})
    assert sent > 500
    assert world.browser("agent").get(f"/customers/{world.mine.customer_id}").status == 200
    assert world.browser("customer").get("/").status == 200


def test_odd_paths_and_methods_break_nothing(both_worlds: World) -> None:
    world = both_worlds
    for role in ("agent", "customer"):
        browser = world.browser(role)
        for where in PATHS:
            _takes(browser.client, "GET", where)
            _takes(browser.client, "POST", where, form={"csrf_token": token_of(browser)} if where == PATHS[0] else {})
        for rule, _ in routes(browser.app):
            if not rule.endpoint.endswith(".leave"):
                for method in METHODS:
                    _takes(browser.client, method, world.address(rule))
    api, headers = world.apps["api"].test_client(), _bearer(world)
    for where in PATHS:
        _takes(api, "GET", f"/api/v1{where}", headers=headers)
    for rule, _ in routes(world.apps["api"]):
        for method in METHODS:
            _takes(api, method, world.address(rule), headers=headers)


def test_odd_bodies_break_nothing_at_the_api(both_worlds: World) -> None:
    world = both_worlds
    api, headers = world.apps["api"].test_client(), _bearer(world)
    bodies: list[Any] = [None, [], {}, "text", 0, 1e308, True, {"a": {"b": [1] * 50}}]
    fields = _fields(api.get("/api/v1/openapi.json").get_json())
    good: dict[str, Any] = {"channel": "phone", "response": "presented", "stage": "support"}
    raw = (
        b"",
        b"{",
        b"\xff\xfe",
        b"\x00",
        b'{"a": 1, "a": 2}',
        b'{"query": "\\u0000"}',
        b'{"query": "\\ud800"}',
        b"[" * 5000,
        b"NaN",
    )
    met = 0
    for rule, method in routes(world.apps["api"]):
        where = world.address(rule)
        if method == "GET":
            for value in ODD:
                _takes(api, method, where, query={"cursor": value, "kind": value, "limit": value}, headers=headers)
            continue
        names = fields.get((re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), method.lower()), set())
        met += len(names)
        usual = {name: value for name, value in good.items() if name in names}
        takes = [*bodies, *({**usual, name: value} for name in names for value in (*ODD, *NO_TEXT))]
        for body in takes:
            _takes(api, method, where, data=json.dumps(body), headers=headers)
        for data in raw:
            _takes(api, method, where, data=data, headers=headers)
            _takes(api, method, where, data=data, headers={**headers, "Content-Type": "text/plain"})
        _takes(api, method, where, data=b"{}", headers={**headers, "Idempotency-Key": "\x01" * 300})
    assert met > 30
    assert api.get(f"/api/v1/customers/{world.mine.customer_id}", headers=headers).status_code == 200


def _turn(nth: int) -> list[str]:
    """What a database may refuse, always; of the rest, one half for this route on the one engine, the other on the other."""
    other = (nth + (db.dialect() == "sqlite")) % 2
    return [value for place, value in enumerate(ODD) if value in STORED or place % 2 == other]


def _fields(document: dict[str, Any]) -> dict[tuple[str, str], set[str]]:
    """What each operation's body may hold, by address and method, as the document tells."""
    found = {}
    for where, operations in document["paths"].items():
        for method, operation in operations.items():
            for content in operation.get("requestBody", {}).get("content", {}).values():
                name = content["schema"].get("$ref", "").rpartition("/")[2]
                found[where, method] = set(document["components"]["schemas"][name]["properties"]) if name else set()
    return found


def _bearer(world: World) -> dict[str, str]:
    return {"Authorization": f"Bearer {world.keys['all']}", "Content-Type": "application/json"}


def _takes(
    client: FlaskClient, method: str, where: str, *, form: Any = None, query: Any = None, data: Any = None, headers: Any = None
) -> int:  # fmt: skip
    """Sends it; fails on an answer that says that something broke here. Gives 1, for counting."""
    answer = client.open(
        where, method=method, data=form if form is not None else data, query_string=query, headers=headers
    )
    told = f"{method} {where[:120]} with {form or query or data!r:.200}: {answer.status_code}"
    assert answer.status_code < 500, told
    assert "\n" not in answer.headers.get("Location", ""), told
    assert not answer.headers.get("Set-Cookie", "").startswith("a=b"), told
    return 1
