"""A customer's past, looked through for words, and one event of it whole."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from backend import db
from backend.catalogue import service as catalogues
from backend.interactions import service as interactions
from backend.interactions.service import Event
from backend.matrix.service import Pack
from backend.overview import lines
from backend.overview.types import EventPage, Fact, TimelineLine, TimelinePage
from backend.profiles import service as profiles
from shared.kernel import clock, money
from shared.kernel.actors import Actor
from shared.kernel.errors import Forbidden, Invalid
from shared.kernel.money import Money

SHOWN = 25
A_PAGE = 100
MOST_LOOKED_AT = 3_000
"""So many events are looked at for one answer; the next one goes on from there."""
LONGEST_WORDS = 100
_NEVER = frozenset({"seen", "version", "disclosed"})
"""Told in words of their own, or of no use to people."""


def timeline_found(
    customer_id: UUID,
    words: str,
    actor: Actor,
    now: datetime,
    kinds: Collection[str] | None = None,
    cursor: str | None = None,
    channel: str | None = None,
    stage: str | None = None,
) -> TimelinePage:
    """The events in whose line every one of the words stands, as this agent reads it: case and accents do not matter.

    What is masked for them is found by nobody. Raises NotFound, and Invalid for words that are too long and a cursor that is none.
    """
    if actor.kind == "customer":
        raise Forbidden("This page is for our staff.")
    if len(words) > LONGEST_WORDS:
        raise Invalid("Search for fewer words.", {"words": f"at most {LONGEST_WORDS} characters"})
    wanted = profiles.fold(words).split()
    with db.reading() as session:
        profile = profiles.profile(session, customer_id)
        mask = interactions.mask_for(session, profile, catalogues.pack_in_force(session), actor)
        found: list[TimelineLine] = []
        looked_at = 0
        while len(found) < SHOWN and looked_at < MOST_LOOKED_AT:
            some = interactions.timeline(
                session, profile.customer_id, kinds=kinds, channel=channel, stage=stage, limit=A_PAGE, cursor=cursor
            )
            for event in some.items:
                line = lines.timeline_line(event, "agent", profile.language, mask)
                looked_at, cursor = looked_at + 1, str(event.event_id)
                day = clock.local_day(line.at, profile.timezone)
                said = profiles.fold(f"{line.title} {line.detail} {day.day} {day:%B} {day.year}")
                if all(word in said for word in wanted):
                    found.append(line)
                if len(found) == SHOWN:
                    break
            else:
                if some.next_cursor is None:
                    return TimelinePage(tuple(found), None, profile.timezone)
    return TimelinePage(tuple(found), cursor, profile.timezone)


def event_page(customer_id: UUID, event_id: UUID, actor: Actor, now: datetime) -> EventPage:
    """One event whole, as this member of staff may read it. Raises NotFound, also for another customer's event."""
    if actor.kind == "customer":
        raise Forbidden("This page is for our staff.")
    with db.reading() as session:
        profile = profiles.profile(session, customer_id)
        event = interactions.event_of(session, profile.customer_id, event_id)
        pack = catalogues.pack_in_force(session)
        mask = interactions.mask_for(session, profile, pack, actor)
    told = mask.plain(event.data)
    return EventPage(
        customer_id=profile.customer_id,
        line=lines.timeline_line(event, "agent", profile.language, mask),
        channel=pack.label_of(pack.channels, event.channel) if event.channel else "",
        stage=pack.label_of(pack.stages, event.stage) if event.stage else "",
        by=_by(event),
        facts=tuple(_facts(told, pack, profile.language)),
        case_id=_id(told.get("case_id")),
        timezone=profile.timezone,
    )


def _by(event: Event) -> str:
    return {"customer": "the customer", "system": "Evenhand itself"}.get(event.actor_kind, event.actor_name)


def _facts(told: Mapping[str, Any], pack: Pack, language: str) -> Iterator[Fact]:
    """What a person can read of it: ids and what has words of its own are left out."""
    for key, value in told.items():
        if key in _NEVER or key.endswith("_id") or f"{key}_label" in told or key == "currency" or value in (None, ""):
            continue
        label = key.removesuffix("_minor").removesuffix("_label").replace("_", " ").capitalize()
        if key.endswith("_minor") and type(value) is int:
            yield Fact(label, _amount(value, str(told.get("currency") or pack.currency), language))
        elif isinstance(value, bool):
            yield Fact(label, "yes" if value else "no")
        elif isinstance(value, (int, float)):
            yield Fact(label, f"{value:g}" if isinstance(value, float) else str(value))
        elif isinstance(value, str):
            yield Fact(label, value, _instant(value))
        elif isinstance(value, list) and all(isinstance(one, (str, int)) for one in value):
            yield Fact(label, ", ".join(str(one) for one in value))


def _amount(minor: int, currency: str, language: str) -> str:
    try:
        return money.text(Money(minor, currency), language)
    except ValueError:
        return f"{minor} {currency}"  # what comes in from outside may name none that there is


def _instant(text: str) -> datetime | None:
    if len(text) < 19 or "T" not in text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo else None


def _id(value: object) -> UUID | None:
    try:
        return UUID(str(value)) if value else None
    except ValueError:
        return None
