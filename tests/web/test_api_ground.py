"""The JSON API's ground: keys, scopes, problems, repeated requests, headers; on routes made here for the purpose."""

import json
import threading
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from flask.testing import FlaskClient
from flask_openapi3.openapi import OpenAPI
from pydantic import BaseModel

from backend import app as api_module
from backend import db, headers, problems
from backend.people import keys as people_keys
from backend.people import service as people
from backend.people.service import Permission, current_actor, requires
from backend.record import service as record
from shared.kernel import ids
from shared.kernel.actors import SYSTEM
from shared.kernel.errors import AlreadyAnswered, TooMany
from tests import apps

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


class NoteBody(problems.Body):
    text: str
    count: int = 1


class NoteAnswer(BaseModel):
    text: str
    by: str


def sample_routes() -> Any:
    bp = problems.blueprint("notes", __name__)

    @bp.post("/notes", responses={201: NoteAnswer})
    @requires(Permission.SET_MOMENT)
    def write(body: NoteBody) -> Any:
        with db.transaction() as session:
            record.audit(
                session, actor=current_actor(), action="note", subject=body.text, customer_id=None, payload={}, now=NOW
            )
        if body.text == "taken":
            raise AlreadyAnswered("Someone was faster.", who="agent Avery")
        if body.text == "broken":
            raise RuntimeError("inner secret")
        if body.text == "busy":
            raise TooMany("Wait.", retry_after=7)
        return {"text": body.text, "by": current_actor().kind}, 201

    @bp.get("/undeclared")
    def undeclared() -> Any:
        return {}

    return SimpleNamespace(bp=bp)


@pytest.fixture
def app(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> OpenAPI:
    people_keys.forget()
    monkeypatch.setattr(api_module, "SPEAKING", ("notes.api",))
    monkeypatch.setattr(api_module, "import_module", lambda _name: sample_routes())
    return api_module.create_api(apps.settings_for(database, tmp_path))


@pytest.fixture
def client(app: OpenAPI) -> FlaskClient:
    return app.test_client()


def key(*scopes: str) -> dict[str, str]:
    with db.transaction() as session:
        return {"Authorization": f"Bearer {people.create_key(session, scopes, NOW)[1]}"}


def notes() -> int:
    with db.reading() as session:
        return len(session.connection().exec_driver_sql("SELECT entry_id FROM audit_entry").all())


def assert_problem(response: Any, status: int, code: str) -> dict[str, Any]:
    assert response.status_code == status
    assert response.content_type == "application/problem+json"
    problem: dict[str, Any] = response.json
    assert {"type", "title", "status", "detail", "code", "request_id"} <= problem.keys()
    assert (problem["status"], problem["code"]) == (status, code)
    assert problem["request_id"] == response.headers["X-Request-ID"]
    return problem


def test_a_key_with_the_scope_gets_through(client: FlaskClient) -> None:
    response = client.post("/api/v1/notes", json={"text": "a"}, headers=key("decisions:write"))
    assert (response.status_code, response.json) == (201, {"text": "a", "by": "key"})


@pytest.mark.parametrize("authorization", [None, "Bearer", "Bearer nonsense", "Bearer eh_zz_zz", "Basic YTpi"])
def test_without_a_key_that_holds_the_answer_is_401(client: FlaskClient, authorization: str | None) -> None:
    sent = {"Authorization": authorization} if authorization else {}
    response = client.post("/api/v1/notes", json={"text": "a"}, headers=sent)
    assert_problem(response, 401, "unauthenticated")
    assert response.headers["WWW-Authenticate"].startswith("Bearer")
    assert notes() == 0


def test_a_key_with_a_wrong_secret_does_not_hold(client: FlaskClient) -> None:
    sent = key("all")["Authorization"][:-1] + "*"
    assert_problem(
        client.post("/api/v1/notes", json={"text": "a"}, headers={"Authorization": sent}), 401, "unauthenticated"
    )


def test_a_key_without_the_scope_is_refused(client: FlaskClient) -> None:
    response = client.post("/api/v1/notes", json={"text": "a"}, headers=key("customers:read"))
    assert_problem(response, 403, "forbidden")
    assert notes() == 0


def test_a_revoked_key_does_not_hold(client: FlaskClient) -> None:
    with db.transaction() as session:
        key_id, text = people.create_key(session, ["all"], NOW)
    sent = {"Authorization": f"Bearer {text}"}
    assert client.post("/api/v1/notes", json={"text": "a"}, headers=sent).status_code == 201
    with db.transaction() as session:
        people.revoke_key(session, key_id, NOW)
    assert_problem(client.post("/api/v1/notes", json={"text": "a"}, headers=sent), 401, "unauthenticated")


def test_a_route_that_declares_nothing_is_closed_to_all(client: FlaskClient, app: OpenAPI) -> None:
    assert_problem(client.get("/api/v1/undeclared", headers=key("all")), 403, "forbidden")
    assert people.undeclared(app) == ["/api/v1/undeclared (notes.undeclared)"]


def test_an_unknown_path_is_a_problem_too(client: FlaskClient) -> None:
    assert_problem(client.get("/api/v1/nowhere"), 404, "not_found")


def test_a_wrong_method_names_the_right_ones(client: FlaskClient) -> None:
    response = client.get("/api/v1/notes", headers=key("all"))
    assert_problem(response, 405, "method_not_allowed")
    assert "POST" in response.headers["Allow"]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b'{"text": ', 400, "bad_request"),
        (b'{"text": "a", "text": "b"}', 400, "bad_request"),
        (b'{"text": "a", "count": NaN}', 400, "bad_request"),
        (b"\xff\xfe", 400, "bad_request"),
        (b"[" * 100_000, 400, "bad_request"),
        (b'["a"]', 422, "invalid"),
        (b'"{}"', 422, "invalid"),
        (b'{"text": "a\\u0000b"}', 422, "invalid"),
        (b'{"text": "\\ud800"}', 422, "invalid"),
        (b"", 422, "invalid"),
        (b"{}", 422, "invalid"),
        (b'{"text": "a", "count": "1"}', 422, "invalid"),
        (b'{"text": "a", "conut": 1}', 422, "invalid"),
        (b'{"text": "' + b"a" * 1024 * 1024 + b'"}', 413, "too_large"),
    ],
)
def test_a_body_that_cannot_be_taken_is_named_for_what_it_is(
    client: FlaskClient, body: bytes, status: int, code: str
) -> None:
    response = client.post("/api/v1/notes", data=body, content_type="application/json", headers=key("all"))
    assert_problem(response, status, code)
    assert notes() == 0


