"""The desk's first page: find a customer, or go back to one. What was searched for never stands in an address."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, redirect, request, session, url_for
from werkzeug.wrappers import Response

from backend import db
from backend.overview import service as overview
from backend.people.service import Permission, requires
from backend.profiles import service as profiles
from backend.profiles.types import Match, Profile
from shared.kernel.errors import EvenhandError
from shared.ui.pages import page, wants_fragment

bp = Blueprint("home", __name__, template_folder="templates")
SHOWN = 50
SUGGESTED = 7
SHORTEST = 2
LISTS = ("top-found", "home-found")
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
    query = _query()
    call_id = _call()
    if call_id is not None:
        session["query"] = query
        instead = "yes" if "instead" in request.form else None
        where = url_for("calls.show", call_id=call_id, searched="yes", instead=instead, _anchor="find-caller")
        return redirect(where, 303)
    matches, quoted, more = found(query) if query else ((), None, False)
    only = quoted or (None if more else _the_one(matches))
    if only is not None:
        return redirect(url_for("customers.show", customer_id=only), 303)
    session["query"] = query
    return redirect(url_for(".results"), 303)


@bp.get("/search")
@requires(Permission.SEARCH_CUSTOMERS)
def results() -> Response:
    query = session.get("query", "")
    if not query:
        return redirect(url_for(".show"), 303)
    matches, quoted, more = found(query)
    return page(
        "desk/home.html", recent=_recent(), searched=True, query=query, matches=matches, quoted=quoted, more=more
    )  # fmt: skip


@bp.post("/suggest")
@requires(Permission.SEARCH_CUSTOMERS)
def suggest() -> Response:
    """Whom the query finds so far, under the field in which it is typed; for a call, each to be given it."""
    if not wants_fragment():
        return search()
    query, call_id, where = _query(), _call(), request.form.get("list", "")
    matches, quoted, _more = found(query, SUGGESTED) if len(query) >= SHORTEST else ((), None, False)
    template = "desk/found.html" if call_id is None else "desk/caller_found.html"
    shown = where if where in LISTS else LISTS[0]
    return page(
        template, list=shown, query=query, matches=matches, quoted=quoted, call_id=call_id, instead="instead" in request.form
    )  # fmt: skip


def remember(customer_id: UUID) -> None:
    """Puts the customer first among those opened lately."""
    kept = [text for text in session.get("recent", []) if text != str(customer_id)]
    session["recent"] = [str(customer_id), *kept][:KEPT]


def found(query: str, most: int = SHOWN) -> tuple[tuple[Match, ...], UUID | None, bool]:
    """Whom the query finds, the one who quotes it as a spoken reference (first then), and whether there are more."""
    with db.reading() as reading:
        quoted = overview.find_reference(reading, query)
        page_of = profiles.search(reading, query=query, limit=most)
        matches = tuple(page_of.items)
        if quoted is not None and all(match.id != quoted for match in matches):
            theirs = profiles.profile(reading, quoted)
            matches = (Match(quoted, theirs.number, theirs.name, 1.0, "text"), *matches)
    return matches, quoted, bool(page_of.next_cursor)


def _the_one(matches: tuple[Match, ...]) -> UUID | None:
    """The only match, when an identifier of theirs was typed in whole."""
    whole = [match for match in matches if match.confidence >= SURE and match.matched in ("phone", "email", "number")]
    return whole[0].id if len(matches) == len(whole) == 1 else None


def _query() -> str:
    return request.form.get("query", "").strip()[:LONGEST_QUERY]


def _call() -> UUID | None:
    """The call for which somebody is searched, where the search stands on its page."""
    try:
        return UUID(request.form.get("call", ""))
    except ValueError:
        return None


def _recent() -> list[Profile]:
    people = []
    with db.reading() as reading:
        for text in session.get("recent", []):
            try:
                people.append(profiles.profile(reading, UUID(text)))
            except EvenhandError:
                continue  # erased since it was opened
    return people
