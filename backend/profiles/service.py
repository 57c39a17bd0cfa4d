"""The door of profiles: who a customer is, what is known of them, and why they are here now."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import date, datetime, timedelta
from types import EllipsisType
from typing import Any
from uuid import UUID

from sqlalchemy import insert, update
from sqlmodel import Session

from backend import db
from backend.matrix.service import Pack
from backend.profiles import queries
from backend.profiles.beside import beside
from backend.profiles.bulk import (
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
from backend.profiles.changing import revise
from backend.profiles.crediting import book_credit, issue_bill, waiting_credits
from backend.profiles.identified import Identified, existing, identified, identified_after, versions_after
from backend.profiles.identity import caller_number, fold, normalise
from backend.profiles.joining import ATTRIBUTE, FIELDS
from backend.profiles.leaving import erase_customer, export_customer
from backend.profiles.merging import hold, hold_both, known_as, move_customer, move_customer_back, taken_attributes
from backend.profiles.representing import (
    add_representative,
    end_representative,
    local_today,
    representative,
    representatives,
)
from backend.profiles.risk import band, in_words
from backend.profiles.searching import callers, find_by_sign_in, owner, search
from backend.profiles.snapshot import Snapshot, snapshot
from backend.profiles.streaming import beginnings, between, count
from backend.profiles.types import (
    RELATIONS,
    Bill,
    Consent,
    Credit,
    Holding,
    Match,
    Moment,
    Page,
    Profile,
    Representative,
)
from backend.record import service as record
from shared.kernel import clock
from shared.kernel.actors import Actor
from shared.kernel.errors import Invalid, NotFound
from shared.kernel.money import Money

__all__ = [
    "ATTRIBUTE", "FIELDS", "RELATIONS", "Bill", "Consent", "Credit", "Enrolled", "Holding", "Identified", "LoadProgress",
    "Match", "Moment", "NewBill", "NewConsent", "NewCustomer", "Page", "Profile", "Representative", "Snapshot",
    "add_representative", "band", "beginnings", "beside", "between", "bill_heads", "bills", "book_credit", "caller_number",
    "callers", "count", "end_representative", "enrol", "erase_customer", "existing", "export_customer", "find_by_sign_in",
    "fold", "hold", "hold_both", "identified", "identified_after", "in_words", "issue_bill", "known_as", "learn",
    "load_progress", "loaded_packs", "local_today", "move_customer", "move_customer_back", "normalise", "note_progress",
    "owner", "profile", "representative", "representatives", "resolve", "revise", "search", "set_consent", "set_moment",
    "snapshot", "stamp", "taken_attributes", "versions_after", "waiting_credits",
]  # fmt: skip

UNTOLD_FADE_HOURS = 24.0
"""How long a stage alone stays true: without an intent, the pack gives no time of its own."""
KEPT_DAYS = 800
"""Day buckets older than the longest window that a pack may declare are dropped when a fact is learned."""


def resolve(session: Session, customer_id: UUID) -> UUID:
    """The canonical id of the customer known by this one, now or before a merge. Raises NotFound."""
    found = session.execute(queries.EXISTS, {"customer_id": customer_id}).scalar()
    found = found or session.execute(queries.CANONICAL, {"customer_id": customer_id}).scalar()
    if found is None:
        raise NotFound("There is no such customer.")
    canonical: UUID = found
    return canonical


def profile(session: Session, customer_id: UUID) -> Profile:
    """All that is known of the customer, under the canonical id whichever was asked for. Raises NotFound."""
    row = session.execute(queries.PROFILE, {"customer_id": customer_id}).one_or_none()
    if row is None:
        customer_id = resolve(session, customer_id)
        row = session.execute(queries.PROFILE, {"customer_id": customer_id}).one()
    consents = tuple(
        Consent(c.purpose, c.channel, c.state, c.source, c.wording, c.at)
        for c in session.execute(queries.CONSENTS, {"customer_id": customer_id})
    )
    return Profile(
        customer_id=row.customer_id,
        number=row.number,
        name=row.name,
        attributes=row.attributes,
        facts=row.facts,
        version=row.version,
        timezone=row.timezone,
        language=row.language,
        made_up=row.made_up,
        moment=_moment(row) if row.moment_version is not None else None,
        consents=consents,
        phone=row.phone,
        email=row.email,
        birth_date=row.birth_date,
        created_at=row.created_at,
        holdings=tuple(Holding(**holding) for holding in row.holdings),
    )


def stamp(session: Session, customer_id: UUID) -> tuple[int, Moment | None]:
    """The profile's version and the moment: by these one tells whether what was read before still holds. Raises NotFound."""
    row = session.execute(queries.STAMP, {"customer_id": customer_id}).one_or_none()
    if row is None:
        raise NotFound("There is no such customer.")
    return row.version, _moment(row) if row.moment_version is not None else None


