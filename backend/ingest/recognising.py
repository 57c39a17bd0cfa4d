"""Whose each message is: by the user id, else by the device; someone new is entered, and a device joins who signs in on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from backend.identities import service as identities
from backend.ingest.joining import join
from backend.ingest.messages import Refused
from backend.ingest.planning import Tidings
from backend.matrix.service import Pack
from backend.profiles import service as profiles


@dataclass(slots=True)
class Share:
    """What of a batch is one customer's, by its place in the batch: a user's, or a device's that nobody has signed in on."""

    user_id: str | None
    anonymous_id: str | None
    customer_id: UUID | None
    """Whose it was when it was looked up, outside the transaction: a customer once named so stays, or leads to another."""
    tidings: dict[int, Tidings] = field(default_factory=dict)

    @property
    def devices(self) -> list[str]:
        """The devices that the user signed in on, each once, in the order of the messages."""
        told = (one.message for one in self.tidings.values())
        return list(dict.fromkeys(m.anonymous_id for m in told if m.user_id is not None and m.anonymous_id is not None))


def shares(session: Session, tidings: Mapping[int, Tidings]) -> list[Share]:
    """The batch by customer, in the order in which each first appears.

    What a device did unsigned is its user's where the same batch tells of one user on it, and nobody else holds it.
    """
    messages = [one.message for one in tidings.values()]
    users = profiles.owners(session, "external", {m.user_id for m in messages if m.user_id})
    devices = profiles.owners(session, "cookie", {m.anonymous_id for m in messages if m.anonymous_id})
    nobodys = profiles.anonymous(session, {*devices.values()})
    signed_in: dict[str, set[str]] = {}
    for m in messages:
        if m.user_id is not None and m.anonymous_id is not None:
            signed_in.setdefault(m.anonymous_id, set()).add(m.user_id)
    found: dict[object, Share] = {}
    for place, one in tidings.items():
        user_id, device = one.message.user_id, one.message.anonymous_id
        if user_id is None and device is not None and len(signed_in.get(device, ())) == 1:
            (user,) = signed_in[device]
            holder = devices.get(device)
            if holder is None or holder in nobodys or holder == users.get(user):
                user_id = user
        if user_id is not None:
            customer_id = users.get(user_id)
            share = found.setdefault(customer_id or ("user", user_id), Share(user_id, None, customer_id))
        else:
            customer_id = devices.get(device or "")
            share = found.setdefault(customer_id or ("device", device), Share(None, device, customer_id))
        share.tidings[place] = one
    return list(found.values())


def settle(session: Session, share: Share, pack: Pack, now: datetime) -> tuple[UUID, dict[int, Refused]]:
    """The customer whose share it is, entered where they are new, with the devices that they signed in on; and what is refused."""
    if share.user_id is None:
        assert share.anonymous_id is not None  # noqa: S101 (one of the two is there; for the type checker)
        known = share.customer_id or profiles.owner(session, "cookie", share.anonymous_id)
        return known or _enter(session, {"cookie": share.anonymous_id}, pack, now, anonymous=True), {}
    customer_id = share.customer_id or profiles.owner(session, "external", share.user_id)
    if customer_id is None:
        customer_id = _first_seen(session, share, pack, now)
    for device in share.devices:
        sign_in(session, customer_id, device, pack, now)
    refused: dict[int, Refused] = {}
    for place, one in share.tidings.items():
        if one.message.call == "alias" and one.message.previous_id is not None:
            why = _also_known(session, customer_id, one.message.previous_id, pack, now)
            if why is not None:
                refused[place] = why
    return customer_id, refused


def _first_seen(session: Session, share: Share, pack: Pack, now: datetime) -> UUID:
    """A user whom nobody knows yet: the visitor of the device that they signed in on, else somebody new."""
    for device in share.devices:
        holder = profiles.owner(session, "cookie", device)
        nobodys = holder is not None and holder in profiles.anonymous(session, {holder})
        if holder is not None and nobodys and not _is_shared(session, holder):
            profiles.be_known_by(session, holder, "external", share.user_id or "")
            return holder
    return _enter(session, {"external": share.user_id or ""}, pack, now)


SHARED = "shared_device"
"""The fact of a device on which several people signed in: what happens on it unsigned waits for who signs in next."""


def sign_in(session: Session, customer_id: UUID, device: str, pack: Pack, now: datetime) -> None:
    """The customer signed in on the device: what happened on it unsigned becomes theirs, never another person's profile.

    A device that a second person uses is nobody's from then on.
    """
    holder = profiles.be_known_by(session, customer_id, "cookie", device)
    if holder == customer_id:
        return
    if holder not in profiles.anonymous(session, {holder}):
        nobody = _enter(session, {}, pack, now, anonymous=True)
        profiles.learn(session, nobody, values={SHARED: True}, now=now)
        profiles.hand_over(session, "cookie", device, holder, nobody)
        return
    join(session, holder, customer_id, now, keeps_device=_is_shared(session, holder))


def _is_shared(session: Session, holder: UUID) -> bool:
    return bool(profiles.held(session, holder).facts.get("values", {}).get(SHARED))


def _also_known(session: Session, customer_id: UUID, previous: str, pack: Pack, now: datetime) -> Refused | None:
    """The customer is known by an earlier id too: of a device, or one under which nobody is known yet."""
    holder = profiles.owner(session, "external", previous)
    if holder is None:
        device = profiles.owner(session, "cookie", previous)
        if device is not None:
            sign_in(session, customer_id, previous, pack, now)
            return None
        holder = profiles.be_known_by(session, customer_id, "external", previous)
    if holder == customer_id:
        return None
    identities.shared(session, customer_id, "external", previous, now)
    return Refused(
        "belongs_to_another", "previousId names another customer; a person has to say whether they are the same.",
        {"previousId": "is another customer's"},
    )  # fmt: skip


def _enter(
    session: Session, identifiers: dict[str, str], pack: Pack, now: datetime, *, anonymous: bool = False
) -> UUID:
    return profiles.enter_prospect(session, "", identifiers, pack.timezone, pack.language, now, anonymous=anonymous)
