"""Writing articles: with a preview, version upon version; where somebody published meanwhile, nothing that was typed is lost."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from backend import db
from backend.catalogue import service as catalogues
from backend.knowledge import service as knowledge
from backend.knowledge.types import AUDIENCES, Article, Writing
from backend.matrix.service import Pack
from backend.people.service import Permission, current_actor, requires
from shared.kernel.errors import Conflict, Invalid
from shared.ui.pages import page, request_now, tell, wants_fragment

bp = Blueprint("article_writing", __name__, template_folder="templates")
FIELDS = ("title", "slug", "summary", "text", "audience", "language", "translates", "words", "note")
LISTS = ("stages", "intents", "services", "types")


@bp.get("/articles/new")
@requires(Permission.WRITE_ARTICLES)
def new() -> Response:
    return _form(None)


@bp.post("/articles/new")
@requires(Permission.WRITE_ARTICLES)
def create() -> Response:
    return _write(None)


@bp.get("/articles/<uuid:article_id>/edit")
@requires(Permission.WRITE_ARTICLES)
def edit(article_id: UUID) -> Response:
    return _form(article_id)


@bp.post("/articles/<uuid:article_id>/edit")
@requires(Permission.WRITE_ARTICLES)
def revise(article_id: UUID) -> Response:
    return _write(article_id)


@bp.post("/articles/<uuid:article_id>/versions/<int:version>/restoration")
@requires(Permission.WRITE_ARTICLES)
def restore(article_id: UUID, version: int) -> Response:
    """An older version's text becomes the newest again."""
    try:
        with db.transaction() as session:
            knowledge.restore(
                session, article_id, version, pack=catalogues.pack_in_force(session), seen=_number("seen"), actor=current_actor(),
                now=request_now(),
            )  # fmt: skip
    except (Conflict, Invalid) as refused:
        told = "; ".join(refused.errors.values()) if isinstance(refused, Invalid) else ""
        tell("warn", "Not put back", told or str(refused))
    else:
        tell("good", f"Version {version} is what everybody reads now")
    return redirect(url_for("articles.show", article_id=article_id), 303)


@bp.post("/articles/<uuid:article_id>/retirement")
@requires(Permission.WRITE_ARTICLES)
def retire(article_id: UUID) -> Response:
    """Takes it out of use, or back into it."""
    retired = request.form.get("retired") == "yes"
    with db.transaction() as session:
        knowledge.retire(session, article_id, retired=retired, actor=current_actor(), now=request_now())
    tell("good", "Out of use: nobody finds it" if retired else "In use again")
    return redirect(url_for("articles.show", article_id=article_id), 303)


def _write(article_id: UUID | None) -> Response:
    """Publishes, or shows how it would look, or keeps what was typed; or lets go of it."""
    then, typed, seen = request.form.get("then", ""), _typed(), _number("seen")
    me, now = UUID(current_actor().id), request_now()
    if then == "discard":
        with db.transaction() as session:
            knowledge.drop_draft(session, article_id or knowledge.NEW, me)
        return redirect(_back(article_id), 303)
    if then != "publish":
        return _keep(article_id, typed, seen)
    try:
        with db.transaction() as session:
            pack = catalogues.pack_in_force(session)
            made = knowledge.publish(
                session, article_id, _writing(typed, pack), pack=pack, seen=seen, note=typed.get("note", ""), actor=current_actor(),
                now=now,
            )  # fmt: skip
    except Invalid as wrong:
        return _form(article_id, 422, typed=typed, errors=wrong.errors or {"": str(wrong)})
    except Conflict as refused:
        return _form(article_id, 409, typed=typed, refused=refused)
    tell("good", f"Version {made.version} is published", "Everybody who may read it finds it now.")
    return redirect(url_for("articles.show", article_id=made.article_id), 303)


