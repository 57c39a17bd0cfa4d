"""A pack dresses the portal: its name over each page, its colours in a style sheet of its own address, its logo."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pytest
from flask import Flask

from backend.matrix import theming
from selfservice_ui import theme
from tests.cast import PORTAL_CUSTOMER, sign_in
from tests.pages import Browser
from tests.unit.test_wording import DARK, THEME

LOGO = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><circle cx="4" cy="4" r="4"/></svg>'


@pytest.fixture
def dressed(portal_app: Flask) -> Iterator[theme.Face]:
    """The portal in the colours of another company."""
    colours = theming.Theme(name="Northline", light=theming.Colours(**THEME), dark=theming.Colours(**DARK))
    face = theme.Face("Northline", ("en", "es-US"), colours.style_sheet(), LOGO, "0123456789ab")
    portal_app.extensions[theme._FACE] = (math.inf, face)
    yield face
    del portal_app.extensions[theme._FACE]


def test_each_page_has_the_name_the_colours_and_the_logo_of_the_pack(portal_app: Flask, dressed: theme.Face) -> None:
    customer = sign_in(Browser(portal_app), PORTAL_CUSTOMER)
    for path in ("/", "/offers", "/help", "/nowhere"):
        page = customer.get(path)
        assert page.title.endswith(" · Northline")
        assert page.one("a", class_="brand").find("img") is not None
        sheets = [str(one.get("href")) for one in page.all("link", rel="stylesheet")]
        assert sheets[-1] == f"/theme/{dressed.mark}.css", "after our own, so that it counts"


def test_the_style_sheet_and_the_logo_are_served_to_be_kept_and_others_are_not_there(
    portal_app: Flask, dressed: theme.Face
) -> None:
    client = portal_app.test_client()
    sheet, logo = (client.get(f"/theme/{dressed.mark}.{ending}") for ending in ("css", "svg"))
    assert (sheet.mimetype, logo.mimetype) == ("text/css", "image/svg+xml")
    assert "--accent: #7a2048;" in sheet.get_data(as_text=True)
    for answer in (sheet, logo):
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
        assert "Set-Cookie" not in answer.headers
    for path in ("/theme/ffffffffffff.css", f"/theme/{dressed.mark}.js", "/theme/.css"):
        assert client.get(path).status_code == 404


def test_the_telephone_company_is_dressed_as_its_pack_says(portal_app: Flask) -> None:
    page = Browser(portal_app).get("/sign-in")
    assert page.title.endswith(" · Evenhand")
    address = [str(one.get("href")) for one in page.all("link", rel="stylesheet")][-1]
    assert "--accent: #0b6b64;" in portal_app.test_client().get(address).get_data(as_text=True)
