"""One customer's share of what came in, in one transaction: profile, traits, segments and life cycle are up to date at its end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlmodel import Session

from backend.identities import service as identities
from backend.ingest.applying import Applied, applied, labels_of
from backend.ingest.grouping import grouped
from backend.ingest.planning import Tidings
from backend.interactions import service as interactions
from backend.interactions.service import Event
from backend.matrix.service import Pack
from backend.profiles import service as profiles
from backend.profiles.service import Claim, Claims, Moment, Profile
from backend.record import service as record
from shared.kernel import ids
from shared.kernel.actors import SYSTEM, Actor

FIELDS = ("name", "email", "phone", "birth_date")
"""What one knows a person by: kept among the claims under these names with a sign before."""
SIGN = profiles.SIGN


@dataclass(frozen=True, slots=True)
class Source:
    """Which system tells, as the pack calls it, and whether what it tells was checked with the customer."""

    key: str
    label: str
    verified: bool = False


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a share: the messages that were new, those that were known already, and what was wrong but forgiven."""

    new: frozenset[str]
    warnings: dict[str, tuple[str, ...]]


def write(
    session: Session, customer_id: UUID, share: Sequence[Tidings], source: Source, pack: Pack, now: datetime
) -> Written:
    """Takes what is new of the share. Raises NotFound where the customer is gone."""
    before = profiles.held(session, customer_id)
    # Of a message that is told twice in one share, the first counts.
    told_once = {one.message.message_id: one for one in reversed(share)}
    new = interactions.receive(session, customer_id, told_once, now)
    if not new:
        return Written(frozenset(), {})
    fresh = [one for message_id, one in reversed(told_once.items()) if message_id in new]
    told = any(one.attributes or one.identity for one in fresh)
    claims = profiles.claims_of(session, customer_id) if told else {}
    found = applied(before, claims, fresh, source.key, source.verified, pack, now)
    after, claims, warnings = _identity(session, found, fresh, source, pack, now)
    after, joined, refused = grouped(session, after, fresh, source.key, source.label, now)
    warnings |= refused
    after, changes = interactions.renewed(before, after, pack, now)
    events = [*joined]
    events += [event for one in fresh if (event := _event(customer_id, one, source)) is not None]
    events += _changed(before, after, fresh, source, pack, now)
    events += [_moment_event(customer_id, moment, pack) for moment in found.moments]
    events += interactions.events_of(customer_id, changes, now)
    after = profiles.rewrite(session, before, after, now)
    if after.version > before.version:
        record.announce(session, ids.uuid7(), customer_id, "profile.updated", None, {"version": after.version}, now)
    record.followed(session, customer_id)
    if told:
        profiles.keep_claims(session, customer_id, claims)
    interactions.append(session, customer_id, events, now)
    return Written(frozenset(new), warnings)


def _identity(
    session: Session, found: Applied, fresh: Sequence[Tidings], source: Source, pack: Pack, now: datetime
) -> tuple[Profile, Claims, dict[str, tuple[str, ...]]]:
    """The profile with what people know the customer by, each by the newest word; who else is known by the same is suggested, never linked."""
    profile, claims = found.profile, found.claims
    warnings: dict[str, tuple[str, ...]] = {}
    told: list[tuple[str, Claim]] = []
    for one in fresh:
        for kind, value in one.identity.items():
            if kind in ("email", "phone"):
                spelled = profiles.normalise(kind, value)
                if spelled is None:
                    warnings[one.message.message_id] = (*warnings.get(one.message.message_id, ()), f"{kind}: is none")
                    continue
                owner = profiles.be_known_by(session, profile.customer_id, kind, spelled)
                if owner != profile.customer_id:
                    # Never linked by itself: whether they are the same, a person says.
                    identities.shared(session, profile.customer_id, kind, spelled, now)
                    warnings[one.message.message_id] = (
                        *warnings.get(one.message.message_id, ()),
                        f"{kind}: is another customer's",
                    )
                    continue
                value = spelled if kind == "phone" else value.strip()
            plain = value.isoformat() if isinstance(value, date) else value
            told.append((SIGN + kind, Claim(source.key, plain, one.message.at, source.verified)))
    if told:
        present = {SIGN + kind: _plain(getattr(profile, kind)) for kind in FIELDS}
        if present["@name"] in (profiles.NAMELESS, profiles.ANONYMOUS):
            present["@name"] = None
        values, claims = profiles.settle(present, claims, told, pack)
        born = values["@birth_date"]
        profile = replace(
            profile, name=values["@name"] or profile.name, email=values["@email"], phone=values["@phone"],
            birth_date=date.fromisoformat(born) if born else None, is_anonymous=False,
        )  # fmt: skip
    return profile, claims, warnings


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _event(customer_id: UUID, one: Tidings, source: Source) -> Event | None:
    """The message as an event of the timeline; what only tells who somebody is leaves none of its own."""
    message, planned = one.message, one.planned
    if message.call in ("identify", "alias", "group"):
        return None
    data: dict[str, Any] = {
        "call": message.call, "name": message.name, "properties": one.properties,
        "source": source.key, "source_label": source.label,
    }  # fmt: skip
    if planned is None:
        data["label"] = _UNPLANNED[message.call].format(message.name or "a page")
        return interactions.new_event(customer_id, "tracked", None, _actor(source), message.at, data)
    data |= {"label": planned.label, "key": planned.key} | ({"own": planned.own} if planned.own else {})
    kind = "outside" if planned.outside else "happened" if planned.own else "tracked"
    return interactions.new_event(customer_id, kind, planned.channel, _actor(source), message.at, data, planned.stage)


_UNPLANNED = {
    "track": "Did “{}”",
    "page": "Looked at “{}”",
    "screen": "Looked at “{}” in the app",
}


def _changed(
    before: Profile, after: Profile, fresh: Sequence[Tidings], source: Source, pack: Pack, now: datetime
) -> list[Event]:
    """One line for all that was told of attributes and person, where it changed any."""
    keys = [key for key, value in after.attributes.items() if before.attributes.get(key) != value]
    words = {"name": "Name", "email": "E-mail address", "phone": "Telephone number", "birth_date": "Date of birth"}
    labels = [words[kind] for kind in FIELDS if getattr(before, kind) != getattr(after, kind)] + labels_of(keys, pack)
    if not labels:
        return []
    at = max((one.message.at for one in fresh if one.attributes or one.identity), default=now)
    data = {
        "summary": f"{', '.join(labels)} · {source.label}",
        "source": source.key,
        "changed": {key: after.attributes[key] for key in keys},
    }
    return [interactions.new_event(before.customer_id, "profile.changed", None, _actor(source), at, data)]


def _moment_event(customer_id: UUID, moment: Moment, pack: Pack) -> Event:
    data = interactions.moment_data(moment, pack)
    return interactions.new_event(
        customer_id,
        "moment.set",
        moment.channel,
        replace(SYSTEM, name=moment.set_by),
        moment.set_at,
        data,
        moment.stage,
    )


@lru_cache(maxsize=256)
def _actor(source: Source) -> Actor:
    return replace(SYSTEM, name=source.label)
