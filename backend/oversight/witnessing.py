"""The last witness: what staff send from the desk and what then is written comes onto the audit trail, whoever forgot to say so.

The rooms say better what was done, with what it was before and is after; here only what nobody said is added, in the act's
own transaction: an act is not done without its entry.
"""

from __future__ import annotations

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
_LOOKS = ("GET", "HEAD", "OPTIONS")


def witness(session: Session) -> None:
    """Adds the entry that nobody wrote, where a member of staff's request wrote something that is not on the trail."""
    actor = _acting()
    if actor is None or record.is_audited(session):
        return
    where = {name: str(value) for name, value in (request.view_args or {}).items()}
    whose = (request.view_args or {}).get("customer_id")
    things = [value for name, value in where.items() if name != "customer_id"]
    record.audit(
        session, actor=actor, action=f"desk.{request.endpoint}", subject=things[0] if things else _whom(whose),
        customer_id=whose if isinstance(whose, UUID) else None, payload={"where": where, "fields": _filled()}, now=clock.now(),
    )  # fmt: skip


def _acting() -> Actor | None:
    if not has_request_context() or request.method in _LOOKS or request.endpoint in NO_ACTS:
        return None
    actor: Actor | None = g.get("actor")
    return actor if actor is not None and actor.kind == "staff" else None


def _filled() -> list[str]:
    """The names of what was filled in; what was typed there may be anything."""
    return sorted({name for name, value in request.form.items() if value and name != "csrf_token"})


def _whom(customer_id: Any) -> str:
    return f"customer:{customer_id}" if customer_id else "desk"


db.before_commit(witness, last=True)
