"""Counting as things arrive: whoever something happened to is looked at anew, and the difference is added to the counts.

Facts and counts are the same for every order in which things happen and are told: they follow from what stands, so that what
comes late, is taken back, moves to another customer or is dated back needs no rule of its own. Word of it and the counts are one
transaction: nothing is counted twice, nothing is missed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlmodel import Session

from backend import db
from backend.catalogue import service as catalogues
from backend.interactions import service as interactions
from backend.matrix.service import Pack
from backend.profiles import service as profiles
from backend.reporting.facts import OfferFact, contact_facts, offer_facts
from backend.reporting.groups import age_of, gender_of, loyalty_of
from backend.reporting.stored import CONTACTS, OFFERS, SHEETS, Changes, Sheet, change, facts_of, let_go
from backend.reporting.tables import ReportStateRow
from backend.teaching import service as teaching
from backend.treatments import service as treatments
from shared.kernel import money
from shared.kernel.errors import NotFound

BATCH = 200
"""So many customers in one round."""
STEP = {"sqlite": 20, "postgresql": BATCH}
"""So many in one transaction: SQLite has one writer, and nobody is to wait for it."""
MARGIN = timedelta(days=60)
"""A fact is let go of so long before what it was made from: by then nothing that is still to come can change it."""
_STATE = db.table_of(ReportStateRow)
_NAME = "reports"


@dataclass(frozen=True, slots=True)
class Difference:
    """What is to become of one sheet's facts, by customer."""

    sheet: Sheet
    changes: Changes


def roll_due(now: datetime, most: int = BATCH) -> int:
    """Counts whom something happened to, at most so many, then some of those who are to be counted anew; gives how many.

    Does nothing before the first catalogue is published, or while another process counts. Opens its own transactions.
    """
    with db.reading() as session:
        try:
            pack = catalogues.pack_in_force(session)
        except NotFound:
            return 0
        state = session.execute(select(_STATE)).one_or_none()
        idle = state is not None and not state.is_counting_anew and state.zone == pack.timezone
        if idle and not interactions.counts_waiting(session)[0]:
            return 0
    done, step = 0, STEP[db.dialect()]
    while done < most:
        some = _step(pack, now, min(step, most - done))
        done += some
        if some == 0:
            break
    return done


def _step(pack: Pack, now: datetime, most: int) -> int:
    with db.transaction() as session:
        state = hold_state(session, pack, wait=False)
        if state is None:
            return 0
        if state.zone != pack.timezone:
            begin_anew(session, pack)
            state = hold_state(session, pack)
        due = interactions.counts_due(session, most)
        roll(session, due.customers, pack, now)
        # The same word tells of what there is to learn: taken once, with what follows from it.
        teaching.feed(session, due.customers, pack, now)
        interactions.was_counted(session, due.customers, due.ids)
        done = len(due.customers)
        if state.is_counting_anew and done < most:
            done += _next_anew(session, state.reached, pack, now, most - done)
        session.execute(update(_STATE).values(counted_at=now))
    return done


def roll_all(now: datetime, tell: Any = None) -> int:
    """Counts everybody whom something happened to, until nobody is left; gives how many."""
    done = 0
    while some := roll_due(now):
        done += some
        if tell is not None:
            tell(done)
    return done


def hold_state(session: Session, pack: Pack, *, wait: bool = True) -> Any:
    """The one row that lets change facts and counts, until the transaction ends; None where another has it and we do not wait."""
    # What words told of is found by counting everybody, which begins with the first row.
    asked = select(_STATE).with_for_update(skip_locked=not wait)
    row = session.execute(asked).one_or_none()
    if row is None and session.execute(select(_STATE.c.name)).scalar() is None:
        first = {"name": _NAME, "zone": pack.timezone, "is_counting_anew": True, "reached": None, "counted_at": None}
        db.upsert(session, ReportStateRow, [first], key=("name",))
        interactions.no_words_left(session)
        row = session.execute(asked).one_or_none()
    return row


def begin_anew(session: Session, pack: Pack) -> None:
    """Everybody is counted anew from now on, some at a time; what is counted stands meanwhile."""
    hold_state(session, pack)
    interactions.no_words_left(session)
    session.execute(update(_STATE).values(zone=pack.timezone, is_counting_anew=True, reached=None))


def roll(session: Session, customer_ids: Collection[UUID], pack: Pack, now: datetime) -> None:
    """Brings facts and counts of these customers up to what stands. The caller holds the state."""
    if not customer_ids:
        return
    horizon = horizon_of(pack, now)
    for found in differences(session, customer_ids, pack, now):
        old = [(one, fact) for one, fact in found.changes.taken if horizon is not None and fact.at < horizon]
        let_go(session, found.sheet, old)
        found.changes.taken = [
            (one, fact) for one, fact in found.changes.taken if horizon is None or fact.at >= horizon
        ]
        change(session, found.sheet, found.changes)


def differences(session: Session, customer_ids: Collection[UUID], pack: Pack, now: datetime) -> tuple[Difference, ...]:
    """What is kept of these customers and stands no more, and what stands and is not kept yet; writes nothing."""
    made = facts_now(session, customer_ids, pack, now)
    found = []
    for sheet in SHEETS:
        kept = made[sheet.facts.name][0]
        new = made[sheet.facts.name][1]
        changes = Changes([], [])
        for customer_id in sorted({*kept, *new}):
            had, has = set(kept.get(customer_id, ())), set(new.get(customer_id, ()))
            changes.taken += [(customer_id, fact) for fact in had - has]
            changes.given += [(customer_id, fact) for fact in has - had]
        found.append(Difference(sheet, changes))
    return tuple(found)


