"""A customer leaves: what they may cancel, what that would mean, and how it stands once they have. Composed of all rooms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from sqlmodel import Session

from backend import db
from backend.cancelling import service as cancelling
from backend.cancelling.types import Cancellation, Choice, Ends, Summary
from backend.cases.service import Case
from backend.catalogue import service as catalogues
from backend.interactions.service import day
from backend.matrix.service import LeavingReason, Pack
from backend.overview import lines
from backend.overview.online import write_moment
from backend.profiles import service as profiles
from backend.treatments import service as treatments
from backend.treatments.cards import CustomerCard
from shared.kernel import clock
from shared.kernel.actors import Actor
from shared.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from shared.kernel.languages import gettext
from shared.kernel.money import Money

CHANNEL = "portal"
STAGE = "leave"
ABOUT_STAYING = "retention"
"""The issue of treatments that are about staying: of these the first of the decision stands beside the button, and no other."""
READ_BILLS = 24


@dataclass(frozen=True, slots=True)
class LeavingPage:
    """What the customer may cancel, what they cancelled already, and whom to call."""

    choices: tuple[Choice, ...]
    standing: tuple[Cancellation, ...]
    phone: str
    reference: str | None
    can_be_called: bool
    timezone: str


@dataclass(frozen=True, slots=True)
class LeavingSummary:
    """What cancelling one thing would mean, before it is done; `card` is the one offer that stands beside the button, if any."""

    summary: Summary
    chosen: Ends
    owed: Money
    card: CustomerCard | None
    reasons: tuple[tuple[str, str], ...]
    phone: str
    timezone: str


@dataclass(frozen=True, slots=True)
class CancellationPage:
    """What was cancelled, and how it stands; `can_undo` until the day before its last."""

    one: Cancellation
    can_undo: bool
    owed: Money
    phone: str
    email: str
    timezone: str


def leaving_page(actor: Actor, now: datetime) -> LeavingPage:
    """What the signed-in customer may cancel. Nothing on it counts as presented. Raises Forbidden for anyone but customers.

    Opens its own transactions.
    """
    customer_id = _own(actor)
    decided = treatments.decide(customer_id, now)
    profile, snapshot, pack = decided.inputs.profile, decided.inputs.snapshot, decided.inputs.pack
    found = treatments.recommend_for_customer(
        customer_id, CHANNEL, actor, now, present=False, decided=decided
    )  # fmt: skip
    with db.reading() as session:
        asked = cancelling.standing(session, profile.customer_id)
    first = found.elsewhere.reference if found.elsewhere else None
    return LeavingPage(
        choices=tuple(_choice(one, pack) for one in cancelling.choices(snapshot, pack, {one.what for one in asked})),
        standing=tuple(cancellation_said(one, pack) for one in asked),
        phone=pack.phone,
        reference=first or (found.cards[0].reference if found.cards else None),
        can_be_called=profile.phone is not None,
        timezone=profile.timezone,
    )


def leaving_summary(actor: Actor, what: str, when: str, now: datetime, *, present: bool = True) -> LeavingSummary:
    """What cancelling it would mean for the signed-in customer. The offer on it counts as presented, unless `present` is False.

    Raises NotFound for what they cannot cancel (any more). Opens its own transactions.
    """
    customer_id = _own(actor)
    decided = treatments.decide(customer_id, now)
    profile, snapshot, pack = decided.inputs.profile, decided.inputs.snapshot, decided.inputs.pack
    found = treatments.recommend_for_customer(
        customer_id, CHANNEL, actor, now, present=present, decided=decided, issue=ABOUT_STAYING
    )  # fmt: skip
    with db.reading() as session:
        made = _summary(session, profile.customer_id, what, snapshot, pack)
        unpaid = profiles.bill_heads(session, profile.customer_id, READ_BILLS, unpaid=True)
    said = replace(
        made, choice=_choice(made.choice, pack), loses=tuple(map(pack.said, made.loses)), ends_too=tuple(map(pack.said, made.ends_too))
    )  # fmt: skip
    return LeavingSummary(
        said, made.on(when), lines.balance(unpaid, pack.currency), next(iter(found.cards), None),
        tuple((one.key, pack.said(one.choice)) for one in _reasons(pack)), pack.phone, profile.timezone,
    )  # fmt: skip


def cancel(session: Session, actor: Actor, what: str, when: str, seen: str, reason: str, now: datetime) -> Cancellation:
    """The signed-in customer cancels it. `seen` is the last day that they read; `reason` a key of the pack's, or empty.

    Raises NotFound, Invalid, and Conflict where the last day or its cost is another by now. That they leave is known in every
    channel at once.
    """
    profile = profiles.profile(session, _own(actor))
    pack = catalogues.pack_in_force(session)
    if reason and reason not in {one.key for one in _reasons(pack)}:
        raise Invalid(gettext("Choose a reason, or none."), {"reason": gettext("Choose a reason, or none.")})
    known = next((one for one in cancelling.standing(session, profile.customer_id) if one.what == what), None)
    if known is not None:
        return known  # pressed twice
    made = _summary(session, profile.customer_id, what, profiles.snapshot(profile, now, pack), pack)
    ends = made.on(when)
    if seen != f"{ends.last_day.isoformat()} {ends.early_cost.minor}":
        raise Conflict(gettext("What it would mean has changed since you read it. Please read it again."))
    intent = next((one.key for one in pack.intents.values() if one.stage == STAGE), None)
    if any(stage.key == STAGE for stage in pack.stages):
        write_moment(session, profile.customer_id, STAGE, intent, "stated", CHANNEL, actor, now, pack)
    return cancelling.ask(
        session, profile.customer_id, made, ends, reason, pack=pack, actor=actor, channel=CHANNEL, now=now
    )


def take_cancellation_back(session: Session, actor: Actor, cancellation_id: UUID, now: datetime) -> Cancellation:
    """The signed-in customer stays after all. Raises NotFound, TooLate."""
    customer_id = profiles.resolve(session, _own(actor))
    return cancelling.take_back(session, customer_id, cancellation_id, actor=actor, channel=CHANNEL, now=now)


def cancellation_page(actor: Actor, cancellation_id: UUID, now: datetime) -> CancellationPage:
    """What the signed-in customer cancelled, and how it stands. Raises NotFound, for another's too."""
    customer_id = _own(actor)
    with db.reading() as session:
        profile = profiles.profile(session, customer_id)
        pack = catalogues.pack_in_force(session)
        one = cancelling.cancellation_of(session, profile.customer_id, cancellation_id)
        unpaid = profiles.bill_heads(session, profile.customer_id, READ_BILLS, unpaid=True)
    today = clock.local_day(now, profile.timezone)
    return CancellationPage(
        cancellation_said(one, pack), one.state == "asked" and today <= one.undo_until, lines.balance(unpaid, pack.currency), pack.phone,
        profile.email or "", profile.timezone,
    )  # fmt: skip


