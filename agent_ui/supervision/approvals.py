"""Approvals: all that waits for a second person, with all that one needs to decide; what is left of each budget; what was taken back."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import Any
from uuid import UUID

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from agent_ui.authoring import drafts
from agent_ui.supervision.following import everything
from backend import db
from backend.budgets.service import BudgetLine
from backend.budgets.service import lines as budget_lines
from backend.catalogue import service as catalogues
from backend.identities import service as identities
from backend.people.service import Permission, current_actor, requires
from backend.profiles import service as profiles
from backend.treatments import service as treatments
from backend.trials import service as trials
from shared.kernel import clock, money
from shared.kernel.errors import Conflict, Forbidden, Invalid
from shared.ui.formats import speak_of
from shared.ui.pages import page, request_now, tell

bp = Blueprint("approvals", __name__, template_folder="templates")
TEMPLATE = "supervision/approvals.html"
SHOWN_PAIRS = 5
FOLLOWED = {name: name for name in ("offers", "catalogue", "duplicates", "alerts")}


@bp.get("/approvals")
@requires(Permission.APPROVE_CATALOGUE)
def show() -> Response:
    """All that waits for a second person: promised terms, for those who may decide them, changes of the catalogue, customers who may be one."""
    return page(TEMPLATE, "board", **_context())


@bp.get("/approvals/stream")
@requires(Permission.APPROVE_CATALOGUE)
def live() -> Response:
    """Names of what may have changed here."""
    return everything(FOLLOWED)


@bp.post("/approvals/<uuid:offer_id>")
@requires(Permission.APPROVE_TERMS)
def decide(offer_id: UUID) -> Response:
    """Approves or refuses, as the button says."""
    approved = request.form.get("decision") == "approve"
    said: dict[str, Any] = {"wrong_offer": offer_id, "typed": request.form.get("reason", "")}
    try:
        with db.transaction() as session:
            line = treatments.decide_terms(
                session, offer_id, approved=approved, actor=current_actor(), now=request_now(),
                reason=request.form.get("reason"),
            )  # fmt: skip
    except (Invalid, Forbidden, Conflict) as refused:
        return page(TEMPLATE, status=refused.status, wrong=str(refused), **said, **_context())
    title = "Approved" if approved else "Not approved"
    tell("good", f"{title}: {line.headline}", "The agent and the customer see it at once.")
    return redirect(url_for(".show"), 303)


@bp.post("/approvals/catalogue/<uuid:draft_id>")
@requires(Permission.APPROVE_CATALOGUE)
def decide_draft(draft_id: UUID) -> Response:
    """Approves this very text and puts it in force, approves it for later, or sends it back with words, as the button says."""
    decision, words = request.form.get("decision"), request.form.get("reason", "")
    actor, now = current_actor(), request_now()
    try:
        with db.transaction() as session:
            if decision == "back":
                known = catalogues.send_back(session, draft_id, drafts.seen(), words, actor, now)
            else:
                known = catalogues.approve(session, draft_id, drafts.seen(), actor, now)
            if decision == "now":
                known = catalogues.schedule(session, draft_id, known.revision, None, actor, now)
    except (Invalid, Forbidden, Conflict) as refused:
        return page(
            TEMPLATE, status=refused.status, wrong=str(refused), wrong_draft=draft_id, typed=words, **_context()
        )
    if decision == "later":
        tell("good", f"Approved: {known.name}", "Say from when it is in force.")
        return redirect(url_for("drafts.show", draft_id=draft_id), 303)
    sent_back = decision == "back"
    text = (
        "Its authors see at once what you wrote."
        if sent_back
        else "It goes in force within seconds, in every channel at once."
    )
    tell("good", f"{'Sent back' if sent_back else 'Approved'}: {known.name}", text)
    return redirect(url_for(".show"), 303)


@bp.get("/budgets")
@requires(Permission.SEE_DECISIONS)
def budgets() -> Response:
    with db.reading() as session:
        pack = catalogues.pack_in_force(session)
        lines = budget_lines(session, pack, request_now())
    speak_of(pack.timezone)
    return page("supervision/budgets.html", budgets=lines, amount=partial(_amount, pack.currency), span=_span)


@bp.get("/taken-back")
@requires(Permission.SUPERVISE)
def taken_back() -> Response:
    """What was accepted in thirty days and taken back since: by treatment, and by who entered it."""
    now = request_now()
    with db.reading() as session:
        pack = catalogues.pack_in_force(session)
        found = treatments.kept_and_undone(session, clock.local_day(now, pack.timezone))
    return page("supervision/taken_back.html", found=found)


def _amount(currency: str, budget: BudgetLine, amount: float) -> str:
    """Money as people write it, or so many places."""
    return money.text(money.of_major(amount, currency)) if budget.unit == "money" else f"{amount:.0f}"


def _span(period: str) -> str:
    """ "Monday 23 November" for a day, "November 2026" for a month."""
    if len(period) == len("2026-11"):
        return f"{date.fromisoformat(f'{period}-01'):%B %Y}"
    day = date.fromisoformat(period)
    return f"{day:%A} {day.day} {day:%B}"


def _context() -> dict[str, Any]:
    now, actor = request_now(), current_actor()
    with db.reading() as session:
        pack = catalogues.pack_in_force(session)
        found = treatments.waiting_terms(session, actor, now) if actor.may(Permission.APPROVE_TERMS) else ()
        asked = [one.draft_id for one in catalogues.drafts(session) if one.state == "asked"]
        planned = [one for one in trials.trials(session) if one.state == "asked"]
        pairs, more = (
            identities.queue(session, limit=SHOWN_PAIRS) if actor.may(Permission.MERGE_CUSTOMERS) else ((), None)
        )
        both = {one for pair in pairs for one in (pair.customer_id, pair.other_id)}
        names = {one: name for one, (name, _) in profiles.names_of(session, both).items()}
        # Whom one may not open, one does not decide over.
        pairs = tuple(
            one for one in pairs if profiles.NO_NAME not in (names.get(one.customer_id), names.get(one.other_id))
        )
    changes = [drafts.context_of(draft_id) for draft_id in asked]
    speak_of(pack.timezone)
    return {
        "waiting": found,
        "mine": actor.id,
        "drafts": changes,
        "experiments": planned,
        "pairs": pairs,
        "more_pairs": more is not None,
        "names": names,
    }
