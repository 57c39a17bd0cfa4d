"""Passkeys (Web Authentication): a device of the customer's proves that it has their key, and asks them who they are itself.

That is something that they have and something that they know or are: no second step follows.
"""

from __future__ import annotations

import ipaddress
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import webauthn
from sqlalchemy import delete, insert, select, update
from sqlmodel import Session
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from backend import db
from backend.entering import letters
from backend.entering.sessions import on_trail, subjects_of, write_to
from backend.entering.tables import PasskeyRow
from backend.people import service as people
from backend.profiles import service as profiles
from shared.kernel import clock, ids
from shared.kernel.actors import Actor
from shared.kernel.errors import Invalid, NotFound, Unauthenticated
from shared.kernel.languages import gettext, noted

PASSKEY = db.table_of(PasskeyRow)
MOST = 20
LONGEST_NAME = 60
LONGEST_ANSWER = 20_000
REFUSAL = noted("This passkey is not known here, or it was removed. Sign in in another way.")
_NOT_ADDED = noted("The passkey could not be added. Try again.")
_NONE = noted("There is no such passkey.")
_FAULTS = (WebAuthnException, ValueError, KeyError, TypeError, AttributeError)
"""What the library raises for an answer that no honest browser gives."""


@dataclass(frozen=True, slots=True)
class Site:
    """For which site keys are made: they work nowhere else."""

    rp_id: str
    origin: str

    @property
    def host(self) -> str:
        return urlsplit(self.origin).netloc


@dataclass(frozen=True, slots=True)
class Challenge:
    """What the browser is asked, as JSON, and the challenge that its answer must hold."""

    options: str
    challenge: str


@dataclass(frozen=True, slots=True)
class Passkey:
    subject_id: UUID
    passkey_id: UUID
    name: str
    added_at: datetime
    used_at: datetime | None


def site_at(address: str) -> Site:
    """The site at this address. Keys are made for names, never for numbers: on the own machine it is localhost."""
    parts = urlsplit(address)
    host = parts.hostname or "localhost"
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return Site(host, address)
    port = f":{parts.port}" if parts.port else ""
    return Site("localhost", f"{parts.scheme}://localhost{port}")


def ask_to_add(session: Session, actor: Actor, site: Site) -> Challenge:
    """What the browser is asked so that it makes a key; not one more on a device that has one."""
    profile = profiles.profile(session, actor.customer_id or UUID(actor.id))
    theirs = session.execute(select(PASSKEY.c.credential_id).where(PASSKEY.c.subject_id == UUID(actor.id))).scalars()
    options = webauthn.generate_registration_options(
        rp_id=site.rp_id,
        rp_name="Evenhand",
        user_id=UUID(actor.id).bytes,
        user_name=profile.number,
        user_display_name=profile.name,
        exclude_credentials=[PublicKeyCredentialDescriptor(id=base64url_to_bytes(one)) for one in theirs],
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
    )
    return Challenge(webauthn.options_to_json(options), bytes_to_base64url(options.challenge))


