"""To what a customer belongs: a household, billing accounts, business accounts; since when, until when, and who said so.

A customer lives in one household at a time, and may have several accounts. What a household is like is a fact of each who
lives in it: of the one who joins or leaves in that very act, of the others by work that the act leaves behind (`HOUSEHOLD`),
since a transaction touches one customer.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, delete, func, insert, select, update
from sqlmodel import Session

from backend import db
from backend.matrix.service import GROUP_KINDS, GroupKind
from backend.profiles.keeping_out import named_for
from backend.profiles.queries import CUSTOMER, GROUP, MEMBERSHIP, NAMED
from backend.profiles.rewriting import held, rewrite
from backend.record import service as record
from shared.kernel import ids
from shared.kernel.errors import Conflict, Invalid, NotFound

HOUSEHOLD = "household.renew"
"""The topic of the work that brings the facts of all who live in a household up to date."""
MOST = 100
"""So many accounts a customer may have at a time."""
SHOWN = 50
"""So many others of a household or account are named, and read for its facts."""
SIZE, ACCOUNTS, COMPLAINT = "household_size", "accounts", "household_in_complaint"
_LONGEST_KEY, _LONGEST_NAME = 255, 200
_ID: Any = bindparam("customer_id")
_OPEN = MEMBERSHIP.c.until.is_(None)
# Asked by every page of a customer, so built once.
_MINE = (
    select(MEMBERSHIP, GROUP.c.kind, GROUP.c.key, GROUP.c.name, GROUP.c.traits)
    .join(GROUP, GROUP.c.group_id == MEMBERSHIP.c.group_id)
    .where(MEMBERSHIP.c.customer_id == _ID)
    .order_by(_OPEN.desc(), MEMBERSHIP.c.since.desc(), MEMBERSHIP.c.membership_id)
)
_MINE_NOW = _MINE.where(_OPEN)
_MEMBERS = select(MEMBERSHIP.c.customer_id).where(MEMBERSHIP.c.group_id == bindparam("group_id"), _OPEN).distinct()
_COMPLAINING = select(CUSTOMER.c.facts).where(CUSTOMER.c.customer_id.in_(bindparam("some", expanding=True)))


@dataclass(frozen=True, slots=True)
class Group:
    """A household or an account, by the key under which other systems know it."""

    group_id: UUID
    kind: GroupKind
    key: str
    name: str
    traits: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Membership:
    """That a customer belongs to a group: `until` None while they do."""

    group: Group
    since: datetime
    until: datetime | None
    source: str


@dataclass(frozen=True, slots=True)
class Joined:
    """`new`: they did not belong to it before. `left`: the household in which they lived until then."""

    group: Group
    new: bool
    left: Group | None = None


@dataclass(frozen=True, slots=True)
class Member:
    customer_id: UUID
    number: str
    name: str


def memberships(session: Session, customer_id: UUID) -> tuple[Membership, ...]:
    """To what the customer belongs, the latest first, then what they have left. Of several with one group, what a merge may make, the first."""
    found: dict[tuple[UUID, bool], Membership] = {}
    for row in session.execute(_MINE, {"customer_id": customer_id}):
        found.setdefault((row.group_id, row.until is None), _membership(row))
    return tuple(found.values())


def members(session: Session, group_id: UUID, without: UUID) -> tuple[tuple[Member, ...], int]:
    """Who else belongs to the group, by name, at most `SHOWN`; and how many they are altogether."""
    others = _MEMBERS.where(MEMBERSHIP.c.customer_id != without)
    asked = {"group_id": group_id}
    many = session.execute(select(func.count()).select_from(others.subquery()), asked).scalar_one()
    named = NAMED.where(CUSTOMER.c.customer_id.in_(others)).order_by(CUSTOMER.c.search_text, CUSTOMER.c.customer_id)
    rows = session.execute(named.limit(SHOWN), asked).all() if many else ()
    named_so = ((row.customer_id, named_for(session, row.name, row.number, row.restricted)) for row in rows)
    return tuple(Member(one, number, name) for one, (name, number) in named_so), many


def join(
    session: Session, customer_id: UUID, key: str, *, kind: GroupKind | None, name: str, traits: Mapping[str, Any],
    source: str, since: datetime, now: datetime,
) -> Joined:  # fmt: skip
    """The customer belongs to the group from then on; the caller holds them and tells of it. Known before, nothing is new.

    The group is entered where nobody has told of it, a business account where no kind is said; a name, a kind and traits that are
    told replace those that were. Tidings that come late do not undo a move that came after them. Raises Invalid.
    """
    key, name = key.strip(), " ".join(name.split())
    _check(key, name, kind)
    group = _entered(session, key, kind, name, dict(traits), now)
    mine = [_membership(row) for row in session.execute(_MINE_NOW, {"customer_id": customer_id})]
    known = next((one for one in mine if one.group.group_id == group.group_id), None)
    if known is not None:
        if since < known.since:
            _change(session, customer_id, group.group_id, since=since)
        return Joined(group, False)
    if len(mine) >= MOST:
        raise Invalid(f"A customer belongs to {MOST} accounts at most.", {"key": "too many accounts"})
    left, until = None, None
    if group.kind == "household":
        home = next((one for one in mine if one.group.kind == "household"), None)
        if home is not None and home.since > since:
            until = home.since
        elif home is not None:
            _change(session, customer_id, home.group.group_id, until=since)
            left = home.group
    row = {"customer_id": customer_id, "membership_id": ids.uuid7(now), "group_id": group.group_id}
    session.execute(insert(MEMBERSHIP), row | {"since": since, "until": until, "source": source})
    return Joined(group, True, left)


def leave(session: Session, customer_id: UUID, group_id: UUID, now: datetime) -> Group:
    """The customer belongs to it no longer. Raises NotFound where they never did, and Conflict where they had left."""
    mine = [one for one in memberships(session, customer_id) if one.group.group_id == group_id]
    if not mine:
        raise NotFound("The customer does not belong to this household or account.")
    if mine[0].until is not None:
        raise Conflict("The customer has left it already.")
    _change(session, customer_id, group_id, until=now)
    return mine[0].group


def with_belonging(session: Session, customer_id: UUID, facts: dict[str, Any]) -> dict[str, Any]:
    """The customer's facts with what is kept in them of household and accounts; the same where they never had any."""
    mine = {row.group_id: row.kind for row in session.execute(_MINE_NOW, {"customer_id": customer_id})}
    values = facts.get("values", {})
    if not mine and not {SIZE, ACCOUNTS} & values.keys():
        return facts
    homes = [group_id for group_id, kind in mine.items() if kind == "household"]
    size, complaint = 0, False
    if homes:
        living = _living_in(session, homes[0])
        size, others = len(living), [one for one in living if one != customer_id]
        complaint = any(
            (row.facts.get("values", {}).get("open_complaints") or 0) > 0
            for row in session.execute(_COMPLAINING, {"some": others[:SHOWN]})
        )
    found = {SIZE: size, ACCOUNTS: len(mine) - len(homes), COMPLAINT: complaint}
    return facts if found.items() <= values.items() else {**facts, "values": {**values, **found}}


