"""The door of profiles: who a customer is, what is known of them, and why they are here now."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import date, datetime, timedelta
from types import EllipsisType
from typing import Any
from uuid import UUID

from sqlalchemy import update
from sqlmodel import Session

from backend.profiles import queries, sourcing
from backend.profiles.beside import beside
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
from backend.profiles.changing import revise, states_due
from backend.profiles.consenting import consent, consent_history, enter_consent, wording_version
from backend.profiles.crediting import book_credit, issue_bill, waiting_credits
from backend.profiles.experience import Moved, moves, score, with_truths
from backend.profiles.filing import Details, amend, count_past, details
from backend.profiles.identified import Identified, existing, identified, identified_after, versions_after
from backend.profiles.identity import caller_number, fold, normalise
from backend.profiles.joining import ATTRIBUTE, FIELDS
from backend.profiles.knowing import (
    ANONYMOUS,
    NAMELESS,
    anonymous,
    be_known_by,
    enter_prospect,
    hand_over,
    owners,
)
from backend.profiles.leaving import (
    erase_customer,
    erased_since,
    export_customer,
    lock_out,
    note_erased,
    note_swept,
    unswept,
)
from backend.profiles.masking import OPEN, Mask, email_text, mask_of, phone_text
from backend.profiles.merging import hold, hold_both, known_as, move_customer, move_customer_back, taken_attributes
from backend.profiles.moments import told_moment
from backend.profiles.representing import (
    add_representative,
    end_representative,
    local_today,
    representative,
    representatives,
)
from backend.profiles.rewriting import held, moment_of, profile_of, rewrite, set_moment
from backend.profiles.risk import band, in_words
from backend.profiles.searching import callers, find_by_sign_in, owner, search
from backend.profiles.snapshot import Snapshot, snapshot
from backend.profiles.sourcing import Claims, Sourced, claims_of, keep_claims, learn_from, settle, sources
from backend.profiles.states import Transition, states_after, why
from backend.profiles.streaming import beginnings, between, count, some_from
from backend.profiles.survivorship import Claim
from backend.profiles.types import (
    REFUSED,
    RELATIONS,
    Bill,
    Consent,
    ConsentEntry,
    ConsentState,
    Credit,
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
from shared.kernel.money import Money

__all__ = [
    "ANONYMOUS", "ATTRIBUTE", "FIELDS", "FILE_LOAD", "NAMELESS", "OPEN", "REFUSED", "RELATIONS", "Bill", "Claim", "Claims", "Consent",
    "ConsentEntry", "ConsentState", "Credit", "Details", "Enrolled", "Holding", "Identified", "LifetimeValue", "LoadProgress", "Mask", "Match",
    "Moment", "Moved", "NewBill", "NewConsent", "NewCustomer", "Page", "Profile", "Representative", "Snapshot", "Sourced", "Transition",
    "add_representative", "amend", "anonymous", "band", "be_known_by", "beginnings", "beside", "between", "bill_heads", "bills", "book_credit",
    "caller_number", "callers", "claims_of", "consent", "consent_history", "count", "count_past", "details", "email_text", "end_representative",
    "enrol", "enter_prospect", "erase_customer", "erased_since", "existing", "export_customer", "find_by_sign_in", "fold", "hand_over", "held",
    "hold", "hold_both", "identified", "identified_after", "in_words", "issue_bill", "keep_claims", "known_as", "learn", "learn_from",
    "lifetime_value", "load_progress", "loaded_packs", "local_today", "lock_out", "mask_of", "move_customer", "move_customer_back", "moves",
    "normalise", "note_erased", "note_progress", "note_swept", "owner", "owners", "phone_text", "profile", "representative", "representatives",
    "resolve", "revise", "rewrite", "score", "search", "set_consent", "set_moment", "settle", "snapshot", "some_from", "sources", "stamp", "states_after",
    "states_due", "taken_attributes", "told_moment", "unswept", "versions_after", "waiting_credits", "why", "with_truths", "wording_version",
]  # fmt: skip

KEPT_DAYS = 800
"""Day buckets older than the longest window that a pack may declare are dropped when a fact is learned."""


def resolve(session: Session, customer_id: UUID) -> UUID:
    """The canonical id of the customer known by this one, now or before a merge. Raises NotFound."""
    found = session.execute(queries.EXISTS, {"customer_id": customer_id}).scalar()
    found = found or session.execute(queries.CANONICAL, {"customer_id": customer_id}).scalar()
    if found is None:
        raise _gone(session, customer_id)
    canonical: UUID = found
    return canonical


def profile(session: Session, customer_id: UUID) -> Profile:
    """All that is known of the customer, under the canonical id whichever was asked for. Raises NotFound."""
    row = session.execute(queries.PROFILE, {"customer_id": customer_id}).one_or_none()
    if row is None:
        customer_id = resolve(session, customer_id)
        row = session.execute(queries.PROFILE, {"customer_id": customer_id}).one()
    consents = tuple(
        Consent(c.purpose, c.channel, c.state, c.source, c.wording, c.at, c.wording_version)
        for c in session.execute(queries.CONSENTS, {"customer_id": customer_id})
    )
    return profile_of(row, consents)


def _gone(session: Session, customer_id: UUID) -> NotFound | Erased:
    """Why there is no such customer: there never was, or they were erased."""
    was = session.execute(queries.ERASED, {"customer_id": customer_id}).scalar() is not None
    return Erased("This customer was erased.") if was else NotFound("There is no such customer.")


def stamp(session: Session, customer_id: UUID) -> tuple[int, Moment | None]:
    """The profile's version and the moment: by these one tells whether what was read before still holds. Raises NotFound."""
    row = session.execute(queries.STAMP, {"customer_id": customer_id}).one_or_none()
    if row is None:
        raise NotFound("There is no such customer.")
    return row.version, moment_of(row)


