"""A profile read under its lock, and written back as a whole: for those who change several things of it at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Update, bindparam, update
from sqlmodel import Session

from backend import db
from backend.matrix.service import Pack
from backend.profiles import identity, queries
from backend.profiles.holding import come_in
from backend.profiles.moments import check_moment, told_moment
from backend.profiles.types import Consent, Holding, Moment, Profile
from backend.record import service as record
from shared.kernel.actors import Actor
from shared.kernel.errors import NotFound

_MOMENT = ("version", "stage", "intent", "source", "channel", "set_by", "evidence", "strength", "set_at", "fades_at")
_KEPT = (
    "name",
    "phone",
    "email",
    "birth_date",
    "attributes",
    "facts",
    "states",
    "states_day",
    "restricted",
    "is_anonymous",
)


def held(session: Session, customer_id: UUID) -> Profile:
    """The customer's profile, held till the transaction ends; without consents. Raises NotFound, for an id of before a merge too."""
    come_in(session, customer_id)
    row = db.connection(session).execute(queries.HELD, {"customer_id": customer_id}).first()
    if row is None:
        raise NotFound("There is no such customer.")
    return profile_of(row)


def rewrite(session: Session, before: Profile, after: Profile, now: datetime) -> Profile:
    """Writes what is new in `after` and gives it with its version, one higher where a decision could tell the two apart.

    `before` is what `held` gave. Life cycle, segments and the rest of `states` follow from what is known, and raise no version.
    """
    changed = {name: getattr(after, name) for name in _KEPT if getattr(after, name) != getattr(before, name)}
    learned = changed.keys() - {"states", "states_day", "restricted"}
    version = before.version + 1 if learned else before.version
    if changed:
        if learned & {"name", "phone", "email"}:
            changed["search_text"] = identity.search_text(after.name, after.number, after.email, after.phone)
        changed |= {"version": version, "updated_at": now} if learned else {}
        db.connection(session).execute(_update(tuple(changed)), changed | {"whose": before.customer_id})
    if after.moment is not None and after.moment != before.moment:
        _write_moment(session, before.customer_id, after.moment)
        record.changed(session, "moment", customer_id=before.customer_id, now=now)
    if learned or "restricted" in changed:
        record.changed(session, "profile", customer_id=before.customer_id, now=now)
    return after if after.version == version else replace(after, version=version)


def set_moment(
    session: Session,
    customer_id: UUID,
    stage: str,
    intent: str | None,
    source: Literal["stated", "inferred"],
    channel: str,
    actor: Actor,
    now: datetime,
    pack: Pack,
    evidence: str | None = None,
    strength: float = 1.0,
) -> Moment:
    """Writes why the customer is here now and gives the moment that holds; the caller records the event.

    Which one holds is `moments.told_moment`'s to say. Raises NotFound, and Invalid for a stage, intent or channel that the pack
    does not have.
    """
    check_moment(stage, intent, source, channel, pack)
    before = held(session, customer_id).moment
    moment = told_moment(before, stage, intent, source, channel, actor.name, now, pack, evidence, strength)
    if moment != before:
        _write_moment(session, customer_id, moment)
        record.changed(session, "moment", customer_id=customer_id, now=now)
    return moment


def moment_of(row: Any) -> Moment | None:
    """The moment in a row of `queries.PROFILE` or `queries.STAMP`."""
    if row.moment_version is None:
        return None
    return Moment(
        version=row.moment_version, stage=row.stage, intent=row.intent, source=row.source, channel=row.channel,
        set_at=row.set_at, fades_at=row.fades_at, evidence=row.evidence, set_by=row.set_by, strength=row.strength,
    )  # fmt: skip


def profile_of(row: Any, consents: tuple[Consent, ...] = ()) -> Profile:
    """The profile in a row of `queries.PROFILE`."""
    return Profile(
        customer_id=row.customer_id,
        number=row.number,
        name=row.name,
        attributes=row.attributes,
        facts=row.facts,
        version=row.version,
        timezone=row.timezone,
        language=row.language,
        made_up=row.made_up,
        moment=moment_of(row),
        consents=consents,
        phone=row.phone,
        email=row.email,
        birth_date=row.birth_date,
        created_at=row.created_at,
        holdings=tuple(Holding(**holding) for holding in row.holdings),
        is_anonymous=row.is_anonymous,
        states=row.states,
        states_day=row.states_day,
        restricted=row.restricted,
    )


@lru_cache(maxsize=128)
def _update(names: tuple[str, ...]) -> Update:
    """Built once for each set of columns: an event that comes in changes one of a few."""
    mine = queries.CUSTOMER.c.customer_id == bindparam("whose")
    return update(queries.CUSTOMER).where(mine).values({name: bindparam(name) for name in names})


def _write_moment(session: Session, customer_id: UUID, moment: Moment) -> None:
    row = {"customer_id": customer_id} | {name: getattr(moment, name) for name in _MOMENT}
    db.upsert(session, queries.MOMENT, [row], key=("customer_id",), update=_MOMENT)