def renew_belonging(session: Session, customer_id: UUID, now: datetime) -> None:
    """Works the facts of household and accounts out anew. Raises NotFound."""
    before = held(session, customer_id)
    facts = with_belonging(session, customer_id, before.facts)
    if facts is not before.facts:
        rewrite(session, before, replace(before, facts=facts), now)


def stir(session: Session, customer_id: UUID, groups: Collection[Group], now: datetime) -> None:
    """Something happened by which these households are other than they were: leaves behind to tell those who live in them."""
    for group in groups:
        if group.kind == "household":
            payload = {"group_id": str(group.group_id)}
            record.put(session, customer_id=customer_id, topic=HOUSEHOLD, payload=payload, now=now)


def stir_home(session: Session, customer_id: UUID, now: datetime) -> None:
    """The same of the household in which the customer lives, where they live in one."""
    rows = session.execute(_MINE_NOW, {"customer_id": customer_id})
    stir(session, customer_id, {row.group_id: _membership(row).group for row in rows}.values(), now)


def renew_household(session: Session, customer_id: UUID, payload: dict[str, Any], now: datetime) -> None:
    """The work of topic HOUSEHOLD. All who live there, in the order of their ids: who comes late waits, and none for ever."""
    for one in _living_in(session, UUID(payload["group_id"])):
        try:
            renew_belonging(session, one, now)
        except NotFound:
            continue  # gone since


