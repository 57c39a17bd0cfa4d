"""Staff, what they sign in with, and the keys of programs."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from backend.db import Json, UtcDateTime

_OPEN = text("used_at IS NULL")


class StaffRow(SQLModel, table=True):
    __tablename__ = "staff"
    __table_args__ = (
        CheckConstraint(
            "role IN ('agent', 'senior_agent', 'supervisor', 'quality', 'author', 'admin', 'read_only')", name="role"
        ),
    )

    staff_id: UUID = Field(primary_key=True)
    email: str = Field(unique=True)  # in lower case
    name: str
    role: str
    is_active: bool = True
    created_at: datetime = Field(sa_type=UtcDateTime)
    left_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When their work ended; none for who works here, again too."""
    last_in_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When they signed in last."""


class InvitationRow(SQLModel, table=True):
    """Somebody who was asked to work here, by a link that is good once; of it only the digest is kept."""

    __tablename__ = "staff_invitation"
    __table_args__ = (
        CheckConstraint(
            "role IN ('agent', 'senior_agent', 'supervisor', 'quality', 'author', 'admin', 'read_only')", name="role"
        ),
        Index("uq_staff_invitation_open", "email", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("uq_staff_invitation_token", "token_digest", unique=True),
    )

    invitation_id: UUID = Field(primary_key=True)
    email: str  # in lower case
    role: str
    teams: list[str] = Field(sa_type=Json)
    token_digest: str
    invited_by: str
    made_at: datetime = Field(sa_type=UtcDateTime)
    until: datetime = Field(sa_type=UtcDateTime)
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class StaffSessionRow(SQLModel, table=True):
    """One sign-in at the desk, until it is ended or nobody has used it for a while."""

    __tablename__ = "staff_session"
    __table_args__ = (Index("ix_staff_session_seen", "seen_at"),)

    session_id: UUID = Field(primary_key=True)
    staff_id: UUID = Field(foreign_key="staff.staff_id", index=True)
    way: str
    words: str
    """The device as its owner would name it."""
    began_at: datetime = Field(sa_type=UtcDateTime)
    seen_at: datetime = Field(sa_type=UtcDateTime)  # coarse: not written at every page
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class CredentialRow(SQLModel, table=True):
    """What a subject, a member of staff or a customer, signs in with; the subject's own room knows its name."""

    __tablename__ = "credential"
    __table_args__ = (CheckConstraint("kind IN ('staff', 'customer')", name="kind"),)

    subject_id: UUID = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    password_hash: str
    is_demo: bool = Field(default=False, index=True)
    changed_at: datetime = Field(sa_type=UtcDateTime)


class ApiKeyRow(SQLModel, table=True):
    """A program's key: only the digest of its secret is kept."""

    __tablename__ = "api_key"

    key_id: UUID = Field(primary_key=True)
    secret_digest: str
    scopes: list[str] = Field(sa_type=Json)
    source: str = Field(default="", sa_column_kwargs={"server_default": text("''")})
    """Which system the program is, for what it tells of customers."""
    created_at: datetime = Field(sa_type=UtcDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class ExtensionRow(SQLModel, table=True):
    """A telephone's own number inside the house, and whose desk it stands on."""

    __tablename__ = "extension"

    extension: str = Field(primary_key=True)  # as `extensions.spelled` spells it
    staff_id: UUID = Field(foreign_key="staff.staff_id", index=True)
    set_at: datetime = Field(sa_type=UtcDateTime)
    set_by: str


class SkillRow(SQLModel, table=True):
    """What a member of staff is skilled in, by the pack's key."""

    __tablename__ = "staff_skill"

    staff_id: UUID = Field(primary_key=True, foreign_key="staff.staff_id")
    skill: str = Field(primary_key=True)
    set_at: datetime = Field(sa_type=UtcDateTime)
    set_by: str