def test_a_backslash_before_u0000_is_plain_text(client: FlaskClient) -> None:
    response = client.post("/api/v1/notes", json={"text": "a\\u0000b"}, headers=key("all"))
    assert response.json == {"text": "a\\u0000b", "by": "key"}


def test_an_answer_holds_no_number_that_json_does_not_have(app: OpenAPI) -> None:
    assert app.json.dumps({"none": None, "id": ids.uuid7(), "numbers": (0.5, 2)})
    with pytest.raises(ValueError, match="no number"):
        app.json.dumps({"none": None, "deep": [{"in": float("nan")}]})


def test_a_body_that_does_not_say_that_it_is_json_is_refused(client: FlaskClient) -> None:
    response = client.post("/api/v1/notes", data=b'{"text": "a"}', content_type="text/plain", headers=key("all"))
    assert_problem(response, 415, "unsupported_media_type")


def test_what_does_not_fit_is_told_by_field_and_never_repeated(client: FlaskClient) -> None:
    response = client.post("/api/v1/notes", json={"text": "a", "count": "private"}, headers=key("all"))
    problem = assert_problem(response, 422, "invalid")
    assert list(problem["errors"]) == ["count"]
    assert "private" not in response.text


def test_an_error_of_the_tree_keeps_its_code_and_its_facts(client: FlaskClient) -> None:
    response = client.post("/api/v1/notes", json={"text": "taken"}, headers=key("all"))
    problem = assert_problem(response, 409, "already_answered")
    assert (problem["detail"], problem["who"]) == ("Someone was faster.", "agent Avery")


def test_too_many_says_how_long_to_wait(client: FlaskClient) -> None:
    response = client.post("/api/v1/notes", json={"text": "busy"}, headers=key("all"))
    assert_problem(response, 429, "too_many")
    assert response.headers["Retry-After"] == "7"


def test_an_unforeseen_error_shows_nothing_of_its_inside(client: FlaskClient) -> None:
    response = client.post("/api/v1/notes", json={"text": "broken"}, headers=key("all"))
    assert_problem(response, 500, "internal")
    assert "inner secret" not in response.text


def test_a_repeated_write_is_done_once_and_answered_the_same(client: FlaskClient) -> None:
    sent = {**key("all"), "Idempotency-Key": "k-1"}
    first = client.post("/api/v1/notes", json={"text": "a"}, headers=sent)
    again = client.post("/api/v1/notes", json={"text": "a"}, headers=sent)
    assert (again.status_code, again.data, again.content_type) == (first.status_code, first.data, first.content_type)
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert notes() == 1


def test_a_refusal_is_repeated_as_it_was(client: FlaskClient) -> None:
    sent = {**key("all"), "Idempotency-Key": "k-1"}
    first = client.post("/api/v1/notes", json={"text": "taken"}, headers=sent)
    again = client.post("/api/v1/notes", json={"text": "taken"}, headers=sent)
    assert (again.status_code, again.data, again.content_type) == (409, first.data, "application/problem+json")


def test_an_idempotency_key_with_another_body_is_refused(client: FlaskClient) -> None:
    sent = {**key("all"), "Idempotency-Key": "k-1"}
    client.post("/api/v1/notes", json={"text": "a"}, headers=sent)
    assert_problem(client.post("/api/v1/notes", json={"text": "b"}, headers=sent), 422, "idempotency_key_reused")
    assert notes() == 1


