"""The desk's first page: find a customer, or go back to one. What was searched for never stands in an address."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import Blueprint, g, redirect, request, session, url_for
from werkzeug.wrappers import Response

from agent_ui.desk import inbox, typed
from agent_ui.desk.rail import serves
from backend import db
from backend.catalogue import service as catalogues
from backend.interactions import service as interactions
from backend.overview import service as overview
from backend.people.service import Permission, current_actor, requires
from backend.profiles import service as profiles
from backend.profiles.types import Hit, Match, Profile
from shared.kernel import clock
from shared.kernel.errors import EvenhandError
from shared.ui.pages import page, request_now, wants_fragment

bp = Blueprint("home", __name__, template_folder="templates")
SHOWN = 50
SUGGESTED = 7
SHORTEST = 2
LISTS = ("top-found", "home-found")
KEPT = 8
LONGEST_QUERY = 200
SURE = 0.9
ADDRESSES: dict[str, Callable[[Hit], str]] = {
    "article": lambda hit: url_for("articles.show", article_id=hit.thing_id),
    "case": lambda hit: url_for("casework.show", customer_id=hit.customer_id, case_id=hit.thing_id),
}
"""Where each kind of thing that a search finds is opened."""


@dataclass(frozen=True, slots=True)
class MyDay:
    """The contacts that I wrapped up today, and how long the work after a call took me on average: minutes and seconds."""

    contacts: int
    after_call: str


@bp.get("/")
@requires(Permission.DESK)
def show() -> Response:
    """Search, what waits for me, and who was opened lately."""
    waits = inbox.context() if current_actor().may(Permission.WORK_CASES) else {}
    return page("desk/home.html", recent=_recent(), searched=False, day=_my_day(), **waits)


@bp.post("/search")
@requires(Permission.SEARCH_CUSTOMERS)
def search() -> Response:
    """One sure match leads to the customer; else the query is kept in the signed cookie, so that reload and Back are safe."""
    query = _query()
    call_id = _call()
    if call_id is not None:
        session["query"] = query
        typed.keep_search(call_id, query)
        instead = "yes" if "instead" in request.form else None
        where = url_for("calls.show", call_id=call_id, searched="yes", instead=instead, _anchor="find-caller")
        return redirect(where, 303)
    seen = found(query)
    only = seen.quoted or (None if any(hit.customer_id for hit in seen.hits) else _the_one(seen.customers.items))
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
    return page("desk/home.html", recent=_recent(), searched=True, query=query, **_context(found(query)))


@bp.post("/suggest")
@requires(Permission.SEARCH_CUSTOMERS)
def suggest() -> Response:
    """Whom the query finds so far, under the field in which it is typed; for a call, each to be given it."""
    if not wants_fragment():
        return search()
    g.by_itself = True  # what comes as one types may come after the search itself, whose query it must not take back
    query, call_id, where = _query(), _call(), request.form.get("list", "")
    if call_id is not None:
        typed.keep_search(call_id, query)
    seen = found(query if len(query) >= SHORTEST else "", SUGGESTED)
    template = "desk/found.html" if call_id is None else "desk/caller_found.html"
    shown = where if where in LISTS else LISTS[0]
    return page(template, list=shown, query=query, call_id=call_id, instead="instead" in request.form, **_context(seen))


@bp.post("/bar")
@requires(Permission.SEARCH_CUSTOMERS)
def bar() -> Response:
    """What the command bar finds for what was typed so far; for nothing, who was opened lately."""
    if not wants_fragment():
        return search()
    g.by_itself = True
    query = _query()
    seen = found(query if len(query) >= SHORTEST else "", SUGGESTED)
    return page("desk/bar_found.html", query=query, recent=() if query else _recent(), **_context(seen))


def remember(customer_id: UUID) -> None:
    """Puts the customer first among those opened lately."""
    kept = [text for text in session.get("recent", []) if text != str(customer_id)]
    session["recent"] = [str(customer_id), *kept][:KEPT]


def found(query: str, most: int = SHOWN) -> overview.Everything:
    """Whom and what the query finds; nothing for none."""
    with db.reading() as reading:
        return overview.find_everything(reading, query, most)


def _context(seen: overview.Everything) -> dict[str, Any]:
    """What was found, as the pages show it: each hit with its address."""
    found_there = [(hit, ADDRESSES[hit.kind](hit)) for hit in seen.hits if hit.kind in ADDRESSES]
    people = seen.customers
    return {"matches": people.items, "more": people.more, "cut": people.cut, "hits": found_there, "quoted": seen.quoted}


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


def _my_day() -> MyDay | None:
    """What I have seen to today, as the house counts days; None for who takes no calls, and before the first contact."""
    actor = current_actor()
    if not serves(actor):
        return None
    with db.reading() as reading:
        zone = catalogues.pack_in_force(reading).timezone
        yesterday = clock.local_day(request_now(), zone) - timedelta(days=1)
        began = clock.midnight_after(yesterday, zone)
        contacts, seconds = interactions.wrapped_since(reading, UUID(actor.id), began)
    minutes, rest = divmod(round(seconds), 60)
    return MyDay(contacts, f"{minutes}:{rest:02}") if contacts else None


def _recent() -> list[Profile]:
    people = []
    with db.reading() as reading:
        for text in session.get("recent", []):
            try:
                people.append(profiles.profile(reading, UUID(text)))
            except EvenhandError:
                continue  # erased since it was opened
    return people
