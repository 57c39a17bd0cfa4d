"""In which channel an agent is with a customer: that of their open contact, the telephone where there is none."""

from __future__ import annotations

from uuid import UUID

from backend import db
from backend.interactions import service as interactions
from backend.people.service import current_actor
from backend.profiles import service as profiles

PHONE = "phone"
OPENED = {"phone": "on the phone", "branch": "in a branch", "chat": "in chat", "email": "by e-mail"}
"""Where an agent may open a contact themselves, in words."""


def channel_with(customer_id: UUID, session: db.Session | None = None) -> str:
    """What is decided, said and noted now carries this channel."""
    if session is None:
        with db.reading() as reading:
            return channel_with(customer_id, reading)
    mine = UUID(current_actor().id)
    with_them = interactions.open_with_customer(session, profiles.resolve(session, customer_id))
    return next((one.channel for one in reversed(with_them) if one.staff_id == mine), PHONE)
