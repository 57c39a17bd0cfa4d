"""The rows of this room: sessions, devices that are known, one-time codes, passkeys, authenticators, and how often somebody tried in vain. Private to the room.

They hang on the subject that signs in, as the password does: who was merged goes on by the sign-in of before, and has it still
when the merge is taken back.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index
from sqlmodel import Field, SQLModel

from backend.db import UtcDateTime


class PortalSessionRow(SQLModel, table=True):
    """One sign-in at the portal, until it is ended or nobody has used it for a while."""

    __tablename__ = "portal_session"
    __table_args__ = (Index("ix_portal_session_seen", "seen_at"), {"sqlite_with_rowid": False})

    subject_id: UUID = Field(primary_key=True)
    session_id: UUID = Field(primary_key=True)
    way: str
    """How they came in."""
    device: str
    """The digest of the device's own mark, as `known_device` has it."""
    words: str
    """The device as its owner would name it."""
    began_at: datetime = Field(sa_type=UtcDateTime)
    seen_at: datetime = Field(sa_type=UtcDateTime)  # coarse: not written at every page
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    unsent: str = ""
    """What was written in a form that came when the sign-in was over already: told back at the next one."""


class KnownDeviceRow(SQLModel, table=True):
    """A device on which the subject, a customer or a member of staff, has signed in before."""

    __tablename__ = "known_device"
    __table_args__ = (Index("ix_known_device_last", "last_at"), {"sqlite_with_rowid": False})

    subject_id: UUID = Field(primary_key=True)
    device: str = Field(primary_key=True)
    words: str
    first_at: datetime = Field(sa_type=UtcDateTime)
    last_at: datetime = Field(sa_type=UtcDateTime)


class EntryTryRow(SQLModel, table=True):
    """How often something was tried since when. The key is a keyed digest: no name and no address can be read from it."""

    __tablename__ = "entry_try"
    __table_args__ = (Index("ix_entry_try_since", "since"), {"sqlite_with_rowid": False})

    key: str = Field(primary_key=True)
    times: int
    since: datetime = Field(sa_type=UtcDateTime)


class EntryCodeRow(SQLModel, table=True):
    """A code that was asked for, whether or not anybody is there to get it: of strangers it is one that nobody knows.

    Code and link are kept as hashes alone. `proved_at`: the code was right; `used_at`: nothing more can be done with it.
    """

    __tablename__ = "entry_code"
    __table_args__ = (
        CheckConstraint("purpose IN ('sign-in', 'claim', 'recovery')", name="purpose"),
        CheckConstraint("tries >= 0", name="tries"),
        Index("ix_entry_code_subject", "subject_id"),
        Index("uq_entry_code_token", "token_hash", unique=True),
        Index("ix_entry_code_until", "until"),
    )

    code_id: UUID = Field(primary_key=True)
    subject_id: UUID | None = None
    purpose: str
    salt: str
    code_hash: str
    token_hash: str
    tries: int
    made_at: datetime = Field(sa_type=UtcDateTime)
    until: datetime = Field(sa_type=UtcDateTime)
    proved_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class PasskeyRow(SQLModel, table=True):
    """A key that a device of the customer's keeps; here stands the public half of it alone."""

    __tablename__ = "passkey"
    __table_args__ = (
        Index("uq_passkey_credential", "subject_id", "credential_id", unique=True),
        {"sqlite_with_rowid": False},
    )

    subject_id: UUID = Field(primary_key=True)
    passkey_id: UUID = Field(primary_key=True)
    credential_id: str
    public_key: str
    sign_count: int = Field(sa_type=BigInteger)
    name: str
    added_at: datetime = Field(sa_type=UtcDateTime)
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class AuthenticatorRow(SQLModel, table=True):
    """What an app on the telephone of a customer, or of a member of staff, makes codes from, encrypted; it counts once a first code was right."""

    __tablename__ = "authenticator"
    __table_args__ = ({"sqlite_with_rowid": False},)

    subject_id: UUID = Field(primary_key=True)
    secret: str
    last_step: int = Field(default=0, sa_type=BigInteger)
    """The half minute of the last code that was right: none is taken twice."""
    begun_at: datetime = Field(sa_type=UtcDateTime)
    set_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class RecoveryCodeRow(SQLModel, table=True):
    """A code on paper, for whoever has lost their authenticator: a hash, good once."""

    __tablename__ = "recovery_code"
    __table_args__ = ({"sqlite_with_rowid": False},)

    subject_id: UUID = Field(primary_key=True)
    code_hash: str = Field(primary_key=True)
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class ContactChangeRow(SQLModel, table=True):
    """A new e-mail address or telephone number that a customer told, until they have shown by a code that it is theirs."""

    __tablename__ = "contact_change"
    __table_args__ = (
        CheckConstraint("kind IN ('email', 'phone')", name="kind"),
        CheckConstraint("tries >= 0", name="tries"),
        Index("ix_contact_change_until", "until"),
        {"sqlite_with_rowid": False},
    )

    subject_id: UUID = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    value: str
    """As it was typed."""
    salt: str
    code_hash: str
    tries: int
    made_at: datetime = Field(sa_type=UtcDateTime)
    until: datetime = Field(sa_type=UtcDateTime)


class SignOnRow(SQLModel, table=True):
    """Whom of ours a person of an organisation's single sign-on is: a customer, or a member of staff."""

    __tablename__ = "sign_on"
    __table_args__ = (
        CheckConstraint("kind IN ('customer', 'staff')", name="kind"),
        Index("ix_sign_on_subject", "subject_id"),
        {"sqlite_with_rowid": False},
    )

    kind: str = Field(primary_key=True)
    issuer: str = Field(primary_key=True)
    known_as: str = Field(primary_key=True)
    """The provider's own id of the person."""
    subject_id: UUID
    connected_at: datetime = Field(sa_type=UtcDateTime)
    used_at: datetime = Field(sa_type=UtcDateTime)