def export_groups(session: Session, customer_id: UUID) -> dict[str, list[dict[str, Any]]]:
    """The households and accounts to which the customer belongs or belonged, as rows."""
    mine = select(MEMBERSHIP.c.group_id).where(MEMBERSHIP.c.customer_id == customer_id)
    rows = session.execute(select(GROUP).where(GROUP.c.group_id.in_(mine)).order_by(GROUP.c.group_id))
    return {GROUP.name: [dict(row._mapping) for row in rows]}


def erase_belonging(session: Session, customer_id: UUID, now: datetime | None) -> int:
    """Takes the customer out of all groups, and away with those in which nobody is left; gives how many rows went.

    With `now`, those who lived with them are told by work of their own: nothing of the erased is in it.
    """
    mine = [_membership(row) for row in session.execute(_MINE, {"customer_id": customer_id})]
    groups = {one.group.group_id: one.group for one in mine}
    gone = db.touched(session.execute(delete(MEMBERSHIP).where(MEMBERSHIP.c.customer_id == customer_id)))
    for group in groups.values():
        still = session.execute(
            select(MEMBERSHIP.c.customer_id).where(MEMBERSHIP.c.group_id == group.group_id).limit(1)
        )
        if (other := still.scalar()) is None:
            gone += db.touched(session.execute(delete(GROUP).where(GROUP.c.group_id == group.group_id)))
        elif now is not None:
            stir(session, other, [group], now)
    return gone


def _living_in(session: Session, group_id: UUID) -> list[UUID]:
    return sorted(session.execute(_MEMBERS, {"group_id": group_id}).scalars())


def _check(key: str, name: str, kind: str | None) -> None:
    errors = {}
    if not key or len(key) > _LONGEST_KEY:
        errors["key"] = f"1 to {_LONGEST_KEY} characters"
    if len(name) > _LONGEST_NAME:
        errors["name"] = f"{_LONGEST_NAME} characters at most"
    if kind is not None and kind not in GROUP_KINDS:
        errors["kind"] = f"one of {', '.join(GROUP_KINDS)}"
    if errors:
        raise Invalid("That is no household or account.", errors)


def _entered(
    session: Session, key: str, kind: GroupKind | None, name: str, traits: dict[str, Any], now: datetime
) -> Group:
    """The group of this key, written only where it is new or something of it is: many may tell of one account at once."""
    asked = select(GROUP).where(GROUP.c.key == key)
    row = session.execute(asked).one_or_none()
    if row is None:
        new = {"group_id": ids.uuid7(now), "kind": kind or "business", "key": key, "name": name, "traits": traits}
        db.upsert(session, GROUP, [new | {"created_at": now, "updated_at": now}], key=("key",))
        row = session.execute(asked).one()
    after: dict[str, Any] = {"kind": kind or row.kind, "name": name or row.name, "traits": {**row.traits, **traits}}
    if after != {"kind": row.kind, "name": row.name, "traits": row.traits}:
        session.execute(update(GROUP).where(GROUP.c.group_id == row.group_id).values(**after, updated_at=now))
    return Group(row.group_id, after["kind"], row.key, after["name"], after["traits"])


def _change(session: Session, customer_id: UUID, group_id: UUID, **values: datetime) -> None:
    mine = (MEMBERSHIP.c.customer_id == customer_id, MEMBERSHIP.c.group_id == group_id, _OPEN)
    session.execute(update(MEMBERSHIP).where(*mine).values(**values))


def _membership(row: Any) -> Membership:
    return Membership(Group(row.group_id, row.kind, row.key, row.name, row.traits), row.since, row.until, row.source)