def facts_now(
    session: Session, customer_ids: Collection[UUID], pack: Pack, now: datetime
) -> dict[str, tuple[dict[UUID, list[Any]], dict[UUID, list[Any]]]]:
    """By sheet the facts that are kept of these customers, and those that follow from what stands."""
    horizon = horizon_of(pack, now)
    counted = interactions.counted_of(session, customer_ids)
    by = _by_customer(counted)
    digits = money.exponent(pack.currency)
    gives = {o: money.minor_of(major, digits) for o, major in treatments.conceded(session, customer_ids).items()}
    kept = {sheet.facts.name: facts_of(session, sheet, customer_ids) for sheet in SHEETS}
    contacts: dict[UUID, list[Any]] = {}
    offers: dict[UUID, list[Any]] = {}
    for customer_id, theirs in by.items():
        contacts[customer_id] = [f for f in contact_facts(theirs, pack.timezone) if horizon is None or f.at >= horizon]
        offers[customer_id] = [
            f for f in offer_facts(theirs.events, gives, pack.timezone) if horizon is None or f.at >= horizon
        ]
    offers = _known_of(session, offers, kept[OFFERS.facts.name], pack)
    return {
        CONTACTS.facts.name: (kept[CONTACTS.facts.name], contacts),
        OFFERS.facts.name: (kept[OFFERS.facts.name], offers),
    }


def horizon_of(pack: Pack, now: datetime) -> datetime | None:
    """What is older is no longer counted one by one: soon the pack has it removed. None where all is kept for good."""
    days = [
        rule.days
        for rule in pack.retention
        if rule.of == "interaction" or (rule.of == "event" and (not rule.kinds or any(map(_is_counted, rule.kinds))))
    ]
    if not days:
        return None
    kept = timedelta(days=min(days))
    return now - kept + min(MARGIN, kept / 2)


def _is_counted(kind: str) -> bool:
    return (
        any(one.startswith(kind[:-1]) for one in interactions.COUNTED)
        if kind.endswith("*")
        else kind in interactions.COUNTED
    )


def _next_anew(session: Session, after: UUID | None, pack: Pack, now: datetime, most: int) -> int:
    people = profiles.everyone_after(session, after, most)
    roll(session, people, pack, now)
    teaching.feed(session, people, pack, now)
    values: dict[str, Any] = {"reached": people[-1]} if people else {"is_counting_anew": False, "reached": None}
    session.execute(update(_STATE).values(**values))
    return len(people)


def _by_customer(counted: interactions.Counted) -> dict[UUID, interactions.Counted]:
    parts: dict[UUID, tuple[list[Any], list[Any], list[Any]]] = defaultdict(lambda: ([], [], []))
    for place, rows in enumerate((counted.contacts, counted.events, counted.ratings)):
        for row in rows:
            parts[row.customer_id][place].append(row)
    return {one: interactions.Counted(*map(tuple, found)) for one, found in parts.items()}


def _known_of(
    session: Session, made: Mapping[UUID, list[OfferFact]], kept: Mapping[UUID, list[OfferFact]], pack: Pack
) -> dict[UUID, list[Any]]:
    """The facts with what was known of the customer when they were counted first: a birthday moves nobody's past."""
    before = {fact.own_key: fact for facts in kept.values() for fact in facts}
    fresh = sorted(one for one, facts in made.items() if any(fact.own_key not in before for fact in facts))
    kinds = profiles.told_apart(session, fresh)
    decided = treatments.decided_for(session, fresh)
    reasons = {one.key for one in pack.decline_reasons}
    found: dict[UUID, list[Any]] = {}
    for customer_id, facts in made.items():
        found[customer_id] = [
            _as_before(fact, before[fact.own_key])
            if fact.own_key in before
            else _first(session, customer_id, fact, kinds.get(customer_id), reasons, customer_id in decided, pack)
            for fact in facts
        ]
    return found


def _as_before(fact: OfferFact, was: OfferFact) -> OfferFact:
    return replace(
        fact, reason=was.reason, segments=was.segments, age=was.age, gender=was.gender, loyalty=was.loyalty, value_minor=was.value_minor
    )  # fmt: skip


def _first(
    session: Session,
    customer_id: UUID,
    fact: OfferFact,
    kind: profiles.Kind | None,
    reasons: Collection[str],
    is_decided: bool,
    pack: Pack,
) -> OfferFact:
    if fact.act == "declined" and fact.reason and fact.reason not in reasons:
        # What somebody wrote in their own words is the customer's, and no key to count by.
        fact = replace(fact, reason="other")
    if is_decided and fact.act in ("accepted", "overridden"):
        thought = treatments.thought_of(session, customer_id, fact.treatment, fact.at)
        if fact.act == "accepted":
            fact = replace(fact, value_minor=money.minor_of(thought.value, money.exponent(pack.currency)))
        else:
            fact = replace(fact, reason=thought.first if thought.first != fact.treatment else "")
    if kind is None:
        return fact
    known = kind.attributes
    return replace(
        fact, segments=" ".join(kind.segments), age=age_of(kind.born, known, fact.day), gender=gender_of(known),
        loyalty=loyalty_of(known),
    )  # fmt: skip
