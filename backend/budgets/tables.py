"""The rows of this room: how much of each budget is taken, by whom, and its bid price. Private to the room."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint
from sqlmodel import Field, SQLModel

from backend.db import UtcDateTime


class BudgetPeriodRow(SQLModel, table=True):
    """What is taken of a budget in one month or on one day. Only ever changed under a guard, so that it is never oversold."""

    __tablename__ = "budget_period"
    __table_args__ = (CheckConstraint("used > -0.005", name="used"),)

    budget: str = Field(primary_key=True)
    period: str = Field(primary_key=True)
    """As in 2026-11, or 2026-11-23."""
    used: float


class ReservationRow(SQLModel, table=True):
    """What one offer took of a budget; it goes when that is given back."""

    __tablename__ = "reservation"

    customer_id: UUID = Field(primary_key=True)
    offer_id: UUID = Field(primary_key=True)
    budget: str = Field(primary_key=True)
    period: str
    amount: float
    reserved_at: datetime = Field(sa_type=UtcDateTime)


class BidPriceRow(SQLModel, table=True):
    """What one unit of a budget is worth at the margin, in major units, as whoever plans the budgets wrote it."""

    __tablename__ = "bid_price"
    __table_args__ = (CheckConstraint("price >= 0", name="price"),)

    budget: str = Field(primary_key=True)
    price: float
    written_at: datetime = Field(sa_type=UtcDateTime)
    written_by: str
