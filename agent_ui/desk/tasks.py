"""What was promised to a customer: kept, not kept after all, handed on to somebody else."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from flask import Blueprint, g, redirect, request, url_for
from werkzeug.wrappers import Response

from agent_ui.desk import inbox
from agent_ui.desk.acting import Refusal, acted
from backend import db
from backend.cases import service as cases
from backend.cases.types import Task
from backend.people.service import Permission, current_actor, requires
from backend.profiles import service as profiles
from shared.ui.formats import speak_of
from shared.ui.pages import page, request_now, tell, wants_fragment

bp = Blueprint("tasks", __name__, template_folder="templates")
ONE = "/customers/<uuid:customer_id>/tasks/<uuid:task_id>"


@bp.get("/customers/<uuid:customer_id>/tasks")
@requires(Permission.SEE_CUSTOMER)
def panel(customer_id: UUID) -> Response:
    """A part of the customer's page, fetched after it; a page of its own where there is no scripting."""
    return _panel(customer_id)


@bp.post(f"{ONE}/done")
@requires(Permission.WORK_CASES)
def done(customer_id: UUID, task_id: UUID) -> Response:
    return _act(customer_id, "Promise kept", lambda session, owner: cases.keep_promise(
        session, owner, task_id, actor=current_actor(), now=request_now()
    ))  # fmt: skip


@bp.post(f"{ONE}/again")
@requires(Permission.WORK_CASES)
def again(customer_id: UUID, task_id: UUID) -> Response:
    return _act(customer_id, "The promise is open again", lambda session, owner: cases.promise_again(
        session, owner, task_id, actor=current_actor(), now=request_now()
    ))  # fmt: skip


@bp.post(f"{ONE}/owner")
@requires(Permission.WORK_CASES)
def assign(customer_id: UUID, task_id: UUID) -> Response:
    try:
        to = UUID(request.form.get("to", ""))
    except ValueError:
        to = UUID(int=0)
    return _act(customer_id, "Handed on", lambda session, owner: cases.hand_on(
        session, owner, task_id, to, actor=current_actor(), now=request_now()
    ))  # fmt: skip


def _act(customer_id: UUID, said: str, act: Callable[[db.Session, UUID], Task]) -> Response:
    """Does it; the list in which the button stood comes back as it is now, with why where it was refused."""
    in_inbox = request.form.get("shown") == "inbox"

    def refused(why: Refusal) -> Response:
        if not in_inbox:
            return _panel(customer_id, why)
        if wants_fragment():
            return _inbox()
        tell("warn", "Not done", str(why))
        return redirect(url_for("home.show"), 303)

    return acted(
        lambda session: act(session, profiles.resolve(session, customer_id)),
        refused,
        said=lambda _: (said,),
        back=lambda _: url_for("home.show") if in_inbox else url_for("customers.show", customer_id=customer_id),
        piece=lambda _: _inbox() if in_inbox else _panel(customer_id),
    )


def _inbox() -> Response:
    return page("desk/inbox.html", **inbox.context())


def _panel(customer_id: UUID, refused: Refusal | None = None) -> Response:
    with db.reading() as session:
        profile = profiles.profile(session, customer_id)
        found = cases.tasks_of_customer(session, profile.customer_id)
        workers = cases.workers(session) if found else ()
    g.looked_at = profile.customer_id
    speak_of(profile.timezone)
    return page(
        "desk/tasks_page.html", "tasks", status=refused.status if refused else 200, tasks=found, workers=workers,
        customer_id=profile.customer_id, name=profile.name, task_refused=str(refused) if refused else "",
        open_tasks=sum(one.state == "open" for one in found), alone=not wants_fragment(),
    )  # fmt: skip
