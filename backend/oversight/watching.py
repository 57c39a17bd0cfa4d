"""What goes on now, as the pack's alerts read it: contacts, the floor, budgets, rules that fail, channels that differ.

A worker looks every few seconds, raises what a rule sees, and says what is over. It changes nothing but alerts, and reads what
goes on from the same memory as the wall: of whom nothing was told, nothing is asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlmodel import Session

from backend import db
from backend.alerts import service as alerts
from backend.alerts.service import NOBODY, Found
from backend.budgets import service as budgets
from backend.cases import service as cases
from backend.catalogue import service as catalogues
from backend.interactions import service as interactions
from backend.interactions.service import Call, Going, Visit
from backend.matrix.service import About, AlertRule, Pack
from backend.overview import service as overview
from backend.overview.service import GoingOn
from backend.profiles import service as profiles
from backend.profiles.service import Brief
from backend.rules.service import Context, RuleFailed
from backend.treatments import service as treatments
from shared.kernel.errors import NotFound

A_WEEK = timedelta(days=7)
HALF_AN_HOUR = timedelta(minutes=30)
MOST_CONTACTS = 1_000
MOST_KEPT = 5_000
SPOKEN = frozenset({"call", "contact", "call.private", "contact.private"})
_log = structlog.stdlib.get_logger("evenhand.alerts")


@dataclass(frozen=True, slots=True)
class Watched:
    """One contact that goes on: what may be told of it without reading who it is with."""

    customer_id: UUID
    subject: str
    channel: str
    state: str
    since: datetime
    began: datetime
    held_seconds: int = 0
    waited_seconds: int = 0
    staff: str = ""


@dataclass
class Watch:
    """Looks again and again, and remembers what it read of customers of whom nothing changed since."""

    _known: dict[UUID, tuple[tuple[Any, ...], dict[str, Any]]] = field(default_factory=dict)
    _failed: set[tuple[str, str]] = field(default_factory=set)

    def look(self, now: datetime) -> int:
        """Raises what the pack's rules see, and says what is over; gives how many that were. Opens its own transactions."""
        seen_now = overview.going_on(now)
        with db.reading() as session:
            try:
                pack = catalogues.pack_in_force(session)
            except NotFound:
                return 0
            found = [*self._contacts(session, seen_now, pack, now), *self._others(session, pack, now)]
            seen = found, pack.alerting.keys, timedelta(minutes=pack.alerting.quiet_minutes), now
            if alerts.is_settled(session, *seen):
                return 0
        with db.transaction() as session:
            return sum(alerts.settle(session, *seen))

    def _contacts(self, session: Session, seen: GoingOn, pack: Pack, now: datetime) -> Iterator[Found]:
        rules = pack.alerting.about("contact")
        if not rules:
            return
        needed = {name for rule in rules for name in rule.rule.names}
        for one in list(going(seen, now))[:MOST_CONTACTS]:
            brief = seen.briefs.get(one.customer_id)
            if brief is None:
                continue  # erased since
            try:
                values = self._customer(session, brief, pack, now) | _of_contact(one, now)
            except NotFound:
                continue
            context = Context(values, needed)
            for rule in rules:
                if self._holds(rule, context):
                    yield _found(rule, one.subject, _in_words(one), context, one.customer_id)

    def _others(self, session: Session, pack: Pack, now: datetime) -> Iterator[Found]:
        readers: dict[About, Iterable[tuple[str, str, Mapping[str, Any]]]] = {
            "floor": _floor(session, now),
            "queue": _queues(session, pack, now),
            "budget": _budgets(session, pack, now),
            "rule": _rules(session, now),
            "channels": _channels(session),
        }
        for about, things in readers.items():
            rules = pack.alerting.about(about)
            if not rules:
                continue
            for subject, words, values in things:
                context = Context(values)
                yield from (_found(rule, subject, words, context) for rule in rules if self._holds(rule, context))

    def _holds(self, rule: AlertRule, context: Context) -> bool:
        """A rule that cannot be decided sees nothing; that it fails is logged once."""
        try:
            return rule.rule.test(context)
        except RuleFailed as why:
            if (rule.key, str(why)) not in self._failed:
                self._failed.add((rule.key, str(why)))
                _log.warning("alert rule failed", alert=rule.key, why=str(why))
            return False

    def _customer(self, session: Session, brief: Brief, pack: Pack, now: datetime) -> dict[str, Any]:
        customer_id, moment = brief.customer_id, brief.moment
        hour = now.replace(minute=0, second=0, microsecond=0)
        stamp = (brief.version, None if moment is None else (moment.version, moment.live(now)), hour, id(pack))
        known = self._known.get(customer_id)
        if known is None or known[0] != stamp:
            if len(self._known) >= MOST_KEPT:
                self._known.clear()
            known = self._known[customer_id] = stamp, _of_customer(session, customer_id, pack, now)
        return known[1]


def going(seen: GoingOn, now: datetime) -> Iterator[Watched]:
    """Every contact with a customer whom we know that goes on now: calls that ring, contacts at desks, visits of the portal. Pure."""
    spoken: set[UUID] = set()
    by_contact = {call.interaction_id: call for call in seen.calls if call.interaction_id is not None}
    for call in seen.calls:
        if call.interaction_id is None and call.customer_id is not None:
            spoken.add(call.customer_id)
            yield _ringing(call, now)
    for contact in seen.contacts:
        spoken.add(contact.customer_id)
        yield _contact(contact, by_contact.get(contact.interaction_id), now)
    for visit in seen.visits:
        if visit.customer_id not in spoken:
            yield _visit(visit)


