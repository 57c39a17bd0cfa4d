"""The last witness: what staff send from the desk, or a program over the API, and what then is written comes onto the audit trail, whoever forgot to say so.

The rooms say better what was done, with what it was before and is after; here only what nobody said is added, in the act's
own transaction: an act is not done without its entry.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import g, has_request_context, request
from sqlmodel import Session

from backend import db
from backend.record import service as record
from shared.kernel import clock
from shared.kernel.actors import Actor

NO_ACTS = {
    "articles.search": "looking something up",
    "casework.draft": "typing is no act until it is sent",
    "customers.find": "looking something up in the timeline",
    "duplicates.find": "looking for a customer to compare with",
    "enquiry.find": "looking for a customer",
    "here.close": "which tab is open is the desk's own memory",
    "here.show": "that a page is open is the desk's own memory",
    "home.bar": "looking something up",
    "home.search": "looking something up",
    "home.suggest": "looking something up",
    "suggested.search_for_case": "looking something up",
    "suggested.search_for_customer": "looking something up",
    "trail.search": "looking something up",
    "typed.keep": "typing is no act until it is saved",
}
"""What is sent from the desk and does nothing: everything else that writes is an act."""
_TOLD = "what is told stands with its source on the customer's timeline, or among what was rejected"
NO_ACTS_OF_PROGRAMS = {
    "articles.search": "looking something up",
    "customers.search": "looking for a customer",
    "segments.preview": "looking at whom a rule would take in",
    "treatments.decide": "asking is a look: what is decided is kept as a decision, and what is done with it is an act",
    "treatments.replay": "it writes nothing",
    **{f"events.{call}": _TOLD for call in ("batch", "identify", "track", "page", "screen", "group", "alias")},
}
"""What a program sends and what is no act of its own."""
_PLACES = {"staff": "desk", "key": "api"}
_LOOKS = ("GET", "HEAD", "OPTIONS")


def witness(session: Session) -> None:
    """Adds the entry that nobody wrote, where a request of staff or of a program wrote something that is not on the trail."""
    actor = _acting()
    if actor is None or record.is_audited(session):
        return
    where = {name: str(value) for name, value in (request.view_args or {}).items()}
    whose = (request.view_args or {}).get("customer_id")
    things = [value for name, value in where.items() if name != "customer_id"]
    record.audit(
        session, actor=actor, action=f"{_PLACES[actor.kind]}.{request.endpoint}", subject=things[0] if things else _whom(whose),
        customer_id=whose if isinstance(whose, UUID) else None, payload={"where": where, "fields": _filled()}, now=clock.now(),
    )  # fmt: skip


def _acting() -> Actor | None:
    if not has_request_context() or request.method in _LOOKS:
        return None
    actor: Actor | None = g.get("actor")
    if actor is None or actor.kind not in _PLACES:
        return None
    without = NO_ACTS if actor.kind == "staff" else NO_ACTS_OF_PROGRAMS
    return None if request.endpoint in without else actor


def _filled() -> list[str]:
    """The names of what was filled in; what was typed there may be anything."""
    sent = request.get_json(silent=True) if request.is_json else request.form
    return (
        sorted({str(name) for name, value in sent.items() if value and name != "csrf_token"})
        if isinstance(sent, Mapping)
        else []
    )


def _whom(customer_id: Any) -> str:
    return f"customer:{customer_id}" if customer_id else request.blueprint or "desk"


db.before_commit(witness, last=True)
