"""Someone who acts for Ada: put on record, and spoken with by Kim."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from backend import db
from backend.interactions import service as interactions
from backend.profiles.service import Representative
from tests.small_company import ADA, KIM, NOW


def record(customer_id: UUID = ADA, now: datetime = NOW, **more: Any) -> Representative:
    known: dict[str, Any] = {
        "name": " Rosa  Marín ", "relation": "carer", "authority": "Power of attorney of 3 May, seen", "may_act": True,
    }  # fmt: skip
    with db.transaction() as session:
        return interactions.record_representative(session, customer_id, **known | more, actor=KIM, now=now)


def speak(person: Representative | None, now: datetime = NOW) -> UUID:
    """Kim opens a contact with Ada and says with whom it is; gives the contact."""
    with db.transaction() as session:
        contact = interactions.begin(session, ADA, "phone", KIM, now)
        interactions.speak_with(
            session, ADA, contact.interaction_id, person and person.representative_id, KIM, now
        )  # fmt: skip
    return contact.interaction_id
