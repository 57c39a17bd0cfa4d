"""The door of overview: the 360° view of a customer, composed of all rooms, for the desk, the portal and the API.

The pages open their own transactions, since a decision may have to be stored on the way; the acts take the caller's.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlmodel import Session

from backend import db
from backend.cases import service as cases
from backend.cases.service import Case
from backend.catalogue import service as catalogues
from backend.identities import service as identities
from backend.interactions import service as interactions
from backend.matrix.service import Pack
from backend.overview import belonging, lines, needing, telling
from backend.overview.allowing import privacy_page, say_consents
from backend.overview.asking import cancel_case, request_callback
from backend.overview.belonging import GROUP_WORDS
from backend.overview.bill_changes import BillChange
from backend.overview.billing import BillPage, BillsPage, PaymentPage, bill_page, bills_page, payment_page
from backend.overview.calling import caller, create_caller, wrap_up, wrap_up_page
from backend.overview.cancelling import (
    CancellationPage,
    LeavingPage,
    LeavingSummary,
    cancel,
    cancellation_page,
    cases_said,
    leaving_page,
    leaving_summary,
    take_cancellation_back,
)
from backend.overview.cells import Asked, CellPage, LiveCell, LiveMatrix, cell_page, days_asked, live_matrix
from backend.overview.described import Described, described
from backend.overview.finding import Everything, add_finder, find_everything, find_reference
from backend.overview.following import follow, renew_due
from backend.overview.funnel import FunnelPage, funnel_page
from backend.overview.going import WallLine
from backend.overview.keeping_out import closed_to, keep_out, looked_after_by, note_refusal, who_may_open
from backend.overview.looking_in import LookIn, look_in
from backend.overview.online import online, set_watching, visit, watching, write_moment
from backend.overview.own import MePage, WhatRuns, me_page, what_runs
from backend.overview.past import event_page, timeline_found
from backend.overview.rating import Asking, asking_of_case, asking_of_offer, rate_case, rate_offer
from backend.overview.reviewing import ReviewPage, names_of, review_page
from backend.overview.scoring import Scored, score_all, scorer
from backend.overview.serving import ServicesPage, services_page
from backend.overview.tracing import Claimed, SourcesPage, Traced, sources_page
from backend.overview.types import (
    Choice,
    CustomerPage,
    FirstPage,
    MomentView,
    OffersPage,
    PortalHome,
    Spoke,
    TimelinePage,
)
from backend.overview.wall import GoingOn, QueueNow, Wall, closed_of, glanced, going_on, wall, without
from backend.overview.way import Way, way_page
from backend.people.service import Permission
from backend.profiles import service as profiles
from backend.profiles.service import Mask, Profile, Snapshot
from backend.treatments import service as treatments
from shared.kernel.actors import Actor
from shared.kernel.errors import Conflict, Forbidden, NotFound
from shared.kernel.languages import gettext

__all__ = [
    "GROUP_WORDS",
    "Asked",
    "Asking",
    "BillChange",
    "BillPage",
    "BillsPage",
    "CancellationPage",
    "CellPage",
    "Claimed",
    "CustomerPage",
    "Described",
    "Everything",
    "FirstPage",
    "FunnelPage",
    "GoingOn",
    "LeavingPage",
    "LeavingSummary",
    "LiveCell",
    "LiveMatrix",
    "LookIn",
    "MePage",
    "PaymentPage",
    "PortalHome",
    "QueueNow",
    "ReviewPage",
    "Scored",
    "ServicesPage",
    "SourcesPage",
    "Traced",
    "Wall",
    "WallLine",
    "Way",
    "WhatRuns",
    "activity_page",
    "add_finder",
    "asking_of_case",
    "asking_of_offer",
    "bill_page",
    "bills_page",
    "caller",
    "cancel",
    "cancel_case",
    "cancellation_page",
    "cases_said",
    "cell_page",
    "closed_of",
    "closed_to",
    "create_caller",
    "customer_page",
    "days_asked",
    "described",
    "event_page",
    "find_everything",
    "find_reference",
    "first_page",
    "follow",
    "funnel_page",
    "glanced",
    "going_on",
    "keep_out",
    "leaving_page",
    "leaving_summary",
    "live_matrix",
    "look_in",
    "looked_after_by",
    "me_page",
    "names_of",
    "note_refusal",
    "offers_page",
    "payment_page",
    "portal_home",
    "privacy_page",
    "rate_case",
    "rate_offer",
    "renew_due",
    "request_callback",
    "review_page",
    "say_consents",
    "score_all",
    "scorer",
    "services_page",
    "set_moment",
    "set_watching",
    "sources_page",
    "take_cancellation_back",
    "timeline_found",
    "timeline_page",
    "visit",
    "wall",
    "watching",
    "way_page",
    "what_runs",
    "who_may_open",
    "without",
    "wrap_up",
    "wrap_up_page",
]  # fmt: skip

DESK_CHANNEL, PORTAL_CHANNEL = "phone", "portal"
SHOWN_BILLS = 6
A_YEAR_OF_BILLS = 13
TIMELINE = 25
ANSWERED = ("accepted", "fulfilled", "declined", "deferred", "pending_approval", "undone")
REMEMBERED = timedelta(days=14)
"""For so long the portal reminds of a call."""


def _read_by(mask: Mask, case: Case) -> Case:
    """With dots where what the customer said of it would tell what is hidden."""
    return replace(case, particulars=tuple((label, mask.text(text)) for label, text in case.particulars))


def customer_page(customer_id: UUID, actor: Actor, now: datetime) -> CustomerPage:
    """The whole customer for an agent. Raises NotFound, and Forbidden for a customer, whose page is the portal's."""
    if actor.kind == "customer":
        raise Forbidden("This page is for our staff.")
    decided = treatments.decide(customer_id, now)
    profile, snapshot, pack = decided.inputs.profile, decided.inputs.snapshot, decided.inputs.pack
    with db.reading() as session:
        hand = interactions.hand_of(session, actor, now, profile.customer_id)
        contacts = hand.theirs
        mask = interactions.mask_for(session, profile, pack, actor, (snapshot,), contacts)
        bills = profiles.bill_heads(session, profile.customer_id, A_YEAR_OF_BILLS)
        events = interactions.timeline(session, profile.customer_id, limit=TIMELINE)
        here = online(session, profile.customer_id, now)
        # Asked for only where the timeline tells of it: most pages need no statement for it.
        left_off = any(event.kind == "by_phone.asked" for event in events.items)
        wish = interactions.by_phone(session, profile.customer_id, now) if left_off else None
        work = tuple(_read_by(mask, one) for one in cases.of_customer(session, profile.customer_id))
        beside = profiles.beside(session, profile.customer_id, pack)
        mine = [one for one in contacts if str(one.staff_id) == actor.id]
        calls = [one for one in hand.calls if one.customer_id == profile.customer_id]
        came_by = interactions.came_by(session, profile.customer_id, mine[-1].interaction_id) if mine else None
        mine_with = (
            belonging.of_customer(session, profile.customer_id, pack, mask, actor, now_alone=True)
            if beside.belongs
            else ()
        )
        # Supervision speaks to whoever has a contact with them, or had one that it took, handed on or ended.
        stepped_in = mine or any(event.kind in interactions.STEPPED_IN for event in events.items)
        words = (
            interactions.words_to(session, profile.customer_id, UUID(actor.id), now)
            if stepped_in and actor.may(Permission.PRESENT_OFFERS)
            else ()
        )
        alike = identities.of_customer(session, profile.customer_id) if actor.may(Permission.MERGE_CUSTOMERS) else ()
    channel = mine[-1].channel if mine else DESK_CHANNEL
    recommendation = treatments.recommend_for_agent(
        customer_id, channel, actor, now, decided=decided, mask=mask, explained=False
    )
    today = date.fromisoformat(snapshot.today)
    balance = lines.balance(bills, pack.currency)
    contact = telling.latest_contact(events.items, work)
    persons = lines.representatives(beside.representatives, today)
    return CustomerPage(
        customer=lines.header(profile, snapshot, pack, mask),
        warnings=(
            *telling.warnings(profile, events.items, now),
            *lines.warnings(profile, snapshot, pack, balance, contact),
        ),
        worth=lines.worth(snapshot, bills, pack, mask),
        risk=lines.risk(profile, snapshot, pack, mask),
        value=lines.whole_value(profile, snapshot, pack),
        experience=lines.experience(profile, snapshot, pack),
        services=lines.services(snapshot, pack, "agent", mask),
        bills=tuple(lines.bill_line(bill, today) for bill in bills[:SHOWN_BILLS]),
        balance=balance,
        consents=lines.consents(profile, pack),
        attributes=lines.details(snapshot, pack, "agent", mask),
        moment=lines.moment_view(profile, pack, now, "agent"),
        stages=tuple(Choice(s.key, s.label) for s in pack.stages),
        intents=lines.choices(pack, "agent"),
        decline_reasons=tuple(Choice(r.key, r.label) for r in pack.decline_reasons),
        timeline=tuple(lines.timeline_line(event, "agent", profile.language, mask) for event in events.items),
        timeline_next=events.next_cursor,
        recommendation=recommendation,
        contact=mine[-1] if mine else None,
        call=next((one for one in reversed(calls) if one.state != "ended"), None),
        came_by=came_by,
        others=tuple(dict.fromkeys(one.staff or "" for one in contacts if one not in mine)),
        online=here,
        by_phone=telling.read_by(wish, mask),
        cases=work,
        credits=beside.credits,
        representatives=tuple(one for one in persons if one.state != "ended"),
        person=next((one for one in persons if mine and one.one.representative_id == mine[-1].person_id), None),
        belongings=mine_with,
        described=described(profile, snapshot, pack, beside.cuts if profiles.is_scored(profile) else None, mask),
        alike=tuple(one.other_id if one.customer_id == profile.customer_id else one.customer_id for one in alike),
        verifications=pack.verifications,
        channels=tuple(Choice(c.key, c.label) for c in pack.channels),
        hand=hand,
        away_reasons=pack.away_reasons,
        words=words,
    )


