"""The addresses in templates are those that the app itself gives, for every page of both faces."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from flask import Flask

VALUES: dict[str, Any] = {"uuid": lambda: uuid4(), "string": lambda: "né & w/o?#", "int": lambda: 7}


def _values(rule: Any) -> dict[str, Any] | None:
    """Values for the rule's converters, new ids each time; None where a converter takes only certain words."""
    made = {}
    for name, converter in rule._converters.items():
        kind = {"UUIDConverter": "uuid", "IntegerConverter": "int", "UnicodeConverter": "string"}.get(
            type(converter).__name__
        )
        if kind is None:
            return None
        made[name] = "plain" if kind == "string" else VALUES[kind]()
    return made


@pytest.mark.parametrize("face", ["desk", "portal"])
def test_they_are_what_the_app_gives(face: str, desk_app: Flask, portal_app: Flask) -> None:
    app = {"desk": desk_app, "portal": portal_app}[face]
    ours, tried = app.jinja_env.globals["url_for"], 0
    more: tuple[dict[str, Any], ...] = (
        {}, {"q": VALUES["string"](), "n": 3}, {"many": ["a", "b"]}, {"_anchor": "part"}, {"none": None, "who": uuid4()},
    )  # fmt: skip
    for mount in ("", "/desk"):
        with app.test_request_context("/", environ_overrides={"SCRIPT_NAME": mount}):
            for rule in app.url_map.iter_rules():
                for extra in more:
                    for _ in range(2):  # the second time from what was kept, with ids of its own
                        values = _values(rule)
                        if values is None:
                            continue
                        assert ours(rule.endpoint, **values, **extra) == app.url_for(rule.endpoint, **values, **extra)
                        tried += 1
    assert tried > 100


def test_ids_change_places_with_none(desk_app: Flask) -> None:
    ours = desk_app.jinja_env.globals["url_for"]
    one, other = uuid4(), uuid4()
    with desk_app.test_request_context("/"):
        for who, whose in ((one, other), (other, one)):
            expected = desk_app.url_for("customers.timeline", customer_id=who, cursor=whose)
            assert ours("customers.timeline", customer_id=who, cursor=whose) == expected


def test_a_relative_endpoint_is_of_the_blueprint_that_answers(desk_app: Flask) -> None:
    ours, customer = desk_app.jinja_env.globals["url_for"], uuid4()
    for path, endpoint in (
        (f"/customers/{customer}", "customers.show"),
        (f"/customers/{customer}/alternatives", "alternatives.show"),
    ):
        with desk_app.test_request_context(path):
            assert ours(".show", customer_id=customer) == desk_app.url_for(endpoint, customer_id=customer)
