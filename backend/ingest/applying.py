"""What came in, applied to what is known: the profile after it, in the order in which things happened. Pure.

Late tidings land in their place: a count in the bucket of its own day, the newest word of a value, the latest date.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from backend.ingest.planning import Tidings
from backend.matrix.service import Pack, PlannedEvent
from backend.profiles import service as profiles
from backend.profiles.service import Claim, Claims, Moment, Profile
from shared.kernel import clock

KEPT_DAYS = 800
"""The longest window that a pack may declare."""


@dataclass(frozen=True, slots=True)
class Applied:
    """The profile after the tidings, the claims on its attributes, and the moments that came to hold on the way, oldest first."""

    profile: Profile
    claims: Claims
    moments: tuple[Moment, ...]


def applied(
    before: Profile, claims: Claims, tidings: Sequence[Tidings], source: str, verified: bool, pack: Pack, now: datetime
) -> Applied:
    """What is known of the customer after these tidings from one source, whatever the order in which they came."""
    in_order = sorted(tidings, key=lambda one: one.message.at)
    facts = before.facts
    moment = before.moment
    moments: list[Moment] = []
    told: list[tuple[str, Claim]] = []
    for one in in_order:
        day = clock.local_day(one.message.at, before.timezone)
        facts = _facts(facts, one, day, now)
        after = _moment(moment, one, source, pack, now)
        if after is not None and after != moment:
            if moment is None or after.version != moment.version:
                moments.append(after)
            moment = after
        told += [(key, Claim(source, value, one.message.at, verified)) for key, value in one.attributes.items()]
    attributes = before.attributes
    if told:
        attributes, claims = profiles.settle(attributes, claims, told, pack)
    return Applied(replace(before, facts=facts, attributes=attributes, moment=moment), claims, tuple(moments))


def _facts(facts: dict[str, Any], one: Tidings, day: date, now: datetime) -> dict[str, Any]:
    planned = one.planned
    if planned is None:
        return facts
    added = dict.fromkeys(planned.count, 1.0)
    added |= {bucket: float(one.properties[name]) for bucket, name in planned.add.items() if name in one.properties}
    changed: dict[str, Any] = {}
    if added:
        changed["days"] = _counted(facts.get("days", {}), added, day, now)
    if planned.value:
        changed |= _valued(
            facts, {key: one.properties[n] for key, n in planned.value.items() if n in one.properties}, one.message.at
        )
    if planned.date:
        dates = facts.get("dates", {})
        changed["dates"] = {**dates, **{key: max(day.isoformat(), dates.get(key, "")) for key in planned.date}}
    if planned.bad_experience:
        known = facts.get("bad_experience")
        if known is None or known.get("on", "") <= day.isoformat():
            changed["bad_experience"] = {
                "kind": planned.bad_experience, "on": day.isoformat(), "what": planned.label,
            }  # fmt: skip
    elif planned.puts_right:
        known = facts.get("bad_experience")
        if known is not None and known.get("kind") == planned.puts_right and known.get("on", "") <= day.isoformat():
            changed["bad_experience"] = None
    facts = {**facts, **changed} if changed else facts
    if planned.truth and _is_truth(planned, one):
        facts = profiles.with_truths(facts, [(day, planned.truth)])
    return facts


def _is_truth(planned: PlannedEvent, one: Tidings) -> bool:
    most = planned.low_rating
    return most is None or one.properties.get("rating", most + 1) <= most


def _counted(
    days: Mapping[str, dict[str, float]], added: Mapping[str, float], day: date, now: datetime
) -> dict[str, Any]:
    oldest = (now.date() - timedelta(days=KEPT_DAYS)).isoformat()
    found: dict[str, Any] = dict(days)
    for bucket, more in added.items():
        kept = {iso: many for iso, many in found.get(bucket, {}).items() if iso >= oldest}
        if day.isoformat() >= oldest:
            kept[day.isoformat()] = kept.get(day.isoformat(), 0) + more
        found[bucket] = kept
    return found


def _valued(facts: Mapping[str, Any], told: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    """Values with the instant of which they were told: an older word that comes late changes nothing."""
    instants, values = dict(facts.get("told_at", {})), dict(facts.get("values", {}))
    for key, value in told.items():
        if at.isoformat() >= instants.get(key, ""):
            instants[key], values[key] = at.isoformat(), value
    return {"values": values, "told_at": instants}


def _moment(before: Moment | None, one: Tidings, source: str, pack: Pack, now: datetime) -> Moment | None:
    """The moment that holds after an event that lets one suppose why the customer is here; what has faded tells nothing."""
    planned = one.planned
    if planned is None or planned.intent is None:
        return before
    intent = pack.intents[planned.intent]
    if one.message.at + timedelta(hours=intent.fade_hours) <= now:
        return before
    channel = planned.channel or pack.channels[0].key
    return profiles.told_moment(
        before, intent.stage, planned.intent, "inferred", channel, source, one.message.at, pack, planned.label, planned.strength
    )  # fmt: skip


def labels_of(keys: Iterable[str], pack: Pack) -> list[str]:
    """What people call these attributes."""
    return [pack.attributes[key].label for key in keys if key in pack.attributes]
