"""The door of coming in: proofs, sessions, known devices, and the limits on trying.

The functions that check a password open their own transactions; the others take the caller's.
"""

from __future__ import annotations

from backend.entering.leaving import erase_customer, export_customer, forget_old
from backend.entering.passwords import confirm_customer, sign_in_customer, sign_in_staff
from backend.entering.sessions import SignedIn, Way, actor_of, begin, end, end_others, seen_now, signed_in, timezone_of
from backend.entering.visitors import Visitor, visitor

__all__ = [
    "SignedIn", "Visitor", "Way", "actor_of", "begin", "confirm_customer", "end", "end_others", "erase_customer", "export_customer",
    "forget_old", "seen_now", "sign_in_customer", "sign_in_staff", "signed_in", "timezone_of", "visitor",
]  # fmt: skip
