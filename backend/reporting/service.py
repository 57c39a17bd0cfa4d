"""The door of reporting: what happens is counted as it arrives, and asked of by span, team, agent, channel and treatment."""

from __future__ import annotations

from backend.reporting.behind import MOST_IN_FILE, Behind, contacts_behind, offers_behind
from backend.reporting.dealing import PRACTICES, AgentLine, Dealt, GroupLine, Practice
from backend.reporting.dealing import agents as agents_dealing
from backend.reporting.dealing import groups as groups_dealt_with
from backend.reporting.facts import ContactFact
from backend.reporting.floor import BY_KEY, BYS, MEASURES, Figure, Line, Measure, Point, figures, split
from backend.reporting.groups import GROUPS
from backend.reporting.intervals import Share
from backend.reporting.leaving import erase_customer, export_customer, let_go_of_old
from backend.reporting.nothing import Nothing, why_nothing
from backend.reporting.reading import Freshness, Only, freshness
from backend.reporting.recounting import Recount, mend, recount
from backend.reporting.rolling import roll_all, roll_due
from backend.reporting.spans import CHOICES, USUAL, Span, span_of
from backend.reporting.stored import Kept, contact_facts, kept_offers
from backend.reporting.who import Names, names
from backend.reporting.working import BYS as WORK_BYS
from backend.reporting.working import (
    Beside,
    Hint,
    Reason,
    Work,
    WorkLine,
    by_channel,
    hints,
    reasons,
    treatment_names,
    work,
)

__all__ = [
    "BYS", "BY_KEY", "CHOICES", "GROUPS", "MEASURES", "MOST_IN_FILE", "PRACTICES", "USUAL", "WORK_BYS", "AgentLine", "Behind",
    "Beside", "ContactFact", "Dealt", "Figure", "Freshness", "GroupLine", "Hint", "Kept", "Line", "Measure", "Names", "Nothing",
    "Only", "Point", "Practice", "Reason", "Recount", "Share", "Span", "Work", "WorkLine", "agents_dealing",
    "by_channel", "contact_facts", "contacts_behind", "erase_customer", "export_customer", "figures", "freshness", "groups_dealt_with", "hints",
    "kept_offers", "let_go_of_old", "mend", "names", "offers_behind", "reasons", "recount", "roll_all", "roll_due", "span_of", "split",
    "treatment_names", "why_nothing", "work",
]  # fmt: skip