def test_the_same_idempotency_key_of_another_program_is_another_request(client: FlaskClient) -> None:
    for sent in (key("all"), key("all")):
        response = client.post("/api/v1/notes", json={"text": "a"}, headers={**sent, "Idempotency-Key": "k-1"})
        assert response.status_code == 201
    assert notes() == 2


def test_a_write_that_failed_on_our_side_may_be_tried_anew(client: FlaskClient) -> None:
    sent = {**key("all"), "Idempotency-Key": "k-1"}
    for _ in range(2):
        assert client.post("/api/v1/notes", json={"text": "broken"}, headers=sent).status_code == 500
    assert notes() == 2


def test_of_the_same_writes_at_once_one_is_done(app: OpenAPI) -> None:
    sent = {**key("all"), "Idempotency-Key": "k-1"}
    together = threading.Barrier(6)
    statuses: list[int] = []

    def ask() -> None:
        client = app.test_client()
        together.wait()
        statuses.append(client.post("/api/v1/notes", json={"text": "a"}, headers=sent).status_code)

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert notes() == 1
    assert set(statuses) <= {201, 409}
    assert 201 in statuses


@pytest.mark.parametrize("text", ["", "x" * 256, "naïve"])
def test_an_unfit_idempotency_key_is_refused(client: FlaskClient, text: str) -> None:
    sent = {**key("all"), "Idempotency-Key": text}
    assert_problem(client.post("/api/v1/notes", json={"text": "a"}, headers=sent), 422, "invalid")


def test_every_answer_carries_the_security_headers_and_is_kept_nowhere(client: FlaskClient) -> None:
    for response in (client.get("/healthz"), client.get("/api/v1/nowhere"), client.post("/api/v1/notes")):
        for name, value in headers.SECURITY_HEADERS.items():
            assert response.headers[name] == value
        assert response.headers["Cache-Control"] == "no-store"


def test_a_request_keeps_the_id_that_it_came_with_if_that_is_fit(client: FlaskClient) -> None:
    assert client.get("/healthz", headers={"X-Request-ID": "abc-1"}).headers["X-Request-ID"] == "abc-1"
    assert client.get("/healthz", headers={"X-Request-ID": "a b"}).headers["X-Request-ID"] != "a b"


def test_it_is_alive_at_once_and_ready_when_a_pack_is_loaded(client: FlaskClient) -> None:
    assert client.get("/healthz").json == {"status": "alive"}
    response = client.get("/readyz")
    assert (response.status_code, response.json["missing"]) == (503, ["a pack"])
    with db.transaction() as session:
        session.connection().exec_driver_sql(
            "INSERT INTO pack_load (pack, source, anchor, done, total, finished_at) "
            "VALUES ('t', 's', '2026-11-22', 1, 2, NULL)"
        )
    assert client.get("/readyz").json["missing"] == ["the rest of the pack t"]
    with db.transaction() as session:
        session.connection().exec_driver_sql("UPDATE pack_load SET finished_at = '2026-11-22 00:00:00.000000'")
    assert client.get("/readyz").json == {"status": "ready"}


def test_requests_are_measured_by_route_and_never_by_path(client: FlaskClient) -> None:
    client.get(f"/api/v1/nowhere/{ids.uuid7()}")
    client.post("/api/v1/notes", json={"text": "a"}, headers=key("all"))
    text = client.get("/metrics").text
    assert 'evenhand_request_seconds_count{app="api",method="POST",route="/api/v1/notes",status="201"}' in text
    assert "nowhere" not in text


def test_the_document_describes_every_route_with_its_problems_and_its_key(client: FlaskClient) -> None:
    document = client.get("/api/v1/openapi.json").json
    assert document["openapi"].startswith("3.1")
    assert {"/api/v1/notes", "/healthz", "/readyz", "/metrics", "/api/v1/openapi.json"} <= document["paths"].keys()
    operation = document["paths"]["/api/v1/notes"]["post"]
    assert operation["security"] == [{"key": []}]
    assert document["components"]["securitySchemes"]["key"]["scheme"] == "bearer"
    assert operation["responses"]["422"]["content"].keys() == {"application/problem+json"}
    references = [part.split('"')[0] for part in json.dumps(document).split('"#/components/schemas/')[1:]]
    assert set(references) <= document["components"]["schemas"].keys()
    assert {"NoteAnswer", "NoteBody", "Problem"} <= set(references)


def test_a_key_is_never_written_to_the_log(app: OpenAPI, capfd: pytest.CaptureFixture[str]) -> None:
    from backend import logs

    logs.configure()
    sent = key("all")
    text = sent["Authorization"].removeprefix("Bearer ")
    app.test_client().post("/api/v1/notes", json={"text": "a"}, headers={**sent, "X-Request-ID": text[:60]})
    app.logger.warning("someone logs %s", text)
    captured = capfd.readouterr()
    assert '"route":"/api/v1/notes"' in captured.err.replace(": ", ":")
    assert text not in captured.err + captured.out


def test_the_system_may_do_anything() -> None:
    assert all(SYSTEM.may(permission) for permission in Permission)
