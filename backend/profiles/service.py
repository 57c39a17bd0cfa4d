"""The door of profiles: who a customer is, what is known of them, and why they are here now."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from types import EllipsisType
from typing import Any
from uuid import UUID

from sqlalchemy import update
from sqlmodel import Session

from backend.matrix.service import GROUP_KINDS, GroupKind
from backend.profiles import queries, sourcing
from backend.profiles.among import ids_among, some_among, these, truths_of
from backend.profiles.belonging import (
    HOUSEHOLD,
    Group,
    Joined,
    Member,
    Membership,
    join,
    leave,
    members,
    memberships,
    renew_belonging,
    renew_household,
    stir,
    stir_home,
    with_belonging,
)
from backend.profiles.beside import Beside, beside
from backend.profiles.billing import bill_before, bill_heads, bill_of, bills
from backend.profiles.briefly import Brief, briefs
from backend.profiles.bulk import (
    FILE_LOAD,
    Enrolled,
    LoadProgress,
    NewBill,
    NewConsent,
    NewCustomer,
    enrol,
    load_progress,
    loaded_packs,
    note_progress,
)
from backend.profiles.changing import closes_on, note_closing, revise, states_due, take_back_truth, work_out_again
from backend.profiles.consenting import consent, consent_history, enter_consent, wording_version
from backend.profiles.crediting import book_credit, issue_bill, waiting_credits
from backend.profiles.experience import Moved, moves, score, with_truths
from backend.profiles.filing import Details, amend, count_past, details, set_language
from backend.profiles.finding import Found, find
from backend.profiles.holding import hold, keep_out, lock_out, locked
from backend.profiles.identified import Identified, existing, identified, identified_after, versions_after
from backend.profiles.identity import caller_number, fold, forget, normalise
from backend.profiles.joining import ATTRIBUTE, FIELDS
from backend.profiles.keeping_out import NO_NAME, as_house, group_of, is_closed, named_for, read_as, require_open
from backend.profiles.knowing import (
    ANONYMOUS,
    NAMELESS,
    anonymous,
    be_known_by,
    enter_prospect,
    everyone_after,
    hand_over,
    no_longer_known_by,
    owners,
)
from backend.profiles.leaving import erase_customer, export_customer, note_erased, note_swept, unswept
from backend.profiles.likeness import forgiven, is_slip, meant, nearly
from backend.profiles.masking import DOTS, OPEN, Mask, email_text, mask_of, name_text, phone_text
from backend.profiles.merging import hold_both, known_as, move_customer, move_customer_back, taken_attributes
from backend.profiles.moments import told_moment
from backend.profiles.naming import names_of, restricted_group
from backend.profiles.queries import STAMP
from backend.profiles.representing import (
    add_representative,
    end_representative,
    local_today,
    representative,
    representatives,
)
from backend.profiles.rewriting import held, moment_of, profile_of, rewrite, set_moment
from backend.profiles.rfm import FACTS as SCORES
from backend.profiles.rfm import Cuts
from backend.profiles.risk import band, in_words
from backend.profiles.scoring import OWN_VALUES, Reckoning, cuts_now, is_scored, keep_cuts, renew_kept
from backend.profiles.searching import callers, find_by_sign_in, owner, search
from backend.profiles.settling import pay_bill
from backend.profiles.snapshot import Snapshot, snapshot
from backend.profiles.sourcing import (
    LONG_AGO,
    SIGN,
    Claims,
    Sourced,
    claims_of,
    contact_sources,
    keep_claims,
    learn_from,
    settle,
    sources,
    tell_contact,
)
from backend.profiles.states import Transition, states_after, why
from backend.profiles.streaming import beginnings, between, count, some_from
from backend.profiles.survivorship import Claim
from backend.profiles.telling_apart import Kind, told_apart
from backend.profiles.types import (
    REFUSED,
    RELATIONS,
    Bill,
    Consent,
    ConsentEntry,
    ConsentState,
    Credit,
    Hit,
    Holding,
    Match,
    Moment,
    Page,
    Profile,
    Representative,
)
from backend.profiles.value import LifetimeValue, lifetime_value
from backend.record import service as record
from shared.kernel import clock
from shared.kernel.actors import SYSTEM, Actor
from shared.kernel.errors import Erased, NotFound

__all__ = [
    "ANONYMOUS", "ATTRIBUTE", "DOTS", "FIELDS", "FILE_LOAD", "GROUP_KINDS", "HOUSEHOLD", "LONG_AGO", "NAMELESS",
    "NO_NAME", "OPEN", "OWN_VALUES", "REFUSED", "RELATIONS", "SCORES", "SIGN", "STAMP", "Beside", "Bill", "Brief",
    "Claim", "Claims", "Consent", "ConsentEntry", "ConsentState", "Credit", "Cuts", "Details", "Enrolled", "Found",
    "Group", "GroupKind", "Hit", "Holding", "Identified", "Joined", "Kind", "LifetimeValue", "LoadProgress", "Mask",
    "Match", "Member", "Membership", "Moment", "Moved", "NewBill", "NewConsent", "NewCustomer", "Page", "Profile",
    "Reckoning", "Representative", "Snapshot", "Sourced", "Transition", "add_representative", "amend", "anonymous",
    "as_house", "band", "be_known_by", "beginnings", "beside", "between", "bill_before", "bill_heads", "bill_of",
    "bills", "book_credit", "briefs", "caller_number", "callers", "claims_of", "closes_on", "consent",
    "consent_history", "contact_sources", "count", "count_past", "cuts_now", "details", "email_text",
    "end_representative", "enrol", "enter_prospect", "erase_customer", "everyone_after", "existing",
    "export_customer", "find", "find_by_sign_in", "fold", "forgiven", "group_of", "hand_over", "held", "hold",
    "hold_both", "identified", "identified_after", "ids_among", "in_words", "is_closed", "is_scored", "is_slip",
    "issue_bill", "join", "keep_claims", "keep_cuts", "keep_out", "known_as", "learn", "learn_from", "leave",
    "lifetime_value", "load_progress", "loaded_packs", "local_today", "lock_out", "mask_of", "meant", "members",
    "memberships", "move_customer", "move_customer_back", "moves", "name_text", "named_for", "names_of", "nearly",
    "no_longer_known_by", "normalise", "note_closing", "note_erased", "note_progress", "note_swept", "owner",
    "owners", "pay_bill", "phone_text", "profile", "read_as", "reader", "renew_belonging", "renew_household",
    "renew_kept", "representative", "representatives", "resolve", "restricted_group", "revise", "rewrite", "score", "search",
    "set_consent", "set_language", "set_moment", "settle", "snapshot", "some_among", "some_from", "sources",
    "stamp", "stamp_of", "states_after", "states_due", "stir", "stir_home", "take_back_truth", "taken_attributes",
    "tell_contact", "these", "told_apart", "told_moment", "truths_of", "unswept", "versions_after", "waiting_credits", "why",
    "with_belonging", "with_truths", "wording_version", "work_out_again",
]  # fmt: skip

record.forget_by(forget)
KEPT_DAYS = 800
"""Day buckets older than the longest window that a pack may declare are dropped when a fact is learned."""


def resolve(session: Session, customer_id: UUID) -> UUID:
    """The canonical id of the customer known by this one, now or before a merge. Raises NotFound, and Restricted for who may not open them."""
    found = session.execute(queries.WHOSE, {"customer_id": customer_id}).one_or_none()
    if found is None:
        canonical = session.execute(queries.CANONICAL, {"customer_id": customer_id}).scalar()
        if canonical is None:
            raise _gone(session, customer_id)
        found = session.execute(queries.WHOSE, {"customer_id": canonical}).one()
    require_open(session, found.customer_id, found.restricted)
    known: UUID = found.customer_id
    return known


def profile(session: Session, customer_id: UUID) -> Profile:
    """All that is known of the customer, under the canonical id whichever was asked for. Raises NotFound, and Restricted for who may not open them."""
    row = session.execute(queries.WHOLE, {"customer_id": customer_id}).one_or_none()
    if row is None:
        customer_id = resolve(session, customer_id)
        row = session.execute(queries.WHOLE, {"customer_id": customer_id}).one()
    return _read(session, row)


def reader(column: Any) -> Callable[[Session, UUID, Mapping[str, Any]], tuple[Profile, Any]]:
    """A `profile` that reads one column more in the same statement; made once, where it is asked by every page.

    The column's parameters are given beside the customer's id.
    """
    statement = queries.WHOLE.add_columns(column.label("beside_it"))

    def read(session: Session, customer_id: UUID, values: Mapping[str, Any]) -> tuple[Profile, Any]:
        row = session.execute(statement, {"customer_id": customer_id, **values}).one_or_none()
        if row is None:
            customer_id = resolve(session, customer_id)
            row = session.execute(statement, {"customer_id": customer_id, **values}).one()
        return _read(session, row), row.beside_it

    return read


def _read(session: Session, row: Any) -> Profile:
    require_open(session, row.customer_id, row.restricted)
    return profile_of(row, tuple(Consent(*kept) for kept in sorted(map(_consent, row.consents or ()))))


def _consent(kept: list[Any]) -> tuple[Any, ...]:
    """One of `queries.WHOLE`, its instant read."""
    *said, at, version = kept
    instant = datetime.fromisoformat(at)
    return *said, instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC), version


def _gone(session: Session, customer_id: UUID) -> NotFound | Erased:
    """Why there is no such customer: there never was, or they were erased."""
    was = session.execute(queries.ERASED, {"customer_id": customer_id}).scalar() is not None
    return Erased("This customer was erased.") if was else NotFound("There is no such customer.")


def stamp(session: Session, customer_id: UUID) -> tuple[int, Moment | None]:
    """The profile's version and the moment: by these one tells whether what was read before still holds. Raises NotFound."""
    row = session.execute(STAMP, {"customer_id": customer_id}).one_or_none()
    if row is None:
        raise NotFound("There is no such customer.")
    return stamp_of(row)


