"""JSON routes of consents: what a customer allows, the ledger of what they said, and what they say now."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field

from backend import db, problems
from backend.overview import allowing
from backend.overview.api import CustomerPath, bp
from backend.people.service import Permission, current_actor, requires
from backend.profiles import service as profiles
from backend.profiles.service import Consent, ConsentEntry
from shared.kernel import clock

MOST = 100


class ConsentNow(BaseModel):
    purpose: str
    channel: str
    state: Literal["granted", "denied", "withdrawn"]
    source: str
    wording: str
    wording_version: int
    at: datetime


class Teller(BaseModel):
    kind: str
    name: str


class ConsentSaidBefore(ConsentNow):
    id: UUID
    by: Teller


class ConsentsAnswer(BaseModel):
    """`items` stand now; `history` is all that was said, newest first, a hundred at most."""

    items: list[ConsentNow]
    history: list[ConsentSaidBefore]


class ConsentBody(problems.Body):
    """What the customer says of one purpose in one channel. A refusal of what stood as granted is kept as withdrawn.

    `source` says where it comes from, `wording` what the customer was asked where it was not the pack's own text, and
    `said_in` the channel in which they said it.
    """

    purpose: str = Field(min_length=1, max_length=60)
    channel: str = Field(min_length=1, max_length=60)
    state: Literal["granted", "denied", "withdrawn"]
    source: str = Field(min_length=1, max_length=80)
    wording: str | None = Field(default=None, min_length=1, max_length=1_000)
    said_in: str | None = Field(default=None, min_length=1, max_length=20)


@bp.get("/customers/<uuid:customer_id>/consents", responses={200: ConsentsAnswer}, summary="What the customer allows")
@requires(Permission.SEE_CUSTOMER)
def consents(path: CustomerPath) -> problems.Answer:
    """What stands, and the ledger of what was said with the words that the customer was shown."""
    return _consents(path.customer_id)


@bp.put(
    "/customers/<uuid:customer_id>/consents", responses={200: ConsentsAnswer}, summary="Say what the customer allows"
)
@requires(Permission.RECORD_CONSENT)
def say_consent(path: CustomerPath, body: ConsentBody) -> problems.Answer:
    """The next decision obeys, in every channel, and so does what waits to be sent. The same again writes nothing."""
    with db.transaction() as session:
        customer_id, _ = allowing.change_consent(
            session, path.customer_id, body.purpose, body.channel, body.state, body.source, body.wording, body.said_in,
            current_actor(), clock.now(),
        )  # fmt: skip
    return _consents(customer_id)


def _consents(customer_id: UUID) -> problems.Answer:
    with db.reading() as session:
        profile = profiles.profile(session, customer_id)
        history = profiles.consent_history(session, profile.customer_id, MOST)
    return {"items": [_plain(one) for one in profile.consents], "history": [_entry(one) for one in history]}


def _plain(one: Consent | ConsentEntry) -> dict[str, object]:
    names = ("purpose", "channel", "state", "source", "wording", "wording_version", "at")
    return {name: getattr(one, name) for name in names}


def _entry(one: ConsentEntry) -> dict[str, object]:
    return {**_plain(one), "id": one.entry_id, "by": {"kind": one.by_kind, "name": one.by_name}}
