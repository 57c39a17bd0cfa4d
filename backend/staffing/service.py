"""The door of staffing: the house's people listed, invited, changed, sent off and taken back, each act on the audit trail.

What somebody leaves behind belongs to many customers: `hand_on` opens its own short transactions, one for each thing.
"""

from __future__ import annotations

from backend.staffing.changing import change_role, change_teams, end_sign_ins, end_work, reset_second_step, take_back
from backend.staffing.handing_on import NOBODY, Handed, hand_on
from backend.staffing.joining import Asked, ask, ask_again, join, withdraw
from backend.staffing.listing import House, InHand, Invited, Member, house, member

__all__ = [
    "NOBODY",
    "Asked",
    "Handed",
    "House",
    "InHand",
    "Invited",
    "Member",
    "ask",
    "ask_again",
    "change_role",
    "change_teams",
    "end_sign_ins",
    "end_work",
    "hand_on",
    "house",
    "join",
    "member",
    "reset_second_step",
    "take_back",
    "withdraw",
]
