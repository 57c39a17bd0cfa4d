"""A batch of rows about what customers have, allow and did: holdings, consents, events. Of customers who are known alone."""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import orjson
from sqlmodel import Session

from backend.interactions import service as interactions
from backend.interactions.service import KINDS, Event, Past
from backend.loading.entering import UNDATED, Run, Taken, nobody, yes_or_no
from backend.loading.telling import Bad, Told
from backend.profiles import service as profiles
from backend.profiles.service import Details, Holding
from backend.record import service as record
from shared.kernel import clock, ids
from shared.kernel.actors import SYSTEM


def known_of(session: Session, batch: Sequence[Told], run: Run, taken: Taken) -> list[tuple[Told, Details]]:
    """The rows whose customer is known, or in a dry run would be by then; the others are refused."""
    owned = profiles.owners(session, "number", {told.key for told in batch})
    known = profiles.details(session, set(owned.values()))
    found = []
    for told in batch:
        if told.key in owned:
            found.append((told, known[owned[told.key]]))
        elif run.entering.has(told.key):
            found.append((told, _imagined(told, run)))
        else:
            taken.refused.append((told, nobody(told, run)))
    return found


def _imagined(told: Told, run: Run) -> Details:
    """Whom a dry run would have entered, with nothing known of them."""
    made = ids.uuid7(run.now, random.Random(told.key))
    return Details(made, told.number, "", None, None, None, run.pack.timezone, run.pack.language, {}, {}, run.now)


def holdings(session: Session, batch: Sequence[Told], run: Run) -> Taken:
    """One holding a row, by its id; `ended` takes it away."""
    taken = Taken()
    kinds = {kind.key: kind for kind in run.pack.holdings}
    after: dict[UUID, dict[str, Holding]] = {}
    for told, known in known_of(session, batch, run, taken):
        kind = kinds[told.fields.get("kind") or run.mapping.kind]
        strange = set(told.attributes) - {one.key for one in kind.attribute}
        if strange:
            column = next(c for c in run.mapping.column if c.attribute in strange)
            taken.refused.append((told, Bad(column.headers[0], kind.key, f"is not known of a {kind.label.lower()}")))
            continue
        owned = after.setdefault(known.customer_id, {one.holding_id: one for one in known.holdings})
        before = owned.get(told.fields["id"]) if "id" in told.fields else None
        if "id" not in told.fields:
            column = next(c for c in run.mapping.column if c.to == "id")
            taken.refused.append((told, Bad(column.headers[0], "", "is empty")))
            continue
        if told.fields.get("ended"):
            taken.updated += before is not None
            taken.unchanged += before is None
            owned.pop(told.fields["id"], None)
            continue
        label = told.fields.get("label") or (before.label if before else kind.label)
        now = Holding(told.fields["id"], kind.key, label, {**(before.attributes if before else {}), **told.attributes})
        taken.entered += before is None
        taken.updated += before is not None and before != now
        taken.unchanged += before == now
        owned[now.holding_id] = now
    if not run.dry:
        was = profiles.details(session, set(after))
        for customer_id, owned in after.items():
            if tuple(owned.values()) != was[customer_id].holdings:
                profiles.learn(session, customer_id, now=run.now, holdings=tuple(owned.values()))
                _note(session, customer_id, "what they hold", run)
    return taken


def consents(session: Session, batch: Sequence[Told], run: Run) -> Taken:
    """One consent a row. The latest word counts; of one instant, the refusal."""
    taken = Taken()
    said: dict[UUID, dict[tuple[str, str], tuple[str, str, Any]]] = {}
    for told, known in known_of(session, batch, run, taken):
        own = said.setdefault(known.customer_id, dict(known.consents))
        key = (told.fields.get("purpose") or run.mapping.purpose, told.fields.get("channel") or run.mapping.channel)
        if not all(key) or "granted" not in told.fields:
            missing = "granted" if all(key) else "purpose" if not key[0] else "channel"
            column = next(c for c in run.mapping.column if c.to == missing)
            taken.refused.append((told, Bad(column.headers[0], "", "is empty")))
            continue
        state = "granted" if told.fields["granted"] else "denied"
        at = told.fields.get("at", run.now)
        source = run.mapping.source if "at" in told.fields else run.undated
        before = own.get(key)
        stands = None if before is None else yes_or_no(before[0])
        if before is not None and (stands == state or not _outweighs(state, source, at, before)):
            taken.unchanged += 1
            if stands != state:
                taken.notices.append(
                    (told.line, f"consent to {'/'.join(key)} stays {before[0]}, as it was said later or elsewhere")
                )
            continue
        taken.entered += before is None
        taken.updated += before is not None
        own[key] = (state, source, at)
        if not run.dry:
            wording = told.fields.get("wording") or run.mapping.wording or run.mapping.source
            profiles.set_consent(session, known.customer_id, *key, state, source, wording, at)
            _note(session, known.customer_id, f"consent to {'/'.join(key)}", run)
    return taken