def _ringing(call: Call, now: datetime) -> Watched:
    waited = _seconds(call.rang_at, now)
    state = "waiting" if call.state == "ringing" else "talking"
    customer_id = call.customer_id or NOBODY
    return Watched(
        customer_id, f"call {call.call_id}", "phone", state, call.rang_at, call.rang_at, 0, waited, call.staff
    )


def _contact(contact: Going, call: Call | None, now: datetime) -> Watched:
    held_at = call.held_at if call is not None else None
    state = "wrapping_up" if contact.ended_at is not None else "on_hold" if held_at is not None else "talking"
    since = contact.ended_at or held_at or contact.started_at
    held = contact.held_seconds + (_seconds(held_at, now) if held_at is not None else 0)
    waited = _seconds(call.rang_at, call.answered_at or now) if call is not None else 0
    return Watched(
        contact.customer_id, str(contact.interaction_id), contact.channel, state, since, contact.started_at, held, waited,
        contact.staff,
    )  # fmt: skip


def _visit(visit: Visit) -> Watched:
    began = datetime.fromisoformat(visit.steps[0][1]) if visit.steps else visit.page_since
    return Watched(visit.customer_id, str(visit.interaction_id), "portal", "visiting", visit.page_since, began)


def _of_contact(one: Watched, now: datetime) -> dict[str, Any]:
    return {
        "channel": one.channel,
        "contact_state": one.state,
        "state_seconds": _seconds(one.since, now),
        "contact_seconds": _seconds(one.began, now),
        "held_seconds": one.held_seconds,
        "waited_seconds": one.waited_seconds,
    }


def _of_customer(session: Session, customer_id: UUID, pack: Pack, now: datetime) -> dict[str, Any]:
    """What segments read of the customer, why they are here, what they are worth, and how often they spoke with us in a week."""
    profile = profiles.profile(session, customer_id)
    seen = profiles.snapshot(profile, now, pack)
    has_left = bool(profile.facts.get("dates", {}).get("left"))
    worth = profiles.lifetime_value(seen, pack, has_left=has_left)
    spoken = [
        event
        for event in interactions.timeline(session, profile.customer_id, kinds=SPOKEN, limit=20).items
        if event.at > now - A_WEEK
    ]
    return {
        **seen.names(),
        "customer_value": 0.0 if worth is None else worth.whole,
        "contacts_7d": len(spoken),
        "same_reason_7d": sum(event.data.get("intent") == seen.intent for event in spoken) if seen.intent else 0,
    }


def _floor(session: Session, now: datetime) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    agents = interactions.at_work(session)
    waits = [_seconds(call.rang_at, now) for call in interactions.live(session) if call.state == "ringing"]
    states = [one.state for one in agents]
    missed = len(cases.callbacks_in(session, "missed", None))
    values = {
        "agents": len(agents), "ready": states.count("ready"), "on_call": states.count("on_call"), "waiting": len(waits),
        "longest_wait_seconds": max(waits, default=0), "missed_callbacks": missed,
        "visitors": len(interactions.visits_now(session, now, MOST_CONTACTS)),
    }  # fmt: skip
    yield "floor", f"{len(waits)} waiting, {states.count('ready')} ready, {missed} calls back missed", values


def _queues(session: Session, pack: Pack, now: datetime) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Each queue of which something is promised: how the calls of the last half hour were taken."""
    plan = pack.telephony
    if plan.service_level is None:
        return
    within = {one.label: one.service_level.seconds for one in plan.queues if one.service_level is not None}
    taken = interactions.taken_since(session, now - HALF_AN_HOUR, now, within, plan.service_level.seconds)
    for one in plan.queues:
        level, mine = plan.level_of(one.label), taken.get(one.label)
        if level is not None and mine is not None and mine.share is not None:
            words = f"{one.label}: {mine.share:.0%} of {mine.calls} calls within {level.seconds} s, {level.share:.0%} are promised"
            yield (
                one.key,
                words,
                {"calls": mine.calls, "share": mine.share, "target": level.share, "seconds": level.seconds},
            )


def _budgets(session: Session, pack: Pack, now: datetime) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for line in budgets.lines(session, pack, now):
        total = sum(period.amount for period in line.periods)
        share = line.left / total if total else 0.0
        values = {"left": line.left, "left_share": share, "exhausted": line.exhausted}
        yield line.key, f"{line.label}: {share:.0%} left", values


def _rules(session: Session, now: datetime) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for one in treatments.failures(session, now):
        values = {
            "times": one.count, "minutes_since": _seconds(one.last_at, now) // 60, "step": one.step, "treatment": one.treatment,
        }  # fmt: skip
        yield f"{one.treatment}/{one.step}/{one.rule}"[:300], f"{one.name}: {one.why}", values


def _channels(session: Session) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    last = treatments.last_check(session)
    if last is not None:
        words = f"{last.differences} differences with {last.customers} customers"
        yield "channels", words, {"customers": last.customers, "differences": last.differences}


def _found(rule: AlertRule, subject: str, words: str, context: Context, customer_id: UUID = NOBODY) -> Found:
    seen = {name: _plain(value) for name, value in context.seen_by(rule.rule).items()}
    return Found(rule.key, subject, rule.about, rule.label, rule.urgency, words, seen, customer_id)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _in_words(one: Watched) -> str:
    state = {
        "waiting": "waiting",
        "talking": "talking",
        "on_hold": "on hold",
        "wrapping_up": "wrapping up",
        "visiting": "at the portal",
    }
    return f"{state[one.state]}{f' with {one.staff}' if one.staff else ''}"


def _seconds(since: datetime, now: datetime) -> int:
    return max(0, int((now - since).total_seconds()))


def watcher() -> Watch:
    """One that begins to look now."""
    return Watch()
