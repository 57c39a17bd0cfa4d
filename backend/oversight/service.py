"""The door of oversight: looks at customers, subject access, erasure, retention, the audit trail."""

from __future__ import annotations

from backend.oversight.access import Access, as_html, as_json, subject_access
from backend.oversight.alarming import AlertBoard, AlertLine, alert_board, owner_named
from backend.oversight.answering import checked as check_letter
from backend.oversight.answering import note_printed
from backend.oversight.answering import send as send_answer
from backend.oversight.closing import BeforeClosing, before_closing, close_due
from backend.oversight.drawing_lots import draw_due
from backend.oversight.enquiring import About, Enquiry, Published, enquiry
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
from backend.oversight.watching import Watch
from backend.oversight.witnessing import NO_ACTS, NO_ACTS_OF_PROGRAMS

__all__ = [
    "NO_ACTS", "NO_ACTS_OF_PROGRAMS", "VERIFIED", "About", "Access", "AlertBoard", "AlertLine", "BeforeClosing", "Chain", "Difference", "Due", "Enquiry", "Erasure", "KeptLine", "Line", "Look", "Opened",
    "Published", "Rounds", "Run", "Watch", "alert_board", "as_csv", "as_html", "as_json", "before_closing", "chain", "check_letter", "close_due", "draw_due", "due", "enquiry", "erase_customer", "kept_records",
    "looks", "note_look", "note_printed", "note_verified", "opened", "owner_named", "retain", "runs", "send_answer", "steps", "subject_access", "sweep", "trail", "would_keep",
]  # fmt: skip