def bills(session: Session, customer_id: UUID, most: int = 24) -> tuple[Bill, ...]:
    """The customer's bills with their lines, newest first."""
    rows = session.execute(queries.BILLS, {"customer_id": customer_id, "most": most})
    return tuple(_bill(row, row.lines) for row in rows)


def bill_heads(session: Session, customer_id: UUID, most: int = 24, *, unpaid: bool = False) -> tuple[Bill, ...]:
    """The same without their lines, for pages that show none; with `unpaid`, those alone that are open or overdue."""
    statement = queries.UNPAID if unpaid else queries.BILL_HEADS
    return tuple(_bill(row, ()) for row in session.execute(statement, {"customer_id": customer_id, "most": most}))


def _bill(row: Any, lines: Iterable[dict[str, Any]]) -> Bill:
    return Bill(
        bill_id=row.bill_id,
        reference=row.reference,
        issued_on=row.issued_on,
        due_on=row.due_on,
        amount=Money(row.amount_minor, row.currency),
        status=row.status,
        paid_on=row.paid_on,
        lines=tuple((line["text"], Money(line["amount_minor"], row.currency)) for line in lines),
    )


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
    known = _locked(session, customer_id)
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
    _locked(session, customer_id)
    said = enter_consent(session, customer_id, purpose, channel, state, source, wording, now, actor)
    if said is not None:
        learn(session, customer_id, now=now)
    return said


def _locked(session: Session, customer_id: UUID) -> Any:
    row = session.execute(queries.LOCKED, {"customer_id": customer_id}).one_or_none()
    if row is None:
        raise NotFound("There is no such customer.")
    return row


def _added(bucket: dict[str, float], today: date, more: float) -> dict[str, float]:
    oldest = (today - timedelta(days=KEPT_DAYS)).isoformat()
    kept = {day: n for day, n in bucket.items() if day >= oldest}
    kept[today.isoformat()] = kept.get(today.isoformat(), 0) + more
    return kept
