"""The steps of a decision and the states of an offer, as people read them."""

from __future__ import annotations

from shared.kernel.languages import noted

STEP_LABELS = {
    "in_force": "Not in force",
    "eligible": "Not eligible",
    "applicable": "Not relevant now",
    "suitable": "Not good for them",
    "consent": "No consent",
    "contact_policy": "Contact policy",
    "budget": "Nothing left of a budget",
    "holdout": "In a control group",
    "arbitration": "Silence is better",
    "deliverable": "Not in this channel",
}
STATE_LABELS = {
    "open": noted("Not yet mentioned"),
    "presented": noted("Offered"),
    "accepted": noted("Accepted"),
    "fulfilled": noted("Arranged"),
    "declined": noted("Declined"),
    "deferred": noted("Put off"),
    "expired": noted("Ended"),
    "withdrawn": noted("Withdrawn"),
    "pending_approval": noted("Being confirmed"),
    "superseded": noted("Replaced"),
    "undone": noted("Taken back"),
}
