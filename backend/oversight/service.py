"""The door of oversight: looks at customers, subject access, erasure, retention, the audit trail."""

from __future__ import annotations

from backend.oversight.access import Access, as_html, as_json, subject_access
from backend.oversight.closing import BeforeClosing, before_closing, close_due
from backend.oversight.erasing import Erasure, KeptLine, erase_customer, kept_records, sweep, would_keep
from backend.oversight.looking import Look, looks, note_look
from backend.oversight.retaining import Due, Rounds, Run, due, retain, runs, steps
from backend.oversight.trail import (
    VERIFIED,
    Chain,
    Difference,
    Line,
    Opened,
    as_csv,
    chain,
    note_verified,
    opened,
    trail,
)
from backend.oversight.witnessing import NO_ACTS

__all__ = [
    "NO_ACTS", "VERIFIED", "Access", "BeforeClosing", "Chain", "Difference", "Due", "Erasure", "KeptLine", "Line", "Look", "Opened",
    "Rounds", "Run", "as_csv", "as_html", "as_json", "before_closing", "chain", "close_due", "due", "erase_customer", "kept_records",
    "looks", "note_look", "note_verified", "opened", "retain", "runs", "steps", "subject_access", "sweep", "trail", "would_keep",
]  # fmt: skip