def _keep(article_id: UUID | None, typed: dict[str, str], seen: int | None) -> Response:
    """Keeps what was typed for any browser of the author's, and shows how it would look."""
    wrong: dict[str, str] = {}
    kept = None
    try:
        with db.transaction() as session:
            kept = knowledge.keep_draft(
                session, article_id or knowledge.NEW, UUID(current_actor().id), typed, seen or 0, request_now()
            )
    except Invalid as refused:
        wrong = refused.errors
    if wants_fragment():
        html = knowledge.html_of(typed.get("text", "")) if not wrong else ""
        return page(
            "knowledge/preview.html", "preview", status=422 if wrong else 200, html=html, kept=kept, wrong=wrong
        )
    return _form(article_id, 422 if wrong else 200, typed=typed, errors=wrong, preview=True)


def _form(
    article_id: UUID | None, status: int = 200, *, typed: dict[str, str] | None = None, errors: dict[str, str] | None = None,
    refused: Conflict | None = None, preview: bool = False,
) -> Response:  # fmt: skip
    me = UUID(current_actor().id)
    with db.reading() as session:
        pack = catalogues.pack_in_force(session)
        now_there = knowledge.article(session, article_id) if article_id is not None else None
        draft = knowledge.draft_of(session, article_id or knowledge.NEW, me)
    base = now_there.current if now_there else 0
    behind = refused is not None
    if typed is None and draft is not None:
        typed, behind = draft.fields, draft.base != base
    fields = typed if typed is not None else _fields(now_there, pack)
    # Upon what is there now: who reads what the other wrote and publishes again, means it.
    return page(
        "knowledge/edit.html", status=status, article=now_there, fields=fields, errors=errors or {}, refused=refused, draft=draft,
        behind=behind, seen=base, html=knowledge.html_of(fields.get("text", "")), preview=preview, audiences=AUDIENCES,
        choices=_choices(pack), them=now_there if behind else None,
    )  # fmt: skip


def _fields(article: Article | None, pack: Pack) -> dict[str, str]:
    if article is None:
        return {"audience": "internal", "language": pack.language}
    one = article.writing
    plain = {name: getattr(one, name) for name in FIELDS if name != "note"}
    return plain | {name: " ".join(getattr(one, name)) for name in LISTS}


def _typed() -> dict[str, str]:
    form = request.form
    plain = {name: form.get(name, "").replace("\r\n", "\n") for name in FIELDS}
    return plain | {name: " ".join(form.getlist(name)) for name in LISTS}


def _writing(typed: dict[str, str], pack: Pack) -> Writing:
    lists = {
        name: knowledge.split_keys(typed[name].split(), [key for key, _ in choices])
        for name, _, choices in _choices(pack)
    }
    audience = next((one for one in AUDIENCES if one == typed["audience"]), None)
    if audience is None:
        raise Invalid("Please check the article.", {"audience": "Say for whom it is."})
    return Writing(
        slug=typed["slug"].strip(), title=" ".join(typed["title"].split()), text=typed["text"].strip(),
        summary=" ".join(typed["summary"].split()), audience=audience, language=typed["language"].strip(),
        words=" ".join(typed["words"].split()), translates=typed["translates"].strip().removeprefix("/help/"), **lists,
    )  # fmt: skip


def _choices(pack: Pack) -> tuple[tuple[str, str, list[tuple[str, str]]], ...]:
    """By what an article may be filed: the field, its label, and the pack's keys with their labels."""
    return (
        ("intents", "Why they are here", [(key, one.label) for key, one in pack.intents.items()]),
        ("stages", "Stages", [(one.key, one.label) for one in pack.stages]),
        ("services", "Services", [(one.key, one.label) for one in pack.services]),
        ("types", "Types of case", [(one.key, one.label) for one in pack.casework.case_type]),
    )


def _back(article_id: UUID | None) -> str:
    return url_for("articles.show", article_id=article_id) if article_id else url_for("articles.index")


def _number(name: str) -> int | None:
    text = request.form.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
