"""The door of oversight: looks at customers, subject access, erasure, retention."""

from __future__ import annotations

from backend.oversight.access import Access, as_html, as_json, subject_access
from backend.oversight.erasing import Erasure, KeptLine, erase_customer, kept_records, sweep, would_keep
from backend.oversight.looking import Look, looks, note_look

__all__ = [
    "Access", "Erasure", "KeptLine", "Look", "as_html", "as_json", "erase_customer", "kept_records", "looks", "note_look",
    "subject_access", "sweep", "would_keep",
]  # fmt: skip
