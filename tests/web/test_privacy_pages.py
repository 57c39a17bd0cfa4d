"""Subject access and erasure where people do them: an administrator at the desk, a customer at the portal."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from sqlmodel import SQLModel

from backend import db
from backend.oversight.access import HEADINGS
from backend.profiles import service as profiles
from backend.profiles.service import Profile
from shared.kernel import clock
from shared.kernel.errors import Erased
from tests.cast import ADMIN, PASSWORD, PORTAL_CUSTOMER, SUPERVISOR
from tests.pages import Browser


@pytest.fixture
def customer(loaded: str) -> Profile:
    with db.reading() as session:
        return profiles.profile(session, profiles.search(session, identifier=f"number:{PORTAL_CUSTOMER}").items[0].id)


@pytest.fixture
def admin(desk_as: Callable[[str], Browser]) -> Browser:
    return desk_as(ADMIN)


def copied(browser: Browser, where: str, kind: str, **more: str) -> object:
    form = browser.get(where).forms
    fields = next(form.fields for form in form if form.fields.get("csrf_token"))
    return browser.client.post(f"{where}/copy", data={**fields, "kind": kind, **more})


def test_an_administrator_hands_over_a_copy(admin: Browser, customer: Profile) -> None:
    where = f"/customers/{customer.customer_id}/data"
    link = next(
        a.get("href")
        for a in admin.get(f"/customers/{customer.customer_id}").all("a")
        if (a.get("href") or "").endswith("/data")
    )
    assert link == where
    answer = copied(admin, where, "json")
    assert answer.headers["Content-Disposition"] == f'attachment; filename="subject-access-{customer.number}.json"'  # type: ignore[attr-defined]
    assert json.loads(answer.get_data())["tables"]["customer"][0]["name"] == customer.name  # type: ignore[attr-defined]
    page = copied(admin, where, "html")
    assert page.mimetype == "text/html"  # type: ignore[attr-defined]
    assert customer.email in page.get_data(as_text=True)  # type: ignore[attr-defined]
    assert copied(admin, where, "pdf").status_code == 422  # type: ignore[attr-defined]


def test_erasure_wants_the_number_typed_and_then_nobody_is_left(
    admin: Browser, customer: Profile, portal_as: Callable[[str], Browser]
) -> None:
    theirs = portal_as(customer.number)
    where = f"/customers/{customer.customer_id}/data"
    page = admin.get(where)
    assert "Commercial and tax law: invoices" in page.text
    for typed in ("", "C0", customer.name):
        refused = page.submit("/data/erasure", number=typed)
        assert refused.status == 422
        assert "Type the customer's number" in refused.text
    with db.reading() as session:
        assert profiles.profile(session, customer.customer_id).name == customer.name
    after = page.submit("/data/erasure", number=f" {customer.number.lower()} ")
    assert after.path == "/"
    assert "Erased" in after.text
    with db.reading() as session, pytest.raises(Erased):
        profiles.profile(session, customer.customer_id)
    for address in ("", "/data", "/looks", "/timeline"):
        gone = admin.get(f"/customers/{customer.customer_id}{address}")
        assert gone.status == 410
        assert customer.name not in gone.text
    assert customer.name not in admin.get("/").text, "nor among those opened lately"
    assert theirs.get("/").path == "/sign-in", "who was signed in is not any more"


@pytest.mark.parametrize("who", [SUPERVISOR, "agent1@demo.example", "author@demo.example"])
def test_nobody_else_takes_a_copy_or_erases(desk_as: Callable[[str], Browser], customer: Profile, who: str) -> None:
    browser = desk_as(who)
    assert browser.get(f"/customers/{customer.customer_id}/data").status == 403
    token = next(f.fields["csrf_token"] for f in browser.get("/").forms if f.fields.get("csrf_token"))
    for act in ("copy", "erasure"):
        sent = {"csrf_token": token, "kind": "json", "number": customer.number}
        assert browser.client.post(f"/customers/{customer.customer_id}/data/{act}", data=sent).status_code == 403


def test_a_customer_takes_their_own_copy_by_their_password(portal: Browser, customer: Profile) -> None:
    page = portal.get("/privacy")
    for password, words in (("", "Enter your password"), ("wrong", "do not go together")):
        refused = page.submit("/privacy/data", password=password, kind="json")
        assert (refused.status, words in refused.text) == (422, True)
    form = page.form("/privacy/data")
    answer = portal.client.post("/privacy/data", data={**form.fields, "password": PASSWORD, "kind": "json"})
    given = json.loads(answer.get_data())
    assert given["number"] == customer.number
    assert {row["customer_id"] for row in given["tables"]["event"]} == {str(customer.customer_id)}
    read = portal.client.post("/privacy/data", data={**form.fields, "password": PASSWORD, "kind": "html"})
    assert "<script" not in read.get_data(as_text=True)
    assert (
        portal.client.post("/privacy/data", data={**form.fields, "password": PASSWORD, "kind": "x"}).status_code == 422
    )


def test_a_copy_for_reading_speaks_the_customers_language_and_names_everything_in_their_words(portal: Browser) -> None:
    with db.transaction() as session:
        customer_id = profiles.find_by_sign_in(session, PORTAL_CUSTOMER)
        assert customer_id
        profiles.set_language(session, customer_id, "es-US", clock.now())
    form = portal.get("/privacy").form("/privacy/data")
    read = portal.client.post("/privacy/data", data={**form.fields, "password": PASSWORD, "kind": "html"}).get_data(
        as_text=True
    )
    for words in ('<html lang="es', "Qué se guarda de ", "Sus facturas", "Qué ha pasado"):
        assert words in read
    assert "What happened" not in read
    ours = {table.name for table in SQLModel.metadata.sorted_tables if "customer_id" in table.c}
    assert ours <= set(HEADINGS), "each has a heading in words of the customer"


def test_an_administrator_reads_what_is_over_its_time(admin: Browser, desk_as: Callable[[str], Browser]) -> None:
    page = admin.get("/retention")
    assert "Looks at customers" in page.text
    assert "Records that the law made us keep" in page.text
    assert desk_as(SUPERVISOR).get("/retention").status == 403
