"""Somebody new at the desk: invited by an administrator, joined by the link, and what their sign-in then asks for."""

from __future__ import annotations

from uuid import UUID

from flask import Flask

from backend import db
from backend.people import service as people
from tests.pages import Browser, Page, text_of

KIM, GOOD = "kim@example.com", "a pass that is long"


def invited(admin: Browser, role: str = "agent", **more: str) -> str:
    """The path of the link, as it is shown where no e-mail is sent."""
    page = admin.get("/people").submit("/people", email=KIM, role=role, **more)
    assert page.status == 200
    shown = text_of(page.one("code", class_="secret"))
    assert shown.startswith("http"), shown
    return "/join/" + shown.rpartition("/join/")[2]


def joined(admin: Browser, role: str = "agent") -> None:
    page = Browser(admin.app).get(invited(admin, role))
    page = page.submit(page.path, name="Kim Park", password=GOOD, again=GOOD)
    assert (page.path, "Sign in as kim@example.com" in page.text) == ("/sign-in", True)


def first_step(app: Flask, email: str = KIM, password: str = GOOD) -> Page:
    return Browser(app).get("/sign-in").submit("/sign-in", email=email, password=password)


def path_of(email: str) -> str:
    return f"/people/{id_of(email)}"


def id_of(email: str) -> UUID:
    with db.reading() as session:
        found = people.staff_by_email(session, email)
    assert found is not None
    return found
