"""A customer's question: why was I offered this, why not that, on that day. All that one needs to answer it, on one page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlmodel import Session

from backend.catalogue import service as catalogues
from backend.oversight import answering
from backend.profiles import service as profiles
from backend.treatments import service as treatments
from backend.treatments.service import DecisionLine, DecisionPage, RankLine, Replay, WithheldLine
from shared.kernel import clock
from shared.kernel.actors import Actor
from shared.kernel.errors import Erased, Forbidden, Invalid

MOST = 60
"""So many decisions of one day are listed."""


@dataclass(frozen=True, slots=True)
class Published:
    """A catalogue version: who made, approved and published it, and when. Without a draft it was loaded as it is."""

    version: int
    by: str
    at: datetime
    name: str | None = None
    draft_id: UUID | None = None
    made_by: str | None = None
    approved_by: str | None = None
    approved_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class About:
    """What is said of the treatment that was asked about: it stood in the ranking, or a rule removed it; else it was not known then."""

    treatment: str
    name: str
    ranked: RankLine | None = None
    withheld: tuple[WithheldLine, ...] = ()


@dataclass(frozen=True, slots=True)
class Enquiry:
    """One customer, one day. `decision` is the one that is looked at; None where there was none, or where its inputs were erased."""

    customer_id: UUID
    name: str
    number: str
    zone: str
    day: date
    days: tuple[date, ...]
    """Days with decisions, the last first."""
    decisions: tuple[DecisionLine, ...]
    chosen: DecisionLine | None
    decision: DecisionPage | None
    replay: Replay | None
    published: Published | None
    about: About | None
    erased: bool
    letter: str
    subject: str


def enquiry(
    session: Session, customer_id: UUID, viewer: Actor, now: datetime, *, day: date | None = None, about: str = "",
    decision_id: UUID | None = None,
) -> Enquiry:  # fmt: skip
    """All about one day: by default the last with a decision, and the last decision of it. Raises NotFound, Forbidden, and Invalid for a treatment that was not known then."""
    if not viewer.may("replay"):
        raise Forbidden("Answering for a decision is for supervisors, authors and administrators.")
    profile = profiles.profile(session, customer_id)
    zone = profile.timezone
    days = tuple(
        dict.fromkeys(clock.local_day(at, zone) for at in treatments.days_decided(session, profile.customer_id))
    )
    day = day or (days[0] if days else clock.local_day(now, zone))
    made = treatments.decisions_between(session, profile.customer_id, *_span(day, zone), MOST)
    chosen = next((one for one in made if one.decision_id == decision_id), made[0] if made else None)
    page, replay, erased = _looked_into(session, chosen, now, viewer)
    asked = _about(page, about)
    published = _published(session, chosen.catalogue_version) if chosen is not None else None
    subject, letter = answering.draft(profile, day, page, asked.treatment if asked else "", replay)
    return Enquiry(
        profile.customer_id, profile.name, profile.number, zone, day, days, made, chosen, page, replay, published, asked, erased,
        letter, subject,
    )  # fmt: skip


def _span(day: date, zone: str) -> tuple[datetime, datetime]:
    return clock.midnight_after(day - timedelta(days=1), zone), clock.midnight_after(day, zone)


def _looked_into(
    session: Session, chosen: DecisionLine | None, now: datetime, viewer: Actor
) -> tuple[DecisionPage | None, Replay | None, bool]:
    if chosen is None:
        return None, None, False
    try:
        page = treatments.decision_page(session, chosen.decision_id, now, viewer)
        return page, treatments.replay(session, chosen.decision_id), False
    except Erased:
        return None, None, True


def _about(page: DecisionPage | None, treatment: str) -> About | None:
    if not treatment or page is None:
        return None
    if treatment not in page.names:
        raise Invalid("The catalogue of that day has no such treatment.", {"about": "Choose one of the list."})
    ranked = next((line for line in page.ranked if line.treatment == treatment), None)
    withheld = tuple(line for line in page.withheld if line.treatment == treatment)
    return About(treatment, page.names[treatment], ranked, withheld)


def _published(session: Session, version: int) -> Published | None:
    found = next((one for one in catalogues.versions(session) if one.version == version), None)
    if found is None:
        return None
    if found.draft_id is None:
        return Published(version, found.published_by, found.published_at)
    draft = catalogues.draft(session, found.draft_id)
    return Published(
        version, found.published_by, found.published_at, found.name, found.draft_id, found.made_by, draft.approved_by, draft.approved_at
    )  # fmt: skip
