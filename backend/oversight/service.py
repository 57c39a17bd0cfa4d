"""The door of oversight: looks at customers, subject access, erasure, retention."""

from __future__ import annotations

from backend.oversight.access import Access, as_html, as_json, subject_access
from backend.oversight.closing import BeforeClosing, before_closing, close_due
from backend.oversight.erasing import Erasure, KeptLine, erase_customer, kept_records, sweep, would_keep
from backend.oversight.looking import Look, looks, note_look
from backend.oversight.retaining import Due, Rounds, Run, due, retain, runs, steps

__all__ = [
    "Access", "BeforeClosing", "Due", "Erasure", "KeptLine", "Look", "Rounds", "Run", "as_html", "as_json", "before_closing", "close_due", "due", "erase_customer", "kept_records", "looks",
    "note_look", "retain", "runs", "steps", "subject_access", "sweep", "would_keep",
]  # fmt: skip