def cases_said(actor: Actor, found: Sequence[Case]) -> tuple[Case, ...]:
    """The signed-in customer's cases; those that cancelling opened with their subjects in the language that is spoken just now.

    Opens its own reading, where there is one of those.
    """
    if actor.customer_id is None or not any(one.quiet for one in found):
        return tuple(found)
    with db.reading() as session:
        made = cancelling.of_cases(session, profiles.resolve(session, actor.customer_id))
        pack = catalogues.pack_in_force(session)
    return tuple(
        replace(one, subject=_subject(made[one.case_id], pack)) if one.case_id in made else one for one in found
    )


def _subject(one: Cancellation, pack: Pack) -> str:
    return gettext("Cancelled: %(what)s, last day %(day)s", what=pack.said(one.label), day=day(one.last_day))


def cancellation_said(one: Cancellation, pack: Pack) -> Cancellation:
    """The same with the pack's words in the language that is spoken just now."""
    return replace(one, label=pack.said(one.label), loses=tuple(map(pack.said, one.loses)))


def _reasons(pack: Pack) -> tuple[LeavingReason, ...]:
    return pack.leaving.reason if pack.leaving is not None else ()


def _choice(one: Choice, pack: Pack) -> Choice:
    return replace(one, label=pack.said(one.label))


def _summary(session: Session, customer_id: UUID, what: str, snapshot: profiles.Snapshot, pack: Pack) -> Summary:
    asked = {one.what for one in cancelling.standing(session, customer_id)}
    choice = next((one for one in cancelling.choices(snapshot, pack, asked) if one.what == what), None)
    if choice is None:
        raise NotFound(gettext("There is nothing of that kind to cancel."))
    bills = profiles.bill_heads(session, customer_id, 1)
    billed_on: date | None = bills[0].issued_on if bills else None
    return cancelling.summary(choice, snapshot, pack, billed_on)


def _own(actor: Actor) -> UUID:
    if actor.customer_id is None:
        raise Forbidden(gettext("This page is for customers."))
    return actor.customer_id
