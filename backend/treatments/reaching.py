"""Whether a customer may be reached at all, by which ways, and from when on: asked at the moment of sending, each time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlmodel import Session

from backend import db
from backend.catalogue import service as catalogues
from backend.engine.service import consented
from backend.matrix.service import Pack
from backend.profiles import service as profiles
from backend.profiles.service import Profile
from backend.record.service import Reach
from backend.treatments.quiet import deliverable_from
from backend.treatments.tables import OfferRow
from shared.kernel.errors import NotFound

_OFFER = db.table_of(OfferRow)
WRITTEN = ("email", "sms")
"""The channels in which a messenger reaches a customer on the house's own initiative."""


def reachable_from(session: Session, customer_id: UUID, data: Mapping[str, Any], now: datetime) -> Reach | None:
    """From when on the message may reach the customer where they live, and by which channels, as they consent now.

    `data` is the event's: its offer says for which purpose. None where the customer allows no way for it, or is gone.
    """
    try:
        profile = profiles.profile(session, customer_id)
    except NotFound:
        return None
    pack = catalogues.pack_in_force(session)
    channels = channels_for(profile, pack, _purpose_of(session, profile.customer_id, data))
    if not channels:
        return None
    return Reach(deliverable_from(pack.quiet_hours, profile.timezone, now), {"channels": channels})


def channels_for(profile: Profile, pack: Pack, purpose: str) -> list[str]:
    """The written channels of the pack in which the customer may be reached for this purpose."""
    states = {f"{c.purpose}/{c.channel}": c.state for c in profile.consents}
    known = [channel.key for channel in pack.channels if channel.key in WRITTEN]
    return [channel for channel in known if consented(states, pack, purpose, channel)]


def _purpose_of(session: Session, customer_id: UUID, data: Mapping[str, Any]) -> str:
    """The purpose of the treatment, as the catalogue had it from which the offer was made; none where there is no such offer."""
    try:
        asked = (_OFFER.c.customer_id == customer_id, _OFFER.c.offer_id == UUID(str(data.get("offer_id"))))
    except ValueError:
        return ""
    row = session.execute(select(_OFFER.c.treatment, _OFFER.c.catalogue_version).where(*asked)).one_or_none()
    if row is None:
        return ""
    found = catalogues.in_force(session, {row.catalogue_version}).catalogue_of(row.catalogue_version)
    treatment = found.treatments.get(row.treatment)
    return treatment.purpose if treatment is not None else ""
