"""The catalogue: what is in force, what was before, what is being drafted, and the way back."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from agent_ui.authoring.words import issues_of
from backend import db
from backend.catalogue import service as catalogues
from backend.people.service import Permission, current_actor, requires
from shared.kernel.errors import Invalid
from shared.ui.formats import speak_of
from shared.ui.pages import page, request_now, tell

bp = Blueprint("catalogue", __name__, template_folder="templates")


@bp.get("/catalogue")
@requires(Permission.SEE_CATALOGUE)
def show() -> Response:
    return page("authoring/catalogue.html", **_list())


@bp.post("/catalogue/drafts")
@requires(Permission.AUTHOR)
def begin() -> Response:
    """A new draft of the version in force, or of the one that is named."""
    name = request.form.get("name", "")
    base = request.form.get("base", "")
    try:
        with db.transaction() as session:
            draft_id = catalogues.begin_draft(
                session, name, current_actor(), request_now(), base=int(base) if base.isascii() and base.isdigit() else None
            )  # fmt: skip
    except Invalid as wrong:
        return page("authoring/catalogue.html", status=422, errors=wrong.errors, typed=name, **_list())
    return redirect(url_for("drafts.show", draft_id=draft_id), 303)


@bp.get("/catalogue/versions/<int:version>")
@requires(Permission.SEE_CATALOGUE)
def version(version: int) -> Response:
    with db.reading() as session:
        known = catalogues.catalogue_of(session, version)
        every = catalogues.versions(session)
    speak_of(known.pack.timezone)
    this = next(one for one in every if one.version == version)
    present = next(one for one in every if one.state == "in_force")
    return page(
        "authoring/version.html", this=this, present=present, pack=known.pack, issues=issues_of(known.treatments.values()),
        count=len(known.treatments),
    )  # fmt: skip


@bp.post("/catalogue/versions/<int:version>/rollback")
@requires(Permission.APPROVE_CATALOGUE)
def roll_back(version: int) -> Response:
    """One act: this version is in force from now on."""
    seen = request.form.get("seen", "")
    with db.transaction() as session:
        at = int(seen) if seen.isascii() and seen.isdigit() else 0
        catalogues.roll_back(session, version, at, current_actor(), request_now())
    tell("good", f"Version {version} is in force again", "Offers that were presented meanwhile keep their terms.")
    return redirect(url_for(".show"), 303)


def _list() -> dict[str, Any]:
    with db.reading() as session:
        pack = catalogues.pack_in_force(session)
        versions, drafts = catalogues.versions(session), catalogues.drafts(session)
    speak_of(pack.timezone)
    return {
        "pack": pack,
        "present": next(one for one in versions if one.state == "in_force"),
        "versions": versions,
        "going": [one for one in drafts if one.state not in ("published", "withdrawn")],
        "given_up": [one for one in drafts if one.state == "withdrawn"],
    }
