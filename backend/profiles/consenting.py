"""What customers allow: the present state that decisions read, and beside it the ledger of all that was ever said.

A state is granted, denied, or withdrawn (allowed before, and no longer). Whatever a customer was asked is kept word for
word, each text under its own version.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, func, insert, select
from sqlmodel import Session

from backend import db
from backend.profiles.queries import CONSENT, CONSENT_STATE
from backend.profiles.tables import ConsentEntryRow, ConsentWordingRow
from backend.profiles.types import REFUSED, Consent, ConsentEntry, ConsentState
from shared.kernel import ids
from shared.kernel.actors import SYSTEM, Actor
from shared.kernel.errors import Conflict, Invalid

LONGEST_SOURCE = 80
LONGEST_WORDING = 1_000
ATTEMPTS = 5
ENTRY, WORDING = db.table_of(ConsentEntryRow), db.table_of(ConsentWordingRow)
_ID: Any = bindparam("customer_id")
_ENTRIES = (
    select(ENTRY, WORDING.c.text)
    .outerjoin(WORDING, (WORDING.c.purpose == ENTRY.c.purpose) & (WORDING.c.version == ENTRY.c.wording_version))
    .where(ENTRY.c.customer_id == _ID)
    .order_by(ENTRY.c.at.desc(), ENTRY.c.entry_id.desc())
    .limit(bindparam("most"))
)
_VERSION = select(WORDING.c.version).where(
    WORDING.c.purpose == bindparam("purpose"), WORDING.c.digest == bindparam("digest")
)
_STANDS = select(CONSENT).where(
    CONSENT.c.customer_id == _ID, CONSENT.c.purpose == bindparam("purpose"), CONSENT.c.channel == bindparam("channel")
)


def consent(session: Session, customer_id: UUID, purpose: str, channel: str) -> ConsentState | None:
    """What the customer says of this purpose in this channel; None when they were never asked."""
    asked = {"customer_id": customer_id, "purpose": purpose, "channel": channel}
    state: ConsentState | None = session.execute(CONSENT_STATE, asked).scalar()
    return state


def enter_consent(
    session: Session, customer_id: UUID, purpose: str, channel: str, state: str, source: str, wording: str, now: datetime,
    actor: Actor = SYSTEM,
) -> Consent | None:  # fmt: skip
    """Writes what the customer says, to the ledger and as what stands; None where just that stood already.

    A refusal of what stood as granted is a withdrawal. The caller holds the customer's row. Raises Invalid.
    """
    if state not in ("granted", *REFUSED):
        raise Invalid("That is no state of a consent.", {"state": "granted, denied or withdrawn"})
    source = " ".join(source.split())
    if not source or len(source) > LONGEST_SOURCE:
        raise Invalid("Say where the customer said so.", {"source": f"1 to {LONGEST_SOURCE} characters"})
    version = wording_version(session, purpose, wording, now)
    asked = {"customer_id": customer_id, "purpose": purpose, "channel": channel}
    before = session.execute(_STANDS, asked).one_or_none()
    if state in REFUSED:
        taken_back = before is not None and before.state in ("granted", "withdrawn")
        state = "withdrawn" if taken_back else "denied"
    if before is not None and (before.state, before.wording_version) == (state, version):
        return None
    row = {**asked, "state": state, "source": source, "wording_version": version, "at": now}
    new = ("state", "source", "wording", "wording_version", "at")
    db.upsert(
        session, CONSENT, [row | {"wording": wording}], key=("customer_id", "purpose", "channel"), update=new
    )  # fmt: skip
    session.execute(insert(ENTRY), row | {"entry_id": ids.uuid7(now), "by_kind": actor.kind, "by_name": actor.name})
    return Consent(purpose, channel, state, source, wording, now, version)  # type: ignore[arg-type]


def wording_version(session: Session, purpose: str, text: str, now: datetime) -> int:
    """The version under which this text is kept for the purpose: its own for ever, the next one for a text that is new.

    Raises Invalid for no text, or one that is too long to read out.
    """
    if not text.strip() or len(text) > LONGEST_WORDING:
        raise Invalid("Say what the customer was asked.", {"wording": f"1 to {LONGEST_WORDING} characters"})
    return _kept(session, purpose, text, now)


def _kept(session: Session, purpose: str, text: str, now: datetime) -> int:
    asked = {"purpose": purpose, "digest": hashlib.sha256(text.encode()).hexdigest()}
    for _ in range(ATTEMPTS):
        known = session.execute(_VERSION, asked).scalar()
        if known is not None:
            return int(known)
        last = session.execute(select(func.max(WORDING.c.version)).where(WORDING.c.purpose == purpose)).scalar() or 0
        # Where somebody else takes that version at the same moment, theirs stands, and the next one is tried.
        db.upsert(
            session, WORDING, [asked | {"version": last + 1, "text": text, "at": now}], key=("purpose", "version")
        )
    raise Conflict("The wording of this consent is being changed just now. Please try again.")


def consent_history(session: Session, customer_id: UUID, most: int = 100) -> tuple[ConsentEntry, ...]:
    """All that the customer ever said of any purpose, newest first, with the words that they were shown."""
    names = ("entry_id", "purpose", "channel", "state", "source", "wording_version", "at", "by_kind", "by_name")
    rows = session.execute(_ENTRIES, {"customer_id": customer_id, "most": most})
    return tuple(ConsentEntry(**{name: getattr(row, name) for name in names}, wording=row.text or "") for row in rows)


def enter_first(session: Session, consents: Iterable[Mapping[str, Any]]) -> None:
    """Consents of customers who are entered by a load: what stands, and the first entry of each one's ledger."""
    given = list(consents)
    versions = {
        (one["purpose"], one["wording"]): 0
        for one in sorted(given, key=lambda one: (one["purpose"], one["at"], one["wording"]))
    }
    for purpose, text in versions:
        first = min(one["at"] for one in given if (one["purpose"], one["wording"]) == (purpose, text))
        versions[purpose, text] = _kept(session, purpose, text, first)
    rows = [{**one, "wording_version": versions[one["purpose"], one["wording"]]} for one in given]
    db.insert_many(session, CONSENT, rows)
    who = {"by_kind": SYSTEM.kind, "by_name": SYSTEM.name}
    entries = [
        {**{key: value for key, value in row.items() if key != "wording"}, "entry_id": ids.uuid7(row["at"]), **who}
        for row in rows
    ]
    db.insert_many(session, ENTRY, entries)
