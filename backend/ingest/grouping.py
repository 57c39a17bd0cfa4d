"""The specification's `group`: the customer belongs to a household or an account, by the sender's own key for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlmodel import Session

from backend.ingest.planning import Tidings
from backend.interactions import service as interactions
from backend.interactions.service import Event
from backend.profiles import service as profiles
from backend.profiles.service import GroupKind, Profile
from shared.kernel.errors import Invalid

KIND = ("kind", "type")
"""Traits by which a sender says what it is: a household, or a billing or business account."""
Warnings = dict[str, tuple[str, ...]]


def grouped(
    session: Session, profile: Profile, fresh: Sequence[Tidings], source: str, label: str, now: datetime
) -> tuple[Profile, list[Event], Warnings]:
    """The profile with what is kept of its household and accounts, the events, and what could not be taken. The caller holds the customer."""
    told = sorted((one for one in fresh if one.message.call == "group"), key=lambda one: one.message.at)
    events: list[Event] = []
    warnings: Warnings = {}
    for one in told:
        traits = dict(one.properties)
        kind, name = _kind(traits), str(traits.pop("name", "") or "")[:200]
        try:
            events += interactions.joined_by_message(
                session, profile, one.message.name, kind=kind, name=name, traits=traits, source=source, label=label,
                at=one.message.at, now=now,
            )  # fmt: skip
        except Invalid as refused:
            warnings[one.message.message_id] = (f"groupId: {refused}",)
    if told:
        facts = profiles.with_belonging(session, profile.customer_id, profile.facts)
        profile = replace(profile, facts=facts)
    return profile, events, warnings


def _kind(traits: dict[str, Any]) -> GroupKind | None:
    """What the traits say it is; they are left out of those that are kept. None where they say nothing that we know."""
    for name in KIND:
        said = str(traits.get(name, "")).strip().casefold()
        for kind in profiles.GROUP_KINDS:
            if said == kind:
                del traits[name]
                return kind
    return None