def add(
    session: Session, actor: Actor, answer: str, challenge: str, site: Site, name: str, address: str, now: datetime
) -> None:
    """Keeps the key that the browser made, and tells the customer by e-mail. Raises Invalid."""
    try:
        if len(answer) > LONGEST_ANSWER:
            raise ValueError
        made = webauthn.verify_registration_response(
            credential=answer,
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=site.rp_id,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    except _FAULTS:
        raise Invalid(errors={"": gettext(_NOT_ADDED)}) from None
    subject_id = UUID(actor.id)
    if len(_of(session, (subject_id,))) >= MOST:
        raise Invalid(errors={"": gettext("You have %(most)s passkeys. Remove one first.", most=MOST)})
    name = " ".join(name.split())[:LONGEST_NAME] or "Passkey"
    row = {
        "subject_id": subject_id, "passkey_id": ids.uuid7(now), "credential_id": bytes_to_base64url(made.credential_id),
        "public_key": bytes_to_base64url(made.credential_public_key), "sign_count": made.sign_count, "name": name, "added_at": now,
    }  # fmt: skip
    session.execute(insert(PASSKEY), row)
    on_trail(session, actor, "passkey.added", now, {"after": {"passkey": name}})
    write_to(session, actor, letters.Letter("passkey_added", {"passkey": name, "link": f"{address}/me/sign-in"}), now)


def ask_to_sign_in(site: Site) -> Challenge:
    """What the browser is asked so that it proves to have a key: of whom, it says itself."""
    options = webauthn.generate_authentication_options(
        rp_id=site.rp_id, user_verification=UserVerificationRequirement.REQUIRED
    )
    return Challenge(webauthn.options_to_json(options), bytes_to_base64url(options.challenge))


def sign_in(session: Session, answer: str, challenge: str, site: Site, now: datetime) -> Actor:
    """Whoever has the key. Raises Unauthenticated, in the same words whatever was wrong."""
    try:
        if len(answer) > LONGEST_ANSWER:
            raise ValueError
        said: dict[str, Any] = json.loads(answer)
        subject_id = UUID(bytes=base64url_to_bytes(said["response"]["userHandle"]))
        mine = (PASSKEY.c.subject_id == subject_id, PASSKEY.c.credential_id == str(said["id"]))
        kept = session.execute(select(PASSKEY).where(*mine)).one_or_none()
        if kept is None:
            raise Unauthenticated(gettext(REFUSAL))
        proved = webauthn.verify_authentication_response(
            credential=said,
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=site.rp_id,
            expected_origin=site.origin,
            credential_public_key=base64url_to_bytes(kept.public_key),
            credential_current_sign_count=kept.sign_count,
            require_user_verification=True,
        )
    except _FAULTS:
        raise Unauthenticated(gettext(REFUSAL)) from None
    session.execute(update(PASSKEY).where(*mine).values(sign_count=proved.new_sign_count, used_at=now))
    try:
        customer_id = profiles.resolve(session, subject_id)
    except NotFound:
        raise Unauthenticated(gettext(REFUSAL)) from None
    return people.customer_of(subject_id, "", customer_id)


def passkeys(session: Session, actor: Actor) -> tuple[Passkey, ...]:
    """Those of the customer, the oldest first."""
    return _of(session, subjects_of(session, actor))


def rename(session: Session, actor: Actor, passkey_id: UUID, name: str) -> None:
    """Raises NotFound for what is not theirs, Invalid for no name."""
    name = " ".join(name.split())[:LONGEST_NAME]
    if not any(one.passkey_id == passkey_id for one in passkeys(session, actor)):
        raise NotFound(gettext(_NONE))
    if not name:
        raise Invalid(errors={f"name-{passkey_id}": gettext("Enter a name by which you know it.")})
    _one(session.execute(update(PASSKEY).where(*_theirs(session, actor, passkey_id)).values(name=name)))


def remove(session: Session, actor: Actor, passkey_id: UUID) -> None:
    """Nobody signs in with it any more. Raises NotFound."""
    _one(session.execute(delete(PASSKEY).where(*_theirs(session, actor, passkey_id))))
    on_trail(session, actor, "passkey.removed", clock.now(), {"passkey_id": str(passkey_id)})


def _of(session: Session, subjects: tuple[UUID, ...]) -> tuple[Passkey, ...]:
    columns = (PASSKEY.c[name] for name in Passkey.__slots__)
    asked = select(*columns).where(PASSKEY.c.subject_id.in_(sorted(subjects))).order_by(PASSKEY.c.passkey_id)
    return tuple(Passkey(*row) for row in session.execute(asked))


def _theirs(session: Session, actor: Actor, passkey_id: UUID) -> tuple[Any, ...]:
    return (PASSKEY.c.subject_id.in_(sorted(subjects_of(session, actor))), PASSKEY.c.passkey_id == passkey_id)


def _one(result: Any) -> None:
    if db.touched(result) != 1:
        raise NotFound(gettext(_NONE))
