"""What a device did before anybody signed in on it becomes part of who signs in: its events, counts and moment."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session

from backend.interactions import service as interactions
from backend.profiles import service as profiles
from backend.profiles.service import Profile


def join(session: Session, device: UUID, customer_id: UUID, now: datetime, *, keeps_device: bool = False) -> None:
    """Joins the nameless profile of a device to the customer; its id leads to them from then on.

    `keeps_device`: the device is several people's. Then only what happened on it goes over, and it waits for the next.
    """
    # Both are held in the order of their ids, so that two who join at once wait for each other and never for ever.
    held = {one: profiles.held(session, one) for one in sorted((device, customer_id))}
    theirs, before = held[device], held[customer_id]
    interactions.move_events(session, device, customer_id, now)
    after = replace(before, facts=facts_of_both(before.facts, theirs.facts), moment=_moment(before, theirs, now))
    profiles.rewrite(session, before, after, now)
    if keeps_device:
        kept = {"values": {key: value for key, value in theirs.facts.get("values", {}).items() if value is True}}
        profiles.rewrite(session, theirs, replace(theirs, facts=kept), now)
    else:
        profiles.become(session, device, customer_id)


def facts_of_both(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Counts add up, the later date stays, moments of truth stand side by side; of a value, the first one's own. Pure."""
    days: dict[str, dict[str, float]] = {key: dict(bucket) for key, bucket in one.get("days", {}).items()}
    for key, bucket in other.get("days", {}).items():
        mine = days.setdefault(key, {})
        for day, many in bucket.items():
            mine[day] = mine.get(day, 0) + many
    dates = {**one.get("dates", {})}
    for key, day in other.get("dates", {}).items():
        dates[key] = max(day, dates.get(key, ""))
    facts = {**one}
    if days:
        facts["days"] = days
    if dates:
        facts["dates"] = dates
    if truths := sorted([*one.get("truths", ()), *other.get("truths", ())]):
        facts["truths"] = truths
    return facts


def _moment(before: Profile, theirs: Profile, now: datetime) -> Any:
    """The customer's own moment, or the device's, where the customer has none that lives."""
    mine, other = before.moment, theirs.moment
    if other is None or not other.live(now) or (mine is not None and mine.live(now)):
        return mine
    return replace(other, version=mine.version + 1 if mine else 1)
