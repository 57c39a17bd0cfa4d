"""What is typed into the wrap-up before it is sent: kept on the server, for any browser of the same agent."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, make_response, request, url_for
from werkzeug.wrappers import Response

from agent_ui.desk import promises
from agent_ui.desk.rail import SERVES
from backend import db
from backend.interactions import service as interactions
from backend.interactions.types import Interaction
from backend.people.service import current_actor, requires
from backend.profiles import service as profiles
from shared.kernel.errors import Conflict, Invalid
from shared.ui.pages import page, request_now, wants_fragment

bp = Blueprint("typed", __name__, template_folder="templates")
LONGEST_FIELD = 2_000


@dataclass(frozen=True, slots=True)
class KeptWrapUp:
    """A wrap-up as it was typed last, in whichever browser."""

    typed: dict[str, str]
    ticked: set[UUID]
    promised: list[promises.Line]
    version: int
    saved_at: datetime


@bp.post("/customers/<uuid:customer_id>/contacts/<uuid:interaction_id>/wrap-up/draft")
@requires(SERVES)
def keep(customer_id: UUID, interaction_id: UUID) -> Response:
    """Keeps the form as it stands. Where another window of mine wrote meanwhile, the piece shows what stands there."""
    kept, other, wrong = None, None, ""
    seen = None if request.form.get("take") == "mine" else _seen()
    with db.reading() as session:
        found = interactions.interaction(session, profiles.resolve(session, customer_id), interaction_id)
    if found.wrapped_at is not None or str(found.staff_id) != current_actor().id:
        return make_response("", 204)
    try:
        with db.transaction() as session:
            kept = interactions.keep_desk_draft(
                session,
                found.customer_id,
                UUID(current_actor().id),
                _place(interaction_id),
                _text(),
                seen,
                request_now(),
            )
    except Conflict:
        other = wrap_up_of(found)
    except Invalid as refused:
        wrong = str(refused)
    if not wants_fragment():
        return make_response("", 204)
    return page(
        "desk/wrap_up_draft.html", status=409 if other else 422 if wrong else 200, draft=kept, draft_other=other, draft_wrong=wrong,
        draft_seen=kept.version if kept else request.form.get("draft_seen", "0"), contact=found, customer_id=found.customer_id,
        draft_to=url_for(".keep", customer_id=found.customer_id, interaction_id=interaction_id),
    )  # fmt: skip


def wrap_up_of(found: Interaction) -> KeptWrapUp | None:
    """What this agent has typed into the contact's wrap-up; None for nothing."""
    with db.reading() as session:
        kept = interactions.desk_draft(
            session, found.customer_id, UUID(current_actor().id), _place(found.interaction_id)
        )
    if kept is None:
        return None
    body: dict[str, Any] = json.loads(kept.text)
    typed = {name: str(body.get(name, "")) for name in ("code", "summary")}
    lines = [(str(what), str(until)) for what, until in body.get("promised", ())]
    return KeptWrapUp(
        typed, {UUID(one) for one in body.get("ticked", ())}, [*lines, ("", "")], kept.version, kept.saved_at
    )


def keep_search(call_id: UUID, query: str) -> None:
    """What is searched for a caller stands there again after a reload; the last word counts, and nothing is lost by it."""
    with db.transaction() as session:
        interactions.keep_desk_draft(
            session, interactions.NOBODY, UUID(current_actor().id), f"search:{call_id}", query, None, request_now()
        )


def search_for(call_id: UUID) -> str:
    """What this agent searched last for the call."""
    with db.reading() as session:
        kept = interactions.desk_draft(session, interactions.NOBODY, UUID(current_actor().id), f"search:{call_id}")
    return kept.text if kept is not None else ""


def drop_wrap_up(session: db.Session, found: Interaction) -> None:
    """It was sent."""
    interactions.drop_desk_draft(session, found.customer_id, UUID(current_actor().id), _place(found.interaction_id))


def _text() -> str:
    """The form as it stands, as JSON: what is no offer's id is left out."""
    ticked = []
    for text in request.form.getlist("not_mentioned")[:50]:
        try:
            ticked.append(str(UUID(text)))
        except ValueError:
            continue
    fields = {name: request.form.get(name, "")[:LONGEST_FIELD] for name in ("code", "summary")}
    lines = [(what[:LONGEST_FIELD], until[:40]) for what, until in promises.typed()[:-1]]
    return json.dumps({**fields, "ticked": ticked, "promised": lines}, ensure_ascii=False)


def _place(interaction_id: UUID) -> str:
    return f"wrap_up:{interaction_id}"


def _seen() -> int:
    text = request.form.get("draft_seen", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