def stamp_of(row: Any) -> tuple[int, Moment | None]:
    """The same of a row of `STAMP`, which others may read together with what is theirs."""
    return row.version, moment_of(row)


def learn(
    session: Session,
    customer_id: UUID,
    *,
    now: datetime,
    attributes: dict[str, Any] | None = None,
    count: dict[str, float] | None = None,
    values: dict[str, Any] | None = None,
    add: dict[str, float] | None = None,
    dates: dict[str, date] | None = None,
    bad_experience: dict[str, Any] | EllipsisType | None = ...,
    holdings: Sequence[Holding] | None = None,
) -> int:
    """Writes down what was learned and gives the profile's new version. Raises NotFound.

    `count` adds to the bucket of the customer's local day, `add` to a value, which never falls below zero; `values` and
    `dates` replace, `holdings` all that were there; None for `bad_experience` says that it has been put right. Concurrent lessons wait for each other, so that none is lost.
    """
    known = locked(session, customer_id)
    facts = dict(known.facts)
    today = clock.local_day(now, known.timezone)
    if count:
        days = dict(facts.get("days", {}))
        for key, more in count.items():
            days[key] = _added(days.get(key, {}), today, more)
        facts["days"] = days
    if values:
        facts["values"] = {**facts.get("values", {}), **values}
    if add:
        kept = facts.get("values", {})
        facts["values"] = {**kept, **{key: max(0, (kept.get(key) or 0) + more) for key, more in add.items()}}
    if dates:
        facts["dates"] = {**facts.get("dates", {}), **{key: day.isoformat() for key, day in dates.items()}}
    if not isinstance(bad_experience, EllipsisType):
        facts["bad_experience"] = bad_experience
    owned = {} if holdings is None else {"holdings": [asdict(holding) for holding in holdings]}
    version: int = known.version + 1
    session.execute(
        update(queries.CUSTOMER)
        .where(queries.CUSTOMER.c.customer_id == customer_id)
        .values(
            attributes={**known.attributes, **(attributes or {})}, facts=facts, version=version, updated_at=now, **owned
        )
    )
    if attributes:
        sourcing.acted(session, customer_id, known.attributes, known.attributes | attributes, now)
    record.changed(session, "profile", customer_id=customer_id, now=now)
    return version


def set_consent(
    session: Session, customer_id: UUID, purpose: str, channel: str, state: str, source: str, wording: str, now: datetime,
    actor: Actor = SYSTEM,
) -> Consent | None:  # fmt: skip
    """Writes what the customer allows, with the words that they were shown, and moves the profile's version.

    None where just that stood already: then nothing is written. Raises NotFound and Invalid. The caller records the event.
    """
    locked(session, customer_id)
    said = enter_consent(session, customer_id, purpose, channel, state, source, wording, now, actor)
    if said is not None:
        learn(session, customer_id, now=now)
    return said


def _added(bucket: dict[str, float], today: date, more: float) -> dict[str, float]:
    oldest = (today - timedelta(days=KEPT_DAYS)).isoformat()
    kept = {day: n for day, n in bucket.items() if day >= oldest}
    kept[today.isoformat()] = kept.get(today.isoformat(), 0) + more
    return kept
