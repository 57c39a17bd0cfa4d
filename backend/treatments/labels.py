"""The steps of a decision and the states of an offer, as people read them."""

from __future__ import annotations

STEP_LABELS = {
    "in_force": "Not in force",
    "eligible": "Not eligible",
    "applicable": "Not relevant now",
    "suitable": "Not good for them",
    "consent": "No consent",
    "contact_policy": "Contact policy",
    "budget": "Nothing left of a budget",
    "arbitration": "Silence is better",
    "deliverable": "Not in this channel",
}
STATE_LABELS = {
    "open": "Not yet mentioned",
    "presented": "Offered",
    "accepted": "Accepted",
    "fulfilled": "Arranged",
    "declined": "Declined",
    "deferred": "Put off",
    "expired": "Ended",
    "withdrawn": "Withdrawn",
    "pending_approval": "Being confirmed",
    "superseded": "Replaced",
    "undone": "Taken back",
}
