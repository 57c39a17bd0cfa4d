"""Help that everyone may read, signed in or not: public articles, searched and said to be of help. What is for colleagues alone is not here."""

from __future__ import annotations

import secrets

from flask import Blueprint, redirect, request, session, url_for
from werkzeug.wrappers import Response

from backend import db
from backend.catalogue import service as catalogues
from backend.knowledge import service as knowledge
from backend.knowledge.types import Voter
from backend.people.service import public
from selfservice_ui import coming_in
from shared.kernel import languages
from shared.kernel.languages import gettext
from shared.ui.pages import nobody_looks, page, request_now, tell
from shared.ui.signing_in import signed_in_actor

bp = Blueprint("help", __name__)
QUERY, BROWSER = "help_query", "help_browser"
LONGEST_QUERY = 200
SHOWN = 100


@bp.get("/help")
@public
def index() -> Response:
    """All articles, or those of a stage of being a customer, or of a service."""
    stage, service = request.args.get("stage", ""), request.args.get("service", "")
    with db.reading() as reading:
        cursor = request.args.get("cursor") or None
        listed = knowledge.listed(reading, public_only=True, language=_language(), limit=SHOWN, cursor=cursor)
        if not listed.items:  # nothing is written in their language yet
            listed = knowledge.listed(reading, public_only=True, limit=SHOWN, cursor=cursor)
        pack = catalogues.pack_in_force(reading)
    there = {key for one in listed.items for key in (*one.writing.stages, *one.writing.services)}
    shown = [
        one
        for one in listed.items
        if (not stage or stage in one.writing.stages) and (not service or service in one.writing.services)
    ]
    return page(
        "portal/help.html", listed=listed, shown=shown, query="", stage=stage, service=service,
        stages=[(one.key, pack.said(one.own)) for one in pack.stages if one.own and one.key in there],
        services=[(one.key, pack.said(one.label)) for one in pack.services if one.key in there],
    )  # fmt: skip


@bp.post("/help")
@public
def search() -> Response:
    """What was looked for never stands in an address."""
    query = request.form.get("query", "").strip()[:LONGEST_QUERY]
    session[QUERY] = query
    return redirect(url_for(".results" if query else ".index"), 303)


@bp.get("/help/found")
@public
def results() -> Response:
    query = session.get(QUERY, "")
    if not query:
        return redirect(url_for(".index"), 303)
    with db.reading() as reading:
        found = knowledge.search(reading, query, public_only=True, language=_language(), limit=20)
        found = found or knowledge.search(reading, query, public_only=True, limit=20)
    return page("portal/help.html", query=query, found=found)


@bp.get("/help/<slug>")
@public
def show(slug: str) -> Response:
    with db.reading() as reading:
        one = knowledge.public_article(reading, slug)
        said = knowledge.said(reading, one.article_id, one.version, _me())
        others = knowledge.in_other_languages(reading, one)
    if signed_in_actor() is None and not nobody_looks():
        coming_in.read(one.writing.title)
    return page("portal/help_article.html", it=one, said=said, others=others)


@bp.post("/help/<slug>/votes")
@public
def vote(slug: str) -> Response:
    """Whether it helped: once for each person and version, and the last word counts."""
    session.setdefault(BROWSER, secrets.token_hex(12))
    helpful = request.form.get("helpful") == "yes"
    with db.transaction() as writing:
        one = knowledge.public_article(writing, slug)
        knowledge.vote(writing, one.article_id, one.version, helpful, _me(), request_now())
    tell(
        "good",
        gettext("Thank you"),
        gettext("It is counted.") if helpful else gettext("We read it again, and write it better."),
    )
    return redirect(url_for(".show", slug=slug), 303)


def _language() -> str:
    return languages.base(languages.spoken())


def _me() -> Voter:
    return knowledge.voter_of(signed_in_actor(), str(session.get(BROWSER, "")))
