"""The door of coming in: proofs, one-time codes, sessions, known devices, and the limits on trying.

The functions that check a password or a code open their own transactions; the others take the caller's.
"""

from __future__ import annotations

from backend.entering import authenticators, passkeys, sign_on
from backend.entering.addresses import POINTS, Point, can_check
from backend.entering.addresses import ask as ask_address
from backend.entering.addresses import asked as asked_address
from backend.entering.addresses import read as read_address_code
from backend.entering.authenticators import second_step
from backend.entering.codes import (
    Purpose,
    Read,
    ask_for,
    ask_to_claim,
    choose_password,
    facts_asked,
    is_proved,
    read_code,
    use_link,
)
from backend.entering.leaving import erase_customer, export_customer, forget_old
from backend.entering.passkeys import Challenge, Site, site_at
from backend.entering.passwords import confirm_customer, sign_in_customer, sign_in_staff
from backend.entering.sessions import (
    SignedIn,
    Way,
    actor_of,
    begin,
    end,
    end_others,
    keep_unsent,
    seen_now,
    signed_in,
    take_unsent,
    tell_of_closing,
    tell_of_keeping,
    timezone_of,
)
from backend.entering.throttling import may_ask
from backend.entering.visitors import Visitor, visitor

__all__ = [
    "POINTS",
    "Challenge",
    "Point",
    "Purpose",
    "Read",
    "SignedIn",
    "Site",
    "Visitor",
    "Way",
    "actor_of",
    "ask_address",
    "ask_for",
    "ask_to_claim",
    "asked_address",
    "authenticators",
    "begin",
    "can_check",
    "choose_password",
    "confirm_customer",
    "end",
    "end_others",
    "erase_customer",
    "export_customer",
    "facts_asked",
    "forget_old",
    "is_proved",
    "keep_unsent",
    "may_ask",
    "passkeys",
    "read_address_code",
    "read_code",
    "second_step",
    "seen_now",
    "sign_in_customer",
    "sign_in_staff",
    "sign_on",
    "signed_in",
    "site_at",
    "take_unsent",
    "tell_of_closing",
    "tell_of_keeping",
    "timezone_of",
    "use_link",
    "visitor",
]  # fmt: skip
