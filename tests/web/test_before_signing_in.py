"""What somebody reads before they sign in joins their profile when they do, and nobody else's."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import func, select

from backend import db
from backend.interactions import service as interactions
from backend.profiles import service as profiles
from backend.profiles.tables import CustomerRow
from tests.cast import LOYAL_CUSTOMER, PORTAL_CUSTOMER, sign_in
from tests.pages import Browser


def read_by(who: str) -> list[str]:
    with db.reading() as session:
        customer_id = profiles.find_by_sign_in(session, who)
        assert customer_id
        lines = interactions.timeline(session, customer_id, limit=50).items
    return [
        str(one.data.get("title") or one.data)
        for one in lines
        if one.data.get("name") == "Help Article Viewed" or one.kind == "help_read"
    ]


def customers() -> int:
    with db.reading() as session:
        return int(session.execute(select(func.count()).select_from(db.table_of(CustomerRow))).scalar_one())


def slugs(app: Flask) -> list[str]:
    page = Browser(app).get("/help")
    return [str(one.get("href")) for one in page.all("a") if str(one.get("href")).startswith("/help/")][:2]


def test_what_was_read_before_is_on_the_timeline_once_one_signs_in(portal_app: Flask) -> None:
    first, second = slugs(portal_app)
    before, visitor = customers(), Browser(portal_app)
    for path in (first, first, second):
        assert visitor.get(path).status == 200
    assert customers() == before, "nothing of a visitor is kept unless they sign in"
    sign_in(visitor, PORTAL_CUSTOMER)
    assert len(read_by(PORTAL_CUSTOMER)) == 2
    visitor.get("/").submit("/sign-out")
    sign_in(visitor, PORTAL_CUSTOMER)
    assert len(read_by(PORTAL_CUSTOMER)) == 2


def test_of_two_who_use_one_device_each_has_what_was_read_before_they_signed_in(portal_app: Flask) -> None:
    first, second = slugs(portal_app)
    shared = Browser(portal_app)
    for path, who in ((first, PORTAL_CUSTOMER), (second, LOYAL_CUSTOMER)):
        shared.get(path)
        sign_in(shared, who)
        shared.get("/").submit("/sign-out")
    assert len(read_by(PORTAL_CUSTOMER)) == len(read_by(LOYAL_CUSTOMER)) == 1
    assert read_by(PORTAL_CUSTOMER) != read_by(LOYAL_CUSTOMER)


def test_what_is_for_everyone_is_read_by_anybody_and_taken_up_by_who_signs_in(portal_app: Flask) -> None:
    visitor = Browser(portal_app)
    page = visitor.get("/for-everyone")
    assert "Bills online, and a little off each one" in page.text
    assert "{" not in page.text
    assert visitor.get("/sign-in").all("a", href="/for-everyone")
    sign_in(visitor, PORTAL_CUSTOMER)
    assert "What we do for everyone" in str(read_by(PORTAL_CUSTOMER))
    assert visitor.get("/for-everyone").path == "/offers", "who is known has what was decided for them"


def test_what_is_for_everyone_is_said_in_spanish_too(portal_app: Flask) -> None:
    visitor = Browser(portal_app)
    visitor.get("/sign-in").submit("/language", language="es")
    assert "Facturas en línea, y un poco menos en cada una" in visitor.get("/for-everyone").text
