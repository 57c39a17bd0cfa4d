"""Articles: found, read, and said to be of help or not. What was searched for never stands in an address."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, abort, redirect, request, session, url_for
from werkzeug.wrappers import Response

from backend import db
from backend.knowledge import service as knowledge
from backend.knowledge.types import Article, Votes
from backend.people.service import Permission, current_actor, requires
from shared.ui.pages import page, request_now, tell, wants_fragment

bp = Blueprint("articles", __name__, template_folder="templates")
LONGEST_QUERY = 200
QUERY = "article_query"
SHOWN = 100


@bp.get("/articles")
@requires(Permission.SEE_ARTICLES)
def index() -> Response:
    """All articles by title; for authors those too that were taken out of use."""
    cursor = request.args.get("cursor") or None
    with db.reading() as reading:
        listed = knowledge.listed(reading, public_only=False, limit=SHOWN, cursor=cursor)
        retired: tuple[Article, ...] = ()
        if current_actor().may(Permission.WRITE_ARTICLES) and cursor is None:
            retired = knowledge.listed(reading, public_only=False, retired=True, limit=SHOWN).items
        votes = knowledge.counts(reading, [one.article_id for one in listed.items])
    return page(
        "knowledge/index.html", listed=listed, retired=retired, votes=votes, query="", onward=cursor is not None
    )


@bp.post("/articles/search")
@requires(Permission.SEE_ARTICLES)
def search() -> Response:
    query = request.form.get("query", "").strip()[:LONGEST_QUERY]
    session[QUERY] = query
    return redirect(url_for(".results" if query else ".index"), 303)


@bp.get("/articles/found")
@requires(Permission.SEE_ARTICLES)
def results() -> Response:
    query = session.get(QUERY, "")
    if not query:
        return redirect(url_for(".index"), 303)
    with db.reading() as reading:
        found = knowledge.search(reading, query, public_only=False, limit=50)
    return page("knowledge/index.html", query=query, found=found)


@bp.get("/articles/<uuid:article_id>")
@requires(Permission.SEE_ARTICLES)
def show(article_id: UUID) -> Response:
    """The article as it is; for its authors an older version too, and how each of them helped."""
    version = request.args.get("version", "")
    writes = current_actor().may(Permission.WRITE_ARTICLES)
    with db.reading() as reading:
        now = knowledge.article(reading, article_id)
        if now.retired and not writes:
            abort(404)
        one = now
        if version.isascii() and version.isdigit() and len(version) < 7 and writes:
            one = knowledge.version_of(reading, article_id, int(version))
        lines = knowledge.versions(reading, article_id)
        mine = knowledge.said(reading, article_id, one.version, knowledge.voter_of(current_actor()))
    return page("knowledge/article.html", it=one, now_version=now, versions=lines, said=mine)


@bp.post("/articles/<uuid:article_id>/votes")
@requires(Permission.SEE_ARTICLES)
def vote(article_id: UUID) -> Response:
    """Whether it helped: once for each person and version, and the last word counts."""
    helpful = request.form.get("helpful") == "yes"
    with db.transaction() as writing:
        one = knowledge.article(writing, article_id)
        me = knowledge.voter_of(current_actor())
        knowledge.vote(writing, article_id, one.version, helpful, me, request_now())
    if wants_fragment():
        with db.reading() as reading:
            count = knowledge.counts(reading, [article_id]).get((article_id, one.version), Votes())
        return page("knowledge/helped.html", "helped", article_id=article_id, said=helpful, count=count)
    tell("good", "Thank you", "It is counted." if helpful else "Its authors see that it did not help.")
    return redirect(url_for(".show", article_id=article_id), 303)
