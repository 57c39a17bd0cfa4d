"""The API's own description: valid, true of every answer, and no request that it allows or forbids breaks anything."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import jsonschema_rs
import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, assume, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from backend import db
from backend.cases import service as cases
from backend.catalogue import service as catalogues
from backend.identities import service as identities
from backend.interactions import service as interactions
from backend.people import service as people
from backend.profiles import service as profiles
from backend.treatments import service as treatments
from shared.kernel import clock
from shared.kernel.actors import SYSTEM
from tests import apps
from tests.cast import PORTAL_CUSTOMER
from tests.databases import fresh, opened

DOCUMENT = "/api/v1/openapi.json"
EXAMPLES = 30
CARER = {"name": "Rosa", "relation": "carer", "authority": "Seen", "may_act": True, "from": "2026-01-31", "until": None}
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    home = tmp_path_factory.mktemp("openapi")
    with fresh("sqlite", "loaded", home) as url, opened(url, home):
        made = apps.create("api", url, home)
        # As in production: what nobody foresaw becomes a 500, which is what these tests look for.
        made.config["PROPAGATE_EXCEPTIONS"] = False
        yield made


@pytest.fixture(scope="module")
def document(app: Flask) -> dict[str, Any]:
    answer = app.test_client().get(DOCUMENT)
    assert answer.status_code == 200
    described: dict[str, Any] = answer.get_json()
    return described


@pytest.fixture(scope="module")
def headers(app: Flask) -> dict[str, str]:
    with db.transaction() as session:
        return {"Authorization": f"Bearer {people.create_key(session, ['all'], clock.now())[1]}"}


@pytest.fixture(scope="module")
def ids(app: Flask) -> dict[str, Any]:
    """Ids that exist: without them a fuzz would only ever learn that there is no such thing."""
    with db.reading() as session:
        customer = profiles.search(session, identifier=f"number:{PORTAL_CUSTOMER}").items[0].id
    decided = treatments.decide(customer, clock.now())
    assert decided.decision_id
    found = {"customer_id": customer, "decision_id": decided.decision_id, "offer_id": UUID(decided.ranked[0].offer_id)}
    with db.transaction() as session:
        token = people.create_key(session, ["calls:write"], clock.now())[1]
        found["representative_id"] = interactions.record_representative(
            session, customer, name="Tom", relation="executor", authority="Seen", may_act=False, actor=SYSTEM, now=clock.now()
        ).representative_id  # fmt: skip
        found["group_id"] = interactions.join_group(
            session, customer, "home", kind="household", name="", traits={}, source="crm", label="Records", since=clock.now(),
            actor=SYSTEM, now=clock.now(),
        ).group.group_id  # fmt: skip
    with db.transaction() as session:
        found["case_id"] = cases.open_case(
            session, customer, "case", "The line", actor=SYSTEM, now=clock.now(), pack=catalogues.pack_in_force(session)
        ).case_id
        others = [one.id for one in profiles.search(session, limit=5).items if one.id != customer]
        found["other_id"] = others[0]
        identities.suggest(session, [(customer, others[0], 21.0, ())], clock.now())
        found["merge_id"] = identities.merge(session, others[1], others[2], actor=SYSTEM, now=clock.now()).merge_id
    return {**found, "key": "plan_check", "budget": "technician", "token": token, "slug": "better-wi-fi"}


def test_the_document_is_valid_openapi_3_1(app: Flask, document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    schemathesis.openapi.from_dict(document).validate()
    broken = json.loads(json.dumps(document))
    del broken["info"]
    with pytest.raises(jsonschema_rs.ValidationError):
        schemathesis.openapi.from_dict(broken).validate()


def test_every_reference_in_the_document_leads_somewhere(document: dict[str, Any]) -> None:
    def walk(part: Any) -> Iterator[str]:
        if isinstance(part, dict):
            if isinstance(part.get("$ref"), str):
                yield part["$ref"]
            for value in part.values():
                yield from walk(value)
        elif isinstance(part, list):
            for value in part:
                yield from walk(value)

    found = set(walk(document))
    assert found
    for reference in found:
        where: Any = document
        for step in reference.removeprefix("#/").split("/"):
            where = where[step]


def test_the_document_describes_every_route_of_the_contract(document: dict[str, Any]) -> None:
    described = {(method, path) for path, methods in document["paths"].items() for method in methods}
    assert {
        ("post", "/api/v1/customers/search"), ("get", "/api/v1/customers/{customer_id}"),
        ("get", "/api/v1/customers/{customer_id}/timeline"), ("put", "/api/v1/customers/{customer_id}/moment"),
        ("post", "/api/v1/customers/{customer_id}/decisions"), ("get", "/api/v1/decisions/{decision_id}"),
        ("post", "/api/v1/decisions/{decision_id}/replay"), ("post", "/api/v1/offers/{offer_id}/responses"),
        ("get", "/api/v1/customers/{customer_id}/decisions"), ("get", "/api/v1/customers/{customer_id}/offers"),
        ("get", "/api/v1/decisions/{decision_id}/changes"), ("get", "/api/v1/catalogue"), ("get", "/api/v1/treatments/{key}"),
        ("get", "/api/v1/matrix"), ("get", "/api/v1/customers/{customer_id}/matrix"),
        ("get", "/healthz"), ("get", "/readyz"), ("get", "/metrics"),
    } <= described  # fmt: skip


def test_what_is_behind_a_key_says_so_and_names_its_refusals(document: dict[str, Any]) -> None:
    for path, methods in document["paths"].items():
        for method, described in methods.items():
            if path.startswith("/api/v1/") and path != DOCUMENT:
                assert described["security"], (method, path)
                assert {"401", "403", "404", "422"} <= described["responses"].keys(), (method, path)


def test_every_good_answer_has_the_shape_that_the_document_says(
    app: Flask, document: dict[str, Any], headers: dict[str, str], ids: dict[str, Any]
) -> None:
    client = app.test_client()
    customer, decision, offer = ids["customer_id"], ids["decision_id"], ids["offer_id"]
    calls: list[tuple[str, str, dict[str, Any], Any, int]] = [
        ("post", "/api/v1/customers/search", {}, {"query": "an", "limit": 5}, 200),
        ("get", "/api/v1/customers/{customer_id}", {"customer_id": customer}, None, 200),
        ("get", "/api/v1/customers/{customer_id}/timeline", {"customer_id": customer}, None, 200),
        ("put", "/api/v1/customers/{customer_id}/moment", {"customer_id": customer}, {"stage": "renew", "intent": None, "channel": "phone"}, 200),
        ("post", "/api/v1/customers/{customer_id}/decisions", {"customer_id": customer}, {"channel": "phone", "preview": True}, 200),
        ("post", "/api/v1/customers/{customer_id}/decisions", {"customer_id": customer}, {"channel": "email", "limit": 100}, 201),
        ("post", "/api/v1/customers/{customer_id}/decisions", {"customer_id": customer}, {"channel": "portal"}, 200),
        ("get", "/api/v1/decisions/{decision_id}", {"decision_id": decision}, None, 200),
        ("post", "/api/v1/decisions/{decision_id}/replay", {"decision_id": decision}, None, 200),
        ("post", "/api/v1/offers/{offer_id}/responses", {"offer_id": offer}, {"response": "presented", "channel": "phone"}, 200),
        ("post", "/api/v1/offers/{offer_id}/responses", {"offer_id": offer}, {"response": "accepted", "channel": "portal"}, 200),
        ("post", "/api/v1/offers/{offer_id}/responses", {"offer_id": offer}, {"response": "declined", "channel": "portal"}, 409),
        ("get", "/api/v1/customers/{customer_id}/decisions", {"customer_id": customer}, None, 200),
        ("get", "/api/v1/customers/{customer_id}/offers", {"customer_id": customer}, None, 200),
        ("get", "/api/v1/customers/{customer_id}/matrix", {"customer_id": customer}, None, 200),
        ("get", "/api/v1/decisions/{decision_id}/changes", {"decision_id": decision}, None, 200),
        ("get", "/api/v1/catalogue", {}, None, 200),
        ("get", "/api/v1/treatments/{key}", {"key": "plan_check"}, None, 200),
        ("get", "/api/v1/treatments/{key}", {"key": "no_such"}, None, 404),
        ("get", "/api/v1/matrix", {}, None, 200),
        ("post", "/api/v1/customers/{customer_id}/representatives", {"customer_id": customer}, CARER, 201),
        ("post", "/api/v1/customers/{customer_id}/representatives", {"customer_id": customer}, CARER | {"until": "2020-01-01"}, 422),
        ("get", "/api/v1/customers/{customer_id}/representatives", {"customer_id": customer}, None, 200),
        ("post", "/api/v1/customers/{customer_id}/representatives/{representative_id}/ending", ids, None, 200),
        ("post", "/api/v1/customers/{customer_id}/representatives/{representative_id}/ending", ids, None, 409),
        ("get", "/api/v1/duplicates", {}, None, 200),
        ("get", "/api/v1/customers/{customer_id}/duplicates", ids, None, 200),
        ("get", "/api/v1/customers/{customer_id}/duplicates/{other_id}", ids, None, 200),
        ("post", "/api/v1/customers/{customer_id}/duplicates/{other_id}/distinction", ids, None, 200),
        ("get", "/api/v1/customers/{customer_id}/merges", ids, None, 200),
        ("post", "/api/v1/customers/{customer_id}/merges", ids, {"merged_id": str(customer)}, 422),
        ("post", "/api/v1/customers/{customer_id}/merges", ids, {"merged_id": str(UUID(int=4))}, 404),
        ("patch", "/api/v1/customers/{customer_id}/attributes", ids, {"attributes": {"tenure": 3}, "source": "crm"}, 200),
        ("patch", "/api/v1/customers/{customer_id}/attributes", ids, {"attributes": {"tenure": "3"}, "source": "crm"}, 422),
        ("get", "/api/v1/customers/{customer_id}/attributes", ids, None, 200),
        ("post", "/api/v1/customers/{customer_id}/groups", ids, {"key": "Acme", "kind": "business", "source": "crm"}, 200),
        ("get", "/api/v1/customers/{customer_id}/groups", ids, None, 200),
        ("post", "/api/v1/customers/{customer_id}/groups/{group_id}/ending", ids, None, 200),
        ("post", "/api/v1/customers/{customer_id}/groups/{group_id}/ending", ids, None, 409),
        ("post", "/api/v1/customers/{customer_id}/cases", ids, {"subject": "The line", "text": "It hums.", "from_customer": True, "type": "fault"}, 201),
        ("post", "/api/v1/customers/{customer_id}/cases", ids, {"subject": "The line", "type": "weather"}, 422),
        ("get", "/api/v1/customers/{customer_id}/cases/{case_id}", ids, None, 200),
        ("post", "/api/v1/customers/{customer_id}/cases/{case_id}/messages", ids, {"kind": "agent", "text": "We look into it.", "then": "pending"}, 201),
        ("post", "/api/v1/customers/{customer_id}/cases/{case_id}/messages", ids, {"kind": "customer", "text": "It hums.", "channel": "email"}, 201),
        ("post", "/api/v1/customers/{customer_id}/cases/{case_id}/messages", ids, {"kind": "note", "text": "Late.", "version": 1}, 409),
        ("post", "/api/v1/customers/{customer_id}/cases/{case_id}/acts", ids, {"act": "classify", "priority": "urgent", "tags": ["a b"]}, 200),
        ("post", "/api/v1/customers/{customer_id}/cases/{case_id}/acts", ids, {"act": "snooze", "until": "never"}, 422),
        ("post", "/api/v1/customers/{customer_id}/cases/{case_id}/acts", ids, {"act": "macro", "macro": "none"}, 404),
        ("get", "/api/v1/cases", {}, None, 200),
        ("get", "/healthz", {}, None, 200),
        ("get", "/readyz", {}, None, 200),
    ]  # fmt: skip
    for method, path, named, body, status in calls:
        answer = client.open(path.format(**named), method=method, json=body, headers=headers)
        assert answer.status_code == status, (method, path, answer.get_json())
        described = document["paths"][path][method]["responses"][str(status)]["content"]
        (media,) = described
        assert answer.mimetype == media
        shape = {**described[media]["schema"], "components": document["components"]}
        faults = list(jsonschema_rs.Draft202012Validator(shape).iter_errors(answer.get_json()))
        assert faults == [], (method, path)


ROUTES = [
    ("POST", "/api/v1/customers/search"), ("GET", "/api/v1/customers/{customer_id}"),
    ("GET", "/api/v1/customers/{customer_id}/timeline"), ("PUT", "/api/v1/customers/{customer_id}/moment"),
    ("POST", "/api/v1/customers/{customer_id}/decisions"), ("GET", "/api/v1/decisions/{decision_id}"),
    ("POST", "/api/v1/decisions/{decision_id}/replay"), ("POST", "/api/v1/offers/{offer_id}/responses"),
    ("GET", "/api/v1/customers/{customer_id}/decisions"), ("GET", "/api/v1/customers/{customer_id}/offers"),
    ("GET", "/api/v1/customers/{customer_id}/matrix"), ("GET", "/api/v1/decisions/{decision_id}/changes"),
    ("GET", "/api/v1/catalogue"), ("GET", "/api/v1/treatments/{key}"), ("GET", "/api/v1/matrix"),
    ("POST", "/api/v1/offers/{offer_id}/undo"), ("POST", "/api/v1/offers/{offer_id}/terms"),
    ("GET", "/api/v1/offers/{offer_id}/inputs"),
    ("POST", "/api/v1/offers/{offer_id}/approval"), ("POST", "/api/v1/customers/{customer_id}/overrides"),
    ("GET", "/api/v1/approvals"), ("GET", "/api/v1/budgets"), ("PUT", "/api/v1/budgets/{budget}/price"),
    ("POST", "/api/v1/cti/{token}"), ("POST", "/api/v1/customers/{customer_id}/representatives"),
    ("GET", "/api/v1/customers/{customer_id}/representatives"),
    ("POST", "/api/v1/customers/{customer_id}/representatives/{representative_id}/ending"),
    ("GET", "/api/v1/segments"), ("POST", "/api/v1/segments"), ("POST", "/api/v1/segments/preview"),
    *(("POST", f"/v1/{call}") for call in ("identify", "track", "page", "screen", "group", "alias", "batch")),
    ("GET", "/api/v1/duplicates"), ("GET", "/api/v1/customers/{customer_id}/duplicates"),
    ("GET", "/api/v1/customers/{customer_id}/duplicates/{other_id}"),
    ("POST", "/api/v1/customers/{customer_id}/duplicates/{other_id}/distinction"),
    ("GET", "/api/v1/customers/{customer_id}/merges"), ("POST", "/api/v1/customers/{customer_id}/merges"),
    ("POST", "/api/v1/merges/{merge_id}/undoing"),
    ("GET", "/api/v1/cases"), ("POST", "/api/v1/customers/{customer_id}/cases"),
    ("GET", "/api/v1/customers/{customer_id}/cases/{case_id}"),
    ("POST", "/api/v1/customers/{customer_id}/cases/{case_id}/messages"),
    ("POST", "/api/v1/customers/{customer_id}/cases/{case_id}/acts"),
    ("GET", "/api/v1/customers/{customer_id}/consents"), ("PUT", "/api/v1/customers/{customer_id}/consents"),
    ("GET", "/api/v1/customers/{customer_id}/ratings"),
    ("GET", "/api/v1/customers/{customer_id}/attributes"), ("PATCH", "/api/v1/customers/{customer_id}/attributes"),
    ("GET", "/api/v1/customers/{customer_id}/groups"), ("POST", "/api/v1/customers/{customer_id}/groups"),
    ("POST", "/api/v1/customers/{customer_id}/groups/{group_id}/ending"),
    ("POST", "/api/v1/payments/notices"),
    ("GET", "/api/v1/articles"), ("GET", "/api/v1/articles/{slug}"), ("POST", "/api/v1/articles/search"),
]  # fmt: skip
ELSEWHERE = {
    "/healthz": "takes nothing", "/readyz": "takes nothing", "/metrics": "takes nothing", DOCUMENT: "takes nothing",
}  # fmt: skip


def test_every_operation_is_fuzzed(document: dict[str, Any]) -> None:
    described = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    assert {one for one in described if one[1] not in ELSEWHERE} == set(ROUTES)


# Nothing is wrong by description: any text is a token, and it takes its forms apart itself (tests of calls say how); who signs what is told of payments (tests of paying); the rest take nothing.
TAKE_ALL = {
    ("POST", "/api/v1/payments/notices"),
    ("POST", "/api/v1/cti/{token}"),
    ("GET", "/api/v1/approvals"),
    ("GET", "/api/v1/budgets"),
    ("GET", "/api/v1/segments"),
}
# Senders of events are taken more widely than described: ids in any script, names of any kind; tests of events say what is refused.
TAKE_ALL |= {route for route in ROUTES if route[1].startswith("/v1/")}
# Their bodies name a treatment, or a draft, and made-up ones are not found.
MAY_MISS = {
    ("POST", "/api/v1/payments/notices"): {401},  # nobody but the provider can sign
    ("POST", "/api/v1/segments"): {404},
    ("POST", "/api/v1/customers/{customer_id}/overrides"): {404},
    ("POST", "/api/v1/customers/{customer_id}/merges"): {404},
    ("POST", "/api/v1/customers/{customer_id}/cases/{case_id}/acts"): {404},
}


def _vanishes(query: Any) -> bool:
    """Whether what is wrong about a query may not be seen in the address: an empty list is nothing there, one of one its element."""
    return any(isinstance(value, (list, dict)) and len(value) < 2 for value in dict(query or {}).values())


FUZZED = [(*route, allowed) for route in ROUTES for allowed in (True, False) if allowed or route not in TAKE_ALL]


@pytest.mark.parametrize(("method", "path", "allowed"), FUZZED)
def test_no_request_breaks_the_api(
    app: Flask, headers: dict[str, str], ids: dict[str, Any], method: str, path: str, allowed: bool
) -> None:
    """Upon things that exist: never a 500, always a documented status in its documented shape."""
    operation = schemathesis.openapi.from_wsgi(DOCUMENT, app)[path][method]
    known = {name: str(ids[name]) for name in ids if f"{{{name}}}" in path}
    statuses: Counter[int] = Counter()
    mode = schemathesis.GenerationMode.POSITIVE if allowed else schemathesis.GenerationMode.NEGATIVE
    # What is wrong about a request of the second kind is its body, where it has one: its key holds, its path leads somewhere.
    paths = known if allowed or operation.body else None
    cases = operation.as_strategy(generation_mode=mode, path_parameters=paths, headers=headers)

    @settings(
        max_examples=EXAMPLES, derandomize=True, deadline=None, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=cases)
    def send(case: schemathesis.Case) -> None:
        assume(allowed or not _vanishes(case.query))
        answer = case.call(headers=headers)
        statuses[answer.status_code] += 1
        case.validate_response(answer, checks=CHECKS)

    send()
    assert statuses.total() > 0
    if allowed:
        assert not statuses.keys() & ({401, 403, 404, 500} - MAY_MISS.get((method, path), set())), statuses
    else:
        assert not statuses.keys() & {200, 201, 401, 403, 500}, statuses