def timeline_page(
    customer_id: UUID,
    actor: Actor,
    now: datetime,
    kinds: Collection[str] | None = None,
    cursor: str | None = None,
    channel: str | None = None,
    stage: str | None = None,
) -> TimelinePage:
    """A part of the customer's timeline in an agent's words, of these kinds, this channel and stage alone where they are given. Raises NotFound, Invalid for a cursor that is none."""
    if actor.kind == "customer":
        raise Forbidden("This page is for our staff.")
    with db.reading() as session:
        profile = profiles.profile(session, customer_id)
        events = interactions.timeline(
            session, profile.customer_id, kinds=kinds, channel=channel, stage=stage, limit=TIMELINE, cursor=cursor
        )
        mask = interactions.mask_for(session, profile, catalogues.pack_in_force(session), actor)
    told = tuple(lines.timeline_line(event, "agent", profile.language, mask) for event in events.items)
    return TimelinePage(told, events.next_cursor, profile.timezone)


def portal_home(actor: Actor, now: datetime, *, present: bool = True) -> PortalHome:
    """The signed-in customer's first page. What it shows counts as presented, unless `present` is False (nobody looks)."""
    return first_page(actor, now, present=present).home


def first_page(actor: Actor, now: datetime, *, present: bool = True, known: Profile | None = None) -> FirstPage:
    """The same, with what was read for it.

    `known` is their profile, where this very request has read it and written nothing since.
    """
    customer_id = _own(actor)
    decided = treatments.decide(customer_id, now, known)
    profile, snapshot, pack = decided.inputs.profile, decided.inputs.snapshot, decided.inputs.pack
    recommendation = treatments.recommend_for_customer(
        customer_id, PORTAL_CHANNEL, actor, now, present=present, decided=decided
    )
    with db.reading() as session:
        unpaid = profiles.bill_heads(session, customer_id, SHOWN_BILLS, unpaid=True)
        lately = interactions.lately(session, customer_id, now - REMEMBERED)
        work = cases.of_customer(session, customer_id)
        waits = any(one.kind == "case" for one in work)
        waiting = cases.awaiting_answer(session, customer_id) if waits else {}
    first = recommendation.elsewhere.reference if recommendation.elsewhere else None
    today = date.fromisoformat(snapshot.today)
    home = PortalHome(
        name=profile.name,
        first_name=profile.name if pack.theme and pack.theme.tone == "formal" else profile.first_name,
        needs=needing.needs(
            lines.needs(snapshot, tuple(lines.bill_line(bill, today) for bill in unpaid)),
            needing.Known(work, waiting, recommendation.cards, profiles.closes_on(profile)),
            today,
        ),
        moment=lines.moment_view(profile, pack, now, "customer"),
        choices=lines.choices(pack, "customer"),
        recommendation=recommendation,
        answered=tuple(o for o in recommendation.offers if o.state in ANSWERED),
        phone=pack.phone,
        timezone=profile.timezone,
        spoke=Spoke(lately.spoke_at, lately.staff) if lately.spoke_at else None,
        reference=first or (recommendation.cards[0].reference if recommendation.cards else None),
        watching=watching(profile),
        cases=cases_said(actor, work),
    )
    return FirstPage(home, pack, lately.visit)


