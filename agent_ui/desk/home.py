"""The desk's first page: find a customer, or go back to one. What was searched for never stands in an address."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, redirect, request, session, url_for
from werkzeug.wrappers import Response

from backend import db
from backend.people.service import Permission, requires
from backend.profiles import service as profiles
from backend.profiles.types import Match, Page, Profile
from shared.kernel.errors import EvenhandError
from shared.ui.pages import page

bp = Blueprint("home", __name__, template_folder="templates")
SHOWN = 50
KEPT = 8
LONGEST_QUERY = 200
SURE = 0.9


@bp.get("/")
@requires(Permission.DESK)
def show() -> Response:
    return page("desk/home.html", recent=_recent(), searched=False)


@bp.post("/search")
@requires(Permission.SEARCH_CUSTOMERS)
def search() -> Response:
    """One sure match leads to the customer; else the query is kept in the signed cookie, so that reload and Back are safe."""
    query = request.form.get("query", "").strip()[:LONGEST_QUERY]
    only = _the_one(_found(query)) if query else None
    if only is not None:
        return redirect(url_for("customers.show", customer_id=only.id), 303)
    session["query"] = query
    return redirect(url_for(".results"), 303)


@bp.get("/search")
@requires(Permission.SEARCH_CUSTOMERS)
def results() -> Response:
    query = session.get("query", "")
    if not query:
        return redirect(url_for(".show"), 303)
    found = _found(query)
    return page(
        "desk/home.html",
        recent=_recent(),
        searched=True,
        query=query,
        matches=found.items,
        more=bool(found.next_cursor),
    )


def remember(customer_id: UUID) -> None:
    """Puts the customer first among those opened lately."""
    kept = [text for text in session.get("recent", []) if text != str(customer_id)]
    session["recent"] = [str(customer_id), *kept][:KEPT]


def _found(query: str) -> Page[Match]:
    with db.reading() as reading:
        return profiles.search(reading, query=query, limit=SHOWN)


def _the_one(found: Page[Match]) -> Match | None:
    """The only match, when an identifier of theirs was typed in whole."""
    whole = [
        match for match in found.items if match.confidence >= SURE and match.matched in ("phone", "email", "number")
    ]
    return whole[0] if len(found.items) == len(whole) == 1 else None


def _recent() -> list[Profile]:
    people = []
    with db.reading() as reading:
        for text in session.get("recent", []):
            try:
                people.append(profiles.profile(reading, UUID(text)))
            except EvenhandError:
                continue  # erased since it was opened
    return people
