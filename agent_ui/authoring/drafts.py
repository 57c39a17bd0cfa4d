"""A draft of the catalogue: where it stands, what it changes, and the acts that take it further or back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from agent_ui.authoring.words import steps
from agent_ui.desk.acting import acted, errors_of
from agent_ui.supervision.following import everything
from backend import db
from backend.catalogue import service as catalogues
from backend.catalogue.service import Draft
from backend.people.service import Permission, current_actor, requires
from backend.simulation import service as simulations
from shared.kernel import clock
from shared.kernel.actors import Actor
from shared.kernel.errors import Invalid
from shared.ui.formats import speak_of
from shared.ui.pages import page, request_now, tell, wants_fragment

bp = Blueprint("drafts", __name__, template_folder="templates", url_prefix="/catalogue/drafts")
TEMPLATE = "authoring/draft.html"
FOLLOWED = {name: name for name in ("catalogue", "alerts")}
SOON = timedelta(minutes=1)
"""So long a page waits for a worker to put a draft in force, before it offers to set another instant."""


@bp.get("/<uuid:draft_id>")
@requires(Permission.SEE_CATALOGUE)
def show(draft_id: UUID) -> Response:
    """The whole page; or what comes next alone, until what was waited for is there, and the page is drawn anew."""
    context = context_of(draft_id)
    if not wants_fragment():
        return page(TEMPLATE, **context)
    response = page(TEMPLATE, "acts", **context)
    if not context["going"]:
        response.headers["HX-Refresh"] = "true"
    return response


@bp.get("/stream")
@requires(Permission.SEE_CATALOGUE)
def live() -> Response:
    """Names of what may have changed of any draft: whoever asked for an approval sees it the moment that it is given."""
    return everything(FOLLOWED)


@bp.get("/<uuid:draft_id>/changes")
@requires(Permission.SEE_CATALOGUE)
def changes(draft_id: UUID) -> Response:
    """What the draft changes of the version in force, file by file."""
    return page("authoring/changes.html", **context_of(draft_id))


@bp.post("/<uuid:draft_id>/check")
@requires(Permission.AUTHOR)
def check(draft_id: UUID) -> Response:
    found = catalogues.check_draft(draft_id, current_actor(), request_now()).problems or ()
    if found:
        tell(
            "warn", f"{len(found)} problem{'' if len(found) == 1 else 's'} found", "They are listed with file and line."
        )
    else:
        tell(
            "good",
            "Nothing is wrong with it",
            "The rules and words were checked, and every persona gets what they should.",
        )
    return _back(draft_id)


@bp.post("/<uuid:draft_id>/request")
@requires(Permission.AUTHOR)
def ask(draft_id: UUID) -> Response:
    return _act(
        draft_id, catalogues.ask_approval, "A second person is asked", "Whoever supervises sees it under Catalogue."
    )


@bp.post("/<uuid:draft_id>/approval")
@requires(Permission.APPROVE_CATALOGUE)
def approve(draft_id: UUID) -> Response:
    return _act(draft_id, catalogues.approve, "Approved", "Now say from when it is in force.")


@bp.post("/<uuid:draft_id>/return")
@requires(Permission.APPROVE_CATALOGUE)
def send_back(draft_id: UUID) -> Response:
    words = request.form.get("words", "")
    return _act(
        draft_id, lambda s, d, seen, actor, now: catalogues.send_back(s, d, seen, words, actor, now), "Sent back",
        "Its authors see what you wrote.", typed=words,
    )  # fmt: skip


@bp.post("/<uuid:draft_id>/schedule")
@requires(Permission.APPROVE_CATALOGUE)
def schedule(draft_id: UUID) -> Response:
    """In force now, or from a date, in the company's own time."""
    typed, at_once = request.form.get("at", ""), request.form.get("when") == "now"

    def act(session: db.Session, draft: UUID, revision: int, actor: Actor, now: datetime) -> Draft:
        return catalogues.schedule(session, draft, revision, None if at_once else _instant(session, typed), actor, now)

    return _act(
        draft_id, act, "It goes in force" + (" within seconds" if at_once else ""),
        "In every channel at once; nothing is restarted.", typed_at=typed,
    )  # fmt: skip


@bp.post("/<uuid:draft_id>/withdrawal")
@requires(Permission.AUTHOR)
def withdraw(draft_id: UUID) -> Response:
    return _act(draft_id, catalogues.withdraw, "Withdrawn", "Its text stays to be read.")


def _act(draft_id: UUID, act: Callable[..., Draft], title: str, text: str, **typed: Any) -> Response:
    """Does the act on the draft as it was seen, and goes back to its page; refused, the page says why, with what was `typed`."""
    return acted(
        lambda session: act(session, draft_id, seen(), current_actor(), request_now()),
        lambda why: page(TEMPLATE, status=why.status, errors=errors_of(why), **typed, **context_of(draft_id)),
        lambda _: (title, text),
        lambda _: url_for(".show", draft_id=draft_id),
    )


def _back(draft_id: UUID) -> Response:
    return redirect(url_for(".show", draft_id=draft_id), 303)


def seen() -> int:
    """The revision that the page showed; none fits where a form does not say."""
    text = request.form.get("seen", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0


def _instant(session: db.Session, text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise Invalid("That is no date.", {"at": "Choose a day and a time."}) from None
    zone = catalogues.pack_in_force(session).timezone
    return at.replace(tzinfo=clock.zone_named(zone)) if at.tzinfo is None else at


def context_of(draft_id: UUID) -> dict[str, Any]:
    """All that the draft's pages are drawn from."""
    actor, now = current_actor(), request_now()
    with db.reading() as session:
        known = catalogues.draft(session, draft_id)
        configuration = catalogues.in_force(session)
        present = known.base_version if known.over else configuration.catalogue.version
        before = catalogues.files_of(session, present)
        simulation = simulations.simulation(session, draft_id)
    pack = configuration.catalogue.pack
    speak_of(pack.timezone)
    differing = catalogues.difference(before, known.files)
    changed = {path: _counted(lines) for path, lines in differing}
    troubles = Counter(problem.file for problem in known.problems or ())
    return {
        "draft": known,
        "steps": steps(known.state),
        "going": known.state == "approved"
        and known.effective_at is not None
        and now - SOON <= known.effective_at <= now,
        "simulation": simulation,
        "present": present,
        "pack": pack,
        "changes": differing,
        "changed": changed,
        # What needs a look stands first.
        "files": sorted(known.files.items(), key=lambda file: (not troubles[file[0]], file[0] not in changed, file[0])),
        "gone": sorted(before.keys() - known.files.keys()),
        "before": before,
        "troubles": troubles,
        "personas": catalogues.expected(known.files, known.problems) if known.problems is not None else (),
        "may_write": actor.may(Permission.AUTHOR) and not known.over,
        "may_approve": actor.may(Permission.APPROVE_CATALOGUE) and actor.id not in known.editors,
        "approver": actor.may(Permission.APPROVE_CATALOGUE),
    }


def _counted(lines: tuple[str, ...]) -> tuple[int, int]:
    """How many lines are new, and how many gone."""
    return sum(line.startswith("+") for line in lines), sum(line.startswith("-") for line in lines)
