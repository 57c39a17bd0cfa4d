"""The frame around the desk's pages: what I do now, and my calls and open contacts as tabs. Each can be fetched alone."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from urllib.parse import urlsplit
from uuid import UUID

from flask import Blueprint, g, redirect, request, url_for
from werkzeug.wrappers import Response

from backend import db
from backend.cases import service as cases
from backend.catalogue import service as catalogues
from backend.interactions import service as interactions
from backend.interactions.service import Place
from backend.interactions.types import Call, Interaction
from backend.people.service import Permission, current_actor, requires
from backend.profiles import service as profiles
from shared.kernel.actors import Actor
from shared.kernel.errors import EvenhandError
from shared.ui.pages import page, request_now, wants_fragment
from shared.ui.signing_in import signed_in_actor

bp = Blueprint("rail", __name__, template_folder="templates")
SERVES = Permission.PRESENT_OFFERS
"""Who may put an offer to a customer takes calls, has a state, and contacts to wrap up; others only read."""


NEWS = {
    "case.written": "customer wrote", "offer.accepted": "accepted online", "offer.declined": "declined online",
    "offer.deferred": "put off online", "offer.undone": "taken back online", "offer.approved": "approved", "offer.refused": "not approved",
    "callback.requested": "wants a call", "complaint.opened": "complained",
}  # fmt: skip
SPOKEN = "a word from supervision"


@dataclass(frozen=True, slots=True)
class Tab:
    """A call, an open contact or a case of mine. `number` is for a call of nobody known yet, else `name` says who; `call_id` for a
    call that rings or goes on."""

    key: str
    href: str
    name: str | None
    number: str
    channel: str
    state: Literal["ringing", "talking", "held", "ended", "open", "case"]
    since: datetime
    private: bool
    call_id: UUID | None
    current: bool
    customer_id: UUID | None = None
    case_id: UUID | None = None
    """Of a case, which can be closed."""
    whose: str = ""
    news: str = ""
    """What others did there since I looked, in words."""


@bp.get("/rail")
@requires(Permission.DESK)
def show() -> Response:
    if not wants_fragment():
        return redirect(url_for("home.show"), 303)
    return page("desk/rail.html", **_work(current_actor()))


def frame() -> dict[str, Any]:
    """What every whole page of the desk has around it; nothing for a piece of one, and nothing where our data is out of reach."""
    actor = signed_in_actor()
    if actor is None or wants_fragment():
        return {}
    try:
        return _work(actor)
    except EvenhandError:
        return {}


def serves(actor: Actor) -> bool:
    """Whether this member of staff takes calls."""
    return actor.may(SERVES)


def is_here(actor: Actor) -> None:
    """A page of theirs is open: who takes calls stays at work by it."""
    if serves(actor):
        with db.reading() as session:
            me = interactions.agent_state(session, actor, request_now())
        interactions.here(me, request_now())


def here() -> str:
    """The path of the page that the agent looks at: a piece of it is asked for from there."""
    if wants_fragment():
        return urlsplit(request.headers.get("HX-Current-URL", "")).path
    return request.script_root + request.path


def back() -> str:
    """Where a form that stands on every page leads back to: this page, where it is one that can be asked for."""
    return here() if request.method == "GET" or wants_fragment() else url_for("home.show")


def _work(actor: Actor) -> dict[str, Any]:
    if not serves(actor):
        return {"me": None, "tabs": ()}
    with db.reading() as session:
        # A page that has read it already says so.
        hand, reasons = g.get("in_hand") or (
            interactions.hand_of(session, actor, request_now()),
            catalogues.pack_in_force(session).away_reasons,
        )
        me, calls, contacts = hand.me, hand.calls, hand.contacts
        places = interactions.places_of(session, UUID(actor.id), request_now())
        kept = [one for one in places if one.is_tab]
        wanted = {one.customer_id for one in calls if one.customer_id is not None}
        wanted |= {one.customer_id for one in contacts} | {one.customer_id for one in kept}
        names = {known: name for known, (name, _) in profiles.names_of(session, wanted).items()}
        spoken = interactions.words_waiting(session, UUID(actor.id), request_now()) if contacts else frozenset()
        # After a contact was taken from them, there may be nothing to wrap up.
        to_wrap_up = me.state != "wrap_up" or interactions.has_to_wrap_up(session, UUID(actor.id))
        subjects = cases.subjects_of(session, [(one.customer_id, one.case_id) for one in kept if one.case_id])
    interactions.here(me, request_now())
    tabs = (*_tabs(calls, contacts, names, places, spoken), *_of_cases(kept, names, subjects))
    return {"me": me, "reasons": reasons, "tabs": tabs, "back": back(), "to_wrap_up": to_wrap_up}


def _of_cases(places: Iterable[Place], names: dict[UUID, str], subjects: dict[UUID, str]) -> list[Tab]:
    """The cases that I keep open, in the order in which I opened them."""
    found = []
    for one in places:
        if one.case_id is None or one.case_id not in subjects or one.customer_id not in names:
            continue
        href = url_for("casework.show", customer_id=one.customer_id, case_id=one.case_id)
        found.append(Tab(
            f"case-{one.case_id}", href, subjects[one.case_id] or "No subject", "", "case", "case", one.opened_at, False, None,
            _is(href), one.customer_id, one.case_id, names[one.customer_id], _news(one.news, href),
        ))  # fmt: skip
    return found


def _news(kinds: Iterable[str], href: str) -> str:
    """What others did there since I looked, in words; nothing of the page that I look at."""
    return "" if _is(href) else ", ".join(dict.fromkeys(NEWS[kind] for kind in kinds))


def _tabs(
    calls: Iterable[Call],
    contacts: Iterable[Interaction],
    names: dict[UUID, str],
    places: Iterable[Place] = (),
    spoken: Collection[UUID] = (),
) -> tuple[Tab, ...]:
    """Oldest first, and each stays where it is while it rings, goes on and ends: the keys that open it stay the same."""
    talking = {call.interaction_id: call for call in calls if call.interaction_id is not None}
    known = {one.interaction_id for one in contacts}
    loose = [(call.rang_at, _of_call(call, names)) for call in calls if call.interaction_id not in known]
    news = {one.customer_id: one.news for one in places if one.case_id is None}
    going = [
        (
            one.started_at,
            _of_contact(
                one, talking.get(one.interaction_id), names, news.get(one.customer_id, ()), one.customer_id in spoken
            ),
        )
        for one in contacts
        if one.customer_id in names
    ]
    return tuple(tab for _, tab in sorted((*loose, *going), key=lambda found: found[0]))


def _of_call(call: Call, names: dict[UUID, str]) -> Tab:
    name = names.get(call.customer_id) if call.customer_id else None
    href = _customer(call.customer_id) if call.customer_id and name else url_for("calls.show", call_id=call.call_id)
    since = call.ended_at or call.answered_at or call.rang_at
    live = call.call_id if call.state != "ended" else None
    return Tab(f"call-{call.call_id}", href, name, call.number, "phone", call.state, since, False, live, _is(href))


def _of_contact(
    contact: Interaction, call: Call | None, names: dict[UUID, str], news: Iterable[str], spoken: bool
) -> Tab:
    href = _customer(contact.customer_id)
    state: Literal["talking", "held", "ended", "open"] = "ended" if contact.ended_at else "open"
    since = contact.ended_at or contact.started_at
    if call is not None and call.state == "talking":
        state, since = ("held", call.held_at) if call.held_at else ("talking", call.answered_at or call.rang_at)
    return Tab(
        f"contact-{contact.interaction_id}", href, names[contact.customer_id], "", contact.channel, state, since,
        contact.is_private, call.call_id if call is not None and state in ("talking", "held") else None, _is(href),
        news=", ".join(part for part in (SPOKEN if spoken and not _is(href) else "", _news(news, href)) if part),
    )  # fmt: skip


def _customer(customer_id: UUID) -> str:
    return url_for("customers.show", customer_id=customer_id)


def _is(href: str) -> bool:
    path = here()
    # A case of theirs is a tab of its own.
    return path == href or (path.startswith(f"{href}/") and not path.startswith(f"{href}/cases/"))
