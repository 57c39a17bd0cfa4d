"""What fits, beside a customer or a case: small, fetched when the page is there, with what one does with it."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urljoin
from uuid import UUID

from flask import Blueprint, g, redirect, request, url_for
from werkzeug.wrappers import Response

from agent_ui.casework.one import ONE, REPLY_CHANNEL, act_on, page_of
from backend import db
from backend.cases import service as cases
from backend.casework import service as casework
from backend.knowledge import service as knowledge
from backend.knowledge.types import Article
from backend.matrix.service import Pack
from backend.people.service import Permission, current_actor, requires
from backend.profiles import service as profiles
from shared.kernel.actors import Actor
from shared.kernel.errors import Conflict, Invalid
from shared.ui.pages import page, request_now, tell, wants_fragment

bp = Blueprint("suggested", __name__, template_folder="templates")
CUSTOMER = "/customers/<uuid:customer_id>"
LONGEST_QUERY = 200


@bp.get(f"{CUSTOMER}/articles")
@requires(Permission.SEE_ARTICLES)
def for_customer(customer_id: UUID) -> Response:
    """What fits why they are here."""
    return _panel(customer_id, None)


@bp.post(f"{CUSTOMER}/articles")
@requires(Permission.SEE_ARTICLES)
def search_for_customer(customer_id: UUID) -> Response:
    return _panel(customer_id, None, _query())


@bp.post(f"{CUSTOMER}/articles/<uuid:article_id>/sending")
@requires(Permission.WORK_CASES)
def send(customer_id: UUID, article_id: UUID) -> Response:
    """A public article for the customer's first page."""
    try:
        with db.transaction() as session:
            sent = casework.send_article(
                session, customer_id, None, article_id, address="", channel=REPLY_CHANNEL, seen=None, actor=current_actor(),
                now=request_now(),
            )  # fmt: skip
    except Conflict as refused:
        return _panel(customer_id, None, status=409, refused=str(refused))
    if wants_fragment():
        return _panel(customer_id, None, sent=sent.title)
    tell("good", "Sent", f"{sent.title} is on their first page now.")
    return redirect(url_for("customers.show", customer_id=customer_id), 303)


@bp.get(f"{ONE}/articles")
@requires(Permission.SEE_ARTICLES)
def for_case(customer_id: UUID, case_id: UUID) -> Response:
    """What fits the case."""
    return _panel(customer_id, case_id)


@bp.post(f"{ONE}/articles")
@requires(Permission.SEE_ARTICLES)
def search_for_case(customer_id: UUID, case_id: UUID) -> Response:
    return _panel(customer_id, case_id, _query())


@bp.post(f"{ONE}/articles/insertion")
@requires(Permission.WORK_CASES)
def insert(customer_id: UUID, case_id: UUID) -> Response:
    """Puts an article after what is being written: kept as the draft, to be read before it is sent. Scripting puts it at the cursor."""
    try:
        with db.transaction() as session:
            owner = profiles.resolve(session, customer_id)
            article = knowledge.article(session, _article())
            text, written = casework.reply_text(article, address_of(article)), request.form.get("text", "").strip()
            cases.keep_draft(
                session, owner, case_id, "agent", f"{written}\n\n{text}" if written else text, actor=current_actor(), now=request_now()
            )  # fmt: skip
    except Invalid as refused:
        return page_of(customer_id, case_id, 422, errors=refused.errors, wrong=str(refused), typed=request.form)
    return redirect(url_for("casework.show", customer_id=owner, case_id=case_id, _anchor="write"), 303)


@bp.post(f"{ONE}/articles/<uuid:article_id>/sending")
@requires(Permission.WORK_CASES)
def send_in_case(customer_id: UUID, case_id: UUID, article_id: UUID) -> Response:
    """A public article as an answer in the case."""

    def act(session: db.Session, owner: UUID, pack: Pack, actor: Actor, now: datetime, seen: int | None) -> str:
        article = knowledge.article(session, article_id)
        sent = casework.send_article(
            session, owner, case_id, article_id, address=address_of(article), channel=REPLY_CHANNEL, seen=seen, actor=actor, now=now
        )  # fmt: skip
        if typed := request.form.get("text", "").strip():
            # What is being written is another answer: it stays.
            kind = "note" if request.form.get("kind") == "note" else "agent"
            cases.keep_draft(session, owner, case_id, kind, typed, actor=actor, now=now)
        return f"Sent: {sent.title}"

    return act_on(customer_id, case_id, act)


def address_of(article: Article) -> str:
    """Where customers read it."""
    return urljoin(request.host_url, f"{knowledge.HELP}{article.slug}")


def _panel(
    customer_id: UUID, case_id: UUID | None, query: str = "", status: int = 200, *, sent: str = "", refused: str = ""
) -> Response:
    g.by_itself = True
    with db.reading() as session:
        if case_id is None:
            found = casework.articles_for_customer(session, customer_id, request_now(), query)
        else:
            of_case = casework.articles_for_case(session, customer_id, case_id, request_now(), query)
            if of_case is None:
                return redirect(url_for("customers.show", customer_id=customer_id), 303)
            found = of_case
        name = profiles.profile(session, found.customer_id).name
    texts = {one.article.article_id: casework.reply_text(one.article, address_of(one.article)) for one in found.found}
    return page(
        "knowledge/suggested.html", "panel", status=status, it=found, query=query, name=name, texts=texts, sent=sent, refused=refused,
    )  # fmt: skip


def _query() -> str:
    return request.form.get("query", "").strip()[:LONGEST_QUERY]


def _article() -> UUID:
    try:
        return UUID(request.form.get("article", ""))
    except ValueError:
        raise Invalid("Choose an article.", {"article": "Choose an article."}) from None
