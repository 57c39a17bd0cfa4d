"""The door of paying: a bill is paid on a provider's page, and settled by what the provider tells of it."""

from __future__ import annotations

from backend.paying.asking import asker
from backend.paying.disputing import settle
from backend.paying.door import Door, door
from backend.paying.leaving import erase_customer, export_customer, move_customer, move_customer_back
from backend.paying.notices import read
from backend.paying.rows import disputed_of, owner_of_payment, payment_of, payments_of
from backend.paying.settling import PAID, take
from backend.paying.starting import begin
from backend.paying.types import REASONS, Asked, Hosted, Notice, Payment, Provider

__all__ = [
    "PAID", "REASONS", "Asked", "Door", "Hosted", "Notice", "Payment", "Provider", "asker", "begin", "disputed_of", "door", "erase_customer", "export_customer",
    "move_customer", "move_customer_back", "owner_of_payment", "payment_of", "payments_of", "read", "settle", "take",
]  # fmt: skip
