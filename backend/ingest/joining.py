"""What a device did before anybody signed in on it becomes part of who signs in: its events, counts and moment."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session

from backend.identities import service as identities
from backend.interactions import service as interactions
from backend.profiles import service as profiles
from shared.kernel.actors import SYSTEM


def join(session: Session, device: UUID, customer_id: UUID, now: datetime, *, keeps_device: bool = False) -> None:
    """Joins the nameless profile of a device to the customer, as a merge that can be taken back; its id leads to them from then on.

    `keeps_device`: the device is several people's. Then only what happened on it goes over, and it waits for the next.
    """
    if not keeps_device:
        identities.merge(session, device, customer_id, actor=SYSTEM, now=now)
        return
    # Both are held in the order of their ids, so that two who join at once wait for each other and never for ever.
    held = {one: profiles.held(session, one) for one in sorted((device, customer_id))}
    theirs, before = held[device], held[customer_id]
    interactions.move_events(session, device, customer_id, now)
    profiles.rewrite(session, before, replace(before, facts=with_what_happened(before.facts, theirs.facts)), now)
    kept = {"values": {key: value for key, value in theirs.facts.get("values", {}).items() if value is True}}
    profiles.rewrite(session, theirs, replace(theirs, facts=kept), now)


def with_what_happened(facts: dict[str, Any], on_device: dict[str, Any]) -> dict[str, Any]:
    """The customer's facts with what was counted on the device besides: counts add up, the later date stays. Pure."""
    days: dict[str, dict[str, float]] = {key: dict(bucket) for key, bucket in facts.get("days", {}).items()}
    for key, bucket in on_device.get("days", {}).items():
        mine = days.setdefault(key, {})
        for day, many in bucket.items():
            mine[day] = mine.get(day, 0) + many
    dates = dict(facts.get("dates", {}))
    for key, day in on_device.get("dates", {}).items():
        dates[key] = max(day, dates.get(key, ""))
    truths = sorted([*facts.get("truths", ()), *on_device.get("truths", ())])
    more = {"days": days, "dates": dates, "truths": truths}
    return facts | {name: part for name, part in more.items() if part}