def _moment(row: Any) -> Moment:
    return Moment(
        version=row.moment_version,
        stage=row.stage,
        intent=row.intent,
        source=row.source,
        channel=row.channel,
        set_at=row.set_at,
        fades_at=row.fades_at,
        evidence=row.evidence,
        set_by=row.set_by,
    )


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
    record.changed(session, "profile", customer_id=customer_id, now=now)
    return version


def consent(session: Session, customer_id: UUID, purpose: str, channel: str) -> str | None:
    """What the customer says of this purpose in this channel; None when they were never asked."""
    asked = {"customer_id": customer_id, "purpose": purpose, "channel": channel}
    state: str | None = session.execute(queries.CONSENT_STATE, asked).scalar()
    return state


def set_consent(
    session: Session, customer_id: UUID, purpose: str, channel: str, state: str, source: str, wording: str, now: datetime
) -> int:  # fmt: skip
    """Writes what the customer allows, with the words that they were shown, and gives the profile's new version."""
    row = {
        "customer_id": customer_id, "purpose": purpose, "channel": channel, "state": state, "source": source,
        "wording": wording, "at": now,
    }  # fmt: skip
    db.upsert(
        session, queries.CONSENT, [row], key=("customer_id", "purpose", "channel"), update=("state", "source", "wording", "at")
    )  # fmt: skip
    return learn(session, customer_id, now=now)


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


def set_moment(
    session: Session,
    customer_id: UUID,
    stage: str,
    intent: str | None,
    source: str,
    channel: str,
    actor: Actor,
    now: datetime,
    pack: Pack,
    evidence: str | None = None,
) -> Moment:
    """Writes why the customer is here now and gives the moment that holds; the caller records the event.

    What was stated beats what is inferred while it lives: then the stated moment is given back unchanged. The same live
    moment told again keeps its version and only lasts longer, so that nothing is re-ranked. Raises NotFound, and Invalid for
    a stage, intent or channel that the pack does not have.
    """
    _check(stage, intent, source, channel, pack)
    _locked(session, customer_id)
    before = profile(session, customer_id).moment
    hours = pack.intents[intent].fade_hours if intent else UNTOLD_FADE_HOURS
    fades_at = now + timedelta(hours=hours)
    where = queries.MOMENT.c.customer_id == customer_id
    if before is not None and before.live(now):
        if before.source == "stated" and source == "inferred":
            return before
        if (before.stage, before.intent, before.source) == (stage, intent, source):
            lasting = max(before.fades_at, fades_at)
            session.execute(update(queries.MOMENT).where(where).values(fades_at=lasting))
            if lasting != before.fades_at:
                record.changed(session, "moment", customer_id=customer_id, now=now)
            return _moment_of(session, customer_id)
    values = {
        "version": before.version + 1 if before else 1,
        "stage": stage,
        "intent": intent,
        "source": source,
        "channel": channel,
        "set_by": actor.name,
        "evidence": evidence,
        "set_at": now,
        "fades_at": fades_at,
    }
    if before is None:
        session.execute(insert(queries.MOMENT).values(customer_id=customer_id, **values))
    else:
        session.execute(update(queries.MOMENT).where(where).values(**values))
    record.changed(session, "moment", customer_id=customer_id, now=now)
    return _moment_of(session, customer_id)


def _moment_of(session: Session, customer_id: UUID) -> Moment:
    moment = profile(session, customer_id).moment
    assert moment is not None  # noqa: S101 — it was written in this transaction
    return moment


def _check(stage: str, intent: str | None, source: str, channel: str, pack: Pack) -> None:
    errors = {}
    if stage not in {s.key for s in pack.stages}:
        errors["stage"] = f"one of {', '.join(s.key for s in pack.stages)}"
    if intent is not None and intent not in pack.intents:
        errors["intent"] = f"one of {', '.join(pack.intents)}, or none"
    if channel not in {c.key for c in pack.channels}:
        errors["channel"] = f"one of {', '.join(c.key for c in pack.channels)}"
    if source not in ("stated", "inferred"):
        errors["source"] = "stated or inferred"
    if errors:
        raise Invalid("That is not a moment which this service knows.", errors)