def offers_page(actor: Actor, now: datetime, *, present: bool = True, limit: int = 3) -> OffersPage:
    """What the customer may take up now, and what they answered before."""
    customer_id = _own(actor)
    found = treatments.recommend_for_customer(customer_id, PORTAL_CHANNEL, actor, now, limit=limit, present=present)
    with db.reading() as session:
        timezone = profiles.profile(session, customer_id).timezone
    return OffersPage(found, tuple(o for o in found.offers if o.state in ANSWERED), timezone)


def activity_page(actor: Actor, now: datetime, cursor: str | None = None) -> TimelinePage:
    """What happened, in the customer's own words; nothing that agents wrote for each other. Raises Invalid for a bad cursor."""
    kinds = interactions.KINDS - interactions.HIDDEN_FROM_CUSTOMERS
    with db.reading() as session:
        profile, pack = profiles.profile(session, _own(actor)), catalogues.pack_in_force(session)
        events = interactions.timeline(session, profile.customer_id, kinds=kinds, limit=TIMELINE, cursor=cursor)
    told = tuple(lines.own_line(event, pack, profile.language) for event in events.items)
    return TimelinePage(told, events.next_cursor, profile.timezone)


def set_moment(
    session: Session, customer_id: UUID, stage: str, intent: str | None, channel: str, actor: Actor, now: datetime
) -> MomentView:
    """Writes why the customer is here, as they said it, for every channel; a moment that is new stands on the timeline.

    Raises NotFound (for another customer's id too), Invalid, and Conflict for an agent whose call with them is private.
    """
    if actor.kind == "customer" and actor.customer_id != customer_id:
        raise NotFound(gettext("There is no such customer."))
    customer_id = profiles.resolve(session, customer_id)
    if actor.kind == "staff" and any(
        one.is_private and one.staff_id == UUID(actor.id)
        for one in interactions.open_with_customer(session, customer_id)
    ):
        raise Conflict("This call is private: why they are here is not noted, since the portal would show it.")
    pack = catalogues.pack_in_force(session)
    write_moment(session, customer_id, stage, intent, "stated", channel, actor, now, pack)
    profile = profiles.profile(session, customer_id)
    view = lines.moment_view(profile, pack, now, "customer" if actor.kind == "customer" else "agent")
    assert view is not None  # noqa: S101 — it was written above
    return view


def _own(actor: Actor) -> UUID:
    if actor.customer_id is None:
        raise Forbidden(gettext("This page is for customers."))
    return actor.customer_id


def _read(session: Session, customer_id: UUID, now: datetime) -> tuple[Profile, Snapshot, Pack]:
    profile = profiles.profile(session, customer_id)
    pack = catalogues.pack_in_force(session)
    return profile, profiles.snapshot(profile, now, pack), pack