def _outweighs(state: str, source: str, at: datetime, before: tuple[str, str, datetime]) -> bool:
    """Whether what a row says counts for more than what is known: the later word; of one instant, or undated, the refusal."""
    if source.endswith(UNDATED):
        return state == "denied" or before[1] == source
    if before[1].endswith(UNDATED):
        return True
    return at > before[2] or (at == before[2] and state == "denied")


def events(session: Session, batch: Sequence[Told], run: Run) -> Taken:
    """One event a row, at the instant when it happened. Its id follows from the row, so that twice is the same as once."""
    taken = Taken()
    made: dict[UUID, tuple[Event, Details]] = {}
    for told, known in known_of(session, batch, run, taken):
        event = _event(told, known, run)
        if (fault := _unreadable(event, told, run)) is not None:
            taken.refused.append((told, fault))
        elif event.event_id in made:
            taken.unchanged += 1
        else:
            made[event.event_id] = event, known
    there = interactions.entered_already(
        session, [(event.customer_id, event_id) for event_id, (event, _) in made.items()]
    )
    fresh = [pair for event_id, pair in made.items() if event_id not in there]
    taken.entered += len(fresh)
    taken.unchanged += len(there)
    if run.dry:
        return taken
    theirs: dict[UUID, list[Event]] = {}
    zones: dict[UUID, str] = {}
    for event, known in fresh:
        theirs.setdefault(known.customer_id, []).append(event)
        zones[known.customer_id] = known.timezone
    interactions.enter_past(session, [Past(who, (), tuple(done)) for who, done in theirs.items()])
    for who, done in theirs.items():
        _feed(session, who, [clock.local_day(event.at, zones[who]) for event in done], run)
        record.changed(session, "timeline", customer_id=who, now=run.now)
    return taken


def _event(told: Told, known: Details, run: Run) -> Event:
    named = told.fields.get("id") or hashlib.sha256(orjson.dumps(told.cells)).hexdigest()
    at = told.fields["at"]
    actor = told.fields.get("actor")
    return Event(
        event_id=ids.uuid7(at, random.Random(f"{run.mapping.source}/{told.key}/{named}")),
        customer_id=known.customer_id,
        at=at,
        kind=told.fields.get("kind") or run.mapping.kind,
        channel=told.fields.get("channel") or run.mapping.channel or None,
        stage=None,
        interaction_id=None,
        actor_kind="staff" if actor else "system",
        actor_name=actor or run.label,
        data={**told.data, "source": run.mapping.source},
    )


def _unreadable(event: Event, told: Told, run: Run) -> Bad | None:
    """An event that no timeline could show."""
    column = next((c.headers[0] for c in run.mapping.column if c.to == "kind"), "kind")
    if event.kind not in KINDS:
        return Bad(column, event.kind, f"is no kind of event; there are {', '.join(sorted(KINDS))}")
    try:
        interactions.in_words(event, "agent")
        interactions.in_words(event, "customer")
    except (ValueError, KeyError, TypeError, AttributeError) as e:
        return Bad(column, event.kind, f"needs other data than the row brings ({e})")
    return None


def _feed(session: Session, customer_id: UUID, days: Sequence[date], run: Run) -> None:
    feeds = run.mapping.feeds
    if feeds.count or feeds.date:
        counted = Counter(days)
        counts = dict.fromkeys(feeds.count, counted)
        profiles.count_past(session, customer_id, counts, {key: max(days) for key in feeds.date}, run.now)


def _note(session: Session, customer_id: UUID, what: str, run: Run) -> None:
    data = {"summary": f"{what} (from {run.label})", "source": run.mapping.source, "file": run.file}
    interactions.record(session, customer_id, "profile.changed", None, SYSTEM, data, run.now)
