"""The door of ingest: events come in, each lands on its customer's profile, and what cannot be taken is said one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog

from backend import db
from backend.catalogue import service as catalogues
from backend.ingest import recognising
from backend.ingest.messages import Refused, instant, read
from backend.ingest.planning import Tidings, held_against
from backend.ingest.recognising import Share
from backend.ingest.writing import Source, Written, write
from backend.matrix.service import Pack
from shared.kernel.errors import Conflict, NotFound

__all__ = ["MOST", "Outcome", "Seen", "Source", "came_in", "source_of", "take"]

MOST = 2_000
"""Events of one batch; the specification bounds its bytes, we its number too."""
TRIES = 4
PORTAL = "portal"
"""The source of what happened at our own pages."""
_log = structlog.stdlib.get_logger("evenhand.ingest")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one message: taken (`known`: it had been before), or refused with the reason."""

    message_id: str | None
    taken: bool
    known: bool = False
    code: str = ""
    message: str = ""
    errors: dict[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Seen:
    """An article that was read, and when."""

    title: str
    at: datetime


def source_of(key: str, pack: Pack) -> Source:
    """The source that the pack calls so; one that it does not know is trusted least."""
    known = next((one for one in pack.tracking.source if one.key == key), None)
    return Source(key or "unknown", known.label if known else key or "Unknown source", bool(known and known.verified))


def take(
    given: Sequence[Any], source_key: str, now: datetime, *, call: str | None = None, sent_at: Any = None
) -> list[Outcome]:
    """Takes messages of the Segment specification, each on its own: one that cannot be taken holds up none of the others.

    When this returns, all that was taken stands on the profiles. `call` is the address they came to, None for a batch, whose
    messages say their own. Opens its own transactions, one a customer.
    """
    outcomes: list[Outcome | None] = [None] * len(given)
    tidings: dict[int, Tidings] = {}
    with db.reading() as session:
        pack = catalogues.pack_in_force(session)
        source = source_of(source_key, pack)
        for place, one in enumerate(given):
            try:
                tidings[place] = held_against(read(one, call, instant(sent_at), now), pack)
            except Refused as why:
                outcomes[place] = _refused(one, why)
        shares = recognising.shares(session, tidings)
    for share in shares:
        for place, outcome in _written(share, source, pack, now).items():
            outcomes[place] = outcome
    refused = [one for one in outcomes if one is not None and not one.taken]
    if refused:
        _log.warning(
            "events refused", source=source.key, many=len(refused), codes=sorted({one.code for one in refused})
        )
    return [one for one in outcomes if one is not None]


def came_in(device: str, customer_id: UUID, seen: Sequence[Seen], now: datetime) -> None:
    """The customer has signed in on this device, after they had read these. Opens its own transactions.

    Several people's device stays nobody's: each gets what was read before they signed in, and nothing of the others'.
    """
    if not seen:
        return
    _signed_in(device, customer_id, now)
    told = [
        {
            "type": "track", "anonymousId": device, "event": "Help Article Viewed", "messageId": f"{device}:{one.at.isoformat()}",
            "timestamp": one.at.isoformat(), "properties": {"title": one.title},
        }
        for one in seen
    ]  # fmt: skip
    take(told, PORTAL, now)
    _signed_in(device, customer_id, now)


def _signed_in(device: str, customer_id: UUID, now: datetime) -> None:
    with db.transaction() as session:
        recognising.sign_in(session, customer_id, device, catalogues.pack_in_force(session), now)


def _written(share: Share, source: Source, pack: Pack, now: datetime) -> dict[int, Outcome]:
    """One customer's share, in one transaction; tried again where somebody else entered the same one at that moment."""
    for left in reversed(range(TRIES)):
        try:
            with db.transaction() as session:
                customer_id, refusals = recognising.settle(session, share, pack, now)
                kept = {place: one for place, one in share.tidings.items() if place not in refusals}
                done = write(session, customer_id, list(kept.values()), source, pack, now)
            break
        except (Conflict, NotFound):
            if not left:
                raise
            share.customer_id = None  # gone, or somebody else's by now: looked up anew
    return {place: _refused_alias(one, refusals[place]) if place in refusals else _taken(one, done)
            for place, one in share.tidings.items()}  # fmt: skip


def _taken(one: Tidings, done: Written) -> Outcome:
    message_id = one.message.message_id
    warnings = one.warnings + done.warnings.get(message_id, ())
    return Outcome(message_id, True, known=message_id not in done.new, warnings=warnings)


def _refused_alias(one: Tidings, why: Refused) -> Outcome:
    return Outcome(one.message.message_id, False, code=why.code, message=str(why), errors=why.errors)


def _refused(given: Any, why: Refused) -> Outcome:
    named = given.get("messageId") if isinstance(given, Mapping) else None
    return Outcome(
        named if isinstance(named, str) and len(named) <= 255 else None,
        False,
        code=why.code,
        message=str(why),
        errors=why.errors,
    )
