"""A file of a draft, as text in a plain field with its problems beside it. What was typed is never lost."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Flask, abort, redirect, request, url_for
from werkzeug.wrappers import Response

from backend import db
from backend.catalogue import service as catalogues
from backend.catalogue.service import Draft
from backend.people.service import Permission, current_actor, requires
from shared.kernel.errors import Conflict, Invalid
from shared.ui.formats import speak_of
from shared.ui.pages import page, request_now, tell

bp = Blueprint("texts", __name__, template_folder="templates", url_prefix="/catalogue/drafts")
TEMPLATE = "authoring/file.html"
LARGEST_TEXT = 2 * 1024 * 1024
"""Bytes of a form with a file in it, each quote and line end written as three."""


def install(app: Flask) -> None:
    """Lets a file's text be larger than other forms. Comes before whatever reads the form."""

    @app.before_request
    def larger() -> None:
        if request.blueprint == bp.name:
            request.max_content_length = LARGEST_TEXT
            request.max_form_memory_size = LARGEST_TEXT


@bp.post("/<uuid:draft_id>/files")
@requires(Permission.AUTHOR)
def add(draft_id: UUID) -> Response:
    """A new, empty file of the draft."""
    path = request.form.get("path", "").strip()
    with db.transaction() as session:
        known = catalogues.draft(session, draft_id)
        if path in known.files:
            raise Conflict(f"The draft has a file {path} already.")
        catalogues.save_file(session, draft_id, path, "", "", current_actor(), request_now())
    return redirect(url_for(".show", draft_id=draft_id, path=path), 303)


@bp.get("/<uuid:draft_id>/files/<path:path>")
@requires(Permission.SEE_CATALOGUE)
def show(draft_id: UUID, path: str) -> Response:
    known = _draft(draft_id)
    if path not in known.files:
        abort(404)
    return _page(known, path, known.files[path])


@bp.post("/<uuid:draft_id>/files/<path:path>")
@requires(Permission.AUTHOR)
def save(draft_id: UUID, path: str) -> Response:
    text = request.form.get("text", "").replace("\r\n", "\n")
    try:
        with db.transaction() as session:
            catalogues.save_file(
                session, draft_id, path, text, request.form.get("seen", ""), current_actor(), request_now()
            )  # fmt: skip
    except Invalid as wrong:
        return _page(_draft(draft_id), path, text, status=422, wrong=wrong)
    except Conflict as lost:
        return _page(_draft(draft_id), path, text, status=409, lost=lost)
    if "check" in request.form:
        found = catalogues.check_draft(draft_id, current_actor(), request_now()).problems or ()
        here = sum(problem.file == path for problem in found)
        if not found:
            tell("good", "Saved, and nothing is wrong with the draft", "Every persona gets what they should.")
        else:
            where = "in this file" if here == len(found) else f"in the draft, {here or 'none'} of them in this file"
            tell("warn", f"Saved; {len(found)} problem{'' if len(found) == 1 else 's'} {where}")
    else:
        tell("good", "Saved", "The draft has to be checked before it goes further.")
    return redirect(url_for(".show", draft_id=draft_id, path=path), 303)


@bp.post("/<uuid:draft_id>/files/<path:path>/removal")
@requires(Permission.AUTHOR)
def remove(draft_id: UUID, path: str) -> Response:
    with db.transaction() as session:
        catalogues.remove_file(session, draft_id, path, request.form.get("seen", ""), current_actor(), request_now())
    tell("good", f"{path} is removed from the draft")
    return redirect(url_for("drafts.show", draft_id=draft_id), 303)


def _draft(draft_id: UUID) -> Draft:
    with db.reading() as session:
        known = catalogues.draft(session, draft_id)
        speak_of(catalogues.pack_in_force(session).timezone)
    return known


def _page(
    known: Draft, path: str, text: str, *, status: int = 200, wrong: Invalid | None = None, lost: Conflict | None = None
) -> Response:
    """The file with `text` in the field; `lost` says that somebody else's text stands in the draft by now."""
    theirs = lost.extra.get("theirs") if lost is not None else None
    kept = known.files.get(path, "")
    seen = lost.extra.get("seen", "") if lost is not None else catalogues.name_of(kept) if path in known.files else ""
    between = catalogues.difference({path: theirs}, {path: text}) if theirs is not None else ()
    return page(
        TEMPLATE, status=status, draft=known, path=path, text=text, seen=seen, wrong=wrong, lost=lost, theirs=theirs,
        between=between[0][1] if between else (), lines=text.count("\n") + 1,
        problems=[problem for problem in known.problems or () if problem.file == path] if text == kept else [],
        may_write=current_actor().may(Permission.AUTHOR) and not known.over,
    )  # fmt: skip
