"""The rows of this room. Private to it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlmodel import Field, SQLModel

from backend.db import UtcDateTime


class ReceivedRow(SQLModel, table=True):
    """A message that came in, so that the same one sent again is taken once; forgotten after some weeks."""

    __tablename__ = "received"
    __table_args__ = ({"sqlite_with_rowid": False},)

    customer_id: UUID = Field(primary_key=True)
    message_id: str = Field(primary_key=True)
    at: datetime = Field(sa_type=UtcDateTime, index=True)
    """When it came in."""
