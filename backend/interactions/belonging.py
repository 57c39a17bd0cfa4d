"""A customer joins a household or an account, or leaves it: the act, its event, and word to those who live with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session

from backend.interactions.timeline import new_event, record
from backend.interactions.types import Event
from backend.profiles import service as profiles
from backend.profiles.service import Group, GroupKind, Joined, Profile
from shared.kernel.actors import SYSTEM, Actor

STIRRING = frozenset({"complaint.opened", "complaint.resolved", "profile.merged", "profile.unmerged"})
"""Events by which the household of the customer is other than it was."""
JOINED, LEFT = "group.joined", "group.left"


def join_group(
    session: Session, customer_id: UUID, key: str, *, kind: GroupKind | None, name: str, traits: Mapping[str, Any],
    source: str, label: str, since: datetime, actor: Actor, now: datetime,
) -> Joined:  # fmt: skip
    """The customer belongs to it from `since` on; a household that they leave by it is told too. Raises NotFound and Invalid.

    `label` is what people call the source.
    """
    customer_id = profiles.resolve(session, customer_id)
    profiles.held(session, customer_id)
    done = profiles.join(
        session, customer_id, key, kind=kind, name=name, traits=traits, source=source, since=since, now=now
    )
    for kind_of, group in _told(done):
        record(session, customer_id, kind_of, None, actor, _data(group, source, label), now)
    _follow(session, customer_id, done, now)
    profiles.renew_belonging(session, customer_id, now)
    return done


def leave_group(session: Session, customer_id: UUID, group_id: UUID, *, actor: Actor, now: datetime) -> Group:
    """Raises NotFound, and Conflict where they had left already."""
    customer_id = profiles.resolve(session, customer_id)
    profiles.held(session, customer_id)
    group = profiles.leave(session, customer_id, group_id, now)
    record(session, customer_id, LEFT, None, actor, _data(group, "", ""), now)
    profiles.stir(session, customer_id, [group], now)
    profiles.renew_belonging(session, customer_id, now)
    return group


def joined_by_message(
    session: Session, profile: Profile, key: str, *, kind: GroupKind | None, name: str, traits: Mapping[str, Any], source: str,
    label: str, at: datetime, now: datetime,
) -> list[Event]:  # fmt: skip
    """The same for one whom the caller holds, and whose facts and events the caller writes. Raises Invalid."""
    whose = profile.customer_id
    done = profiles.join(session, whose, key, kind=kind, name=name, traits=traits, source=source, since=at, now=now)
    _follow(session, whose, done, now)
    teller = replace(SYSTEM, name=label)
    return [new_event(whose, kind_of, None, teller, at, _data(group, source, label)) for kind_of, group in _told(done)]


def _told(done: Joined) -> list[tuple[str, Group]]:
    left = [(LEFT, done.left)] if done.left is not None else []
    return [*left, (JOINED, done.group)] if done.new else []


def _follow(session: Session, customer_id: UUID, done: Joined, now: datetime) -> None:
    if done.new:
        profiles.stir(session, customer_id, [done.group, *([done.left] if done.left else [])], now)


def _data(group: Group, source: str, label: str) -> dict[str, Any]:
    """Of a household no name: it may be that of the others who live there."""
    named = {} if group.kind == "household" else {"name": group.name or group.key}
    return {"group_id": str(group.group_id), "group_kind": group.kind, "source": source, "source_label": label, **named}
