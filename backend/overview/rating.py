"""Whether a customer is asked how something was, what they said, and what they say now: of cases and offers that are done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from backend.cases import service as cases
from backend.cases.service import Case
from backend.catalogue import service as catalogues
from backend.interactions import service as interactions
from backend.interactions.service import Rating
from backend.profiles import service as profiles
from backend.treatments import service as treatments
from backend.treatments.cards import OfferLine
from shared.kernel import clock
from shared.kernel.actors import Actor
from shared.kernel.errors import Conflict, Forbidden
from shared.kernel.languages import gettext, noted

CHANNEL = "portal"
_NOT_YET = noted("You can tell us how it was once it is done, for thirty days.")


@dataclass(frozen=True, slots=True)
class Asking:
    """`asks`: they may say how it was, or change what they said. `given`: their last word."""

    asks: bool
    given: Rating | None


def asking_of_case(session: Session, actor: Actor, case_id: UUID, now: datetime) -> Asking:
    """Whether they may say how this case of theirs was. Raises NotFound."""
    customer_id = _own(actor)
    given = interactions.rating_of(session, customer_id, case_id)
    return _asking(_case_is_done(cases.case_of(session, customer_id, case_id), now), given, now)


def asking_of_offer(session: Session, actor: Actor, line: OfferLine, now: datetime) -> Asking:
    """Whether they may say how this offer of theirs was, as its page shows it."""
    customer_id = _own(actor)
    given = interactions.rating_of(session, customer_id, line.offer_id)
    return _asking(_offer_is_done(session, customer_id, line, now), given, now)


def rate_case(session: Session, actor: Actor, case_id: UUID, score: int, words: str, now: datetime) -> Rating:
    """How a case of theirs was. Raises NotFound, Invalid, and Conflict where it is not done or was too long ago."""
    customer_id = _own(actor)
    case = cases.case_of(session, customer_id, case_id)
    if not _case_is_done(case, now):
        raise Conflict(gettext(_NOT_YET))
    return interactions.rate(
        session, customer_id, "case", case_id, score=score, words=words, about=case.subject or case.reference, channel=CHANNEL,
        pack=catalogues.pack_in_force(session), actor=actor, now=now,
    )  # fmt: skip


def rate_offer(session: Session, actor: Actor, offer_id: UUID, score: int, words: str, now: datetime) -> Rating:
    """How something that they accepted was, once it is done. Raises as `rate_case` does."""
    line = treatments.offer_page(session, offer_id, actor, now).line
    if not _offer_is_done(session, _own(actor), line, now):
        raise Conflict(gettext(_NOT_YET))
    return interactions.rate(
        session, _own(actor), "offer", offer_id, score=score, words=words, about=line.headline, channel=CHANNEL,
        pack=catalogues.pack_in_force(session), actor=actor, now=now,
    )  # fmt: skip


def _case_is_done(case: Case, now: datetime) -> bool:
    lately = case.closed_at is not None and now - case.closed_at <= interactions.RATED_WITHIN
    return case.kind == "case" and case.state == "done" and lately


def _offer_is_done(session: Session, customer_id: UUID, line: OfferLine, now: datetime) -> bool:
    if line.state != "fulfilled" or line.at is None:
        return False
    work = cases.opened_by_offer(session, customer_id, line.offer_id)
    done_at = line.at if work is None else _work_done_at(session, customer_id, work, now)
    return done_at is not None and now - done_at <= interactions.RATED_WITHIN


def _work_done_at(session: Session, customer_id: UUID, work: Case, now: datetime) -> datetime | None:
    """When the call that the offer arranged was made, or the visit over; None before that. A case is ours to work on: it is arranged."""
    if work.state != "open":
        return work.closed_at if work.state == "done" else None
    if work.kind == "callback":
        return None
    if work.day is None:
        return work.opened_at
    # Nobody has to say of a visit that it took place.
    zone = profiles.profile(session, customer_id).timezone
    over = work.slot_until or clock.midnight_after(work.day, zone)
    return over if over <= now else None


def _asking(is_done: bool, given: Rating | None, now: datetime) -> Asking:
    return Asking(is_done and (given is None or given.may_change(now)), given)


def _own(actor: Actor) -> UUID:
    if actor.customer_id is None:
        raise Forbidden(gettext("This page is for customers."))
    return actor.customer_id
