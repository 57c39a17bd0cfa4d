"""The door of oversight: looks at customers, subject access, erasure, retention."""

from __future__ import annotations

from backend.oversight.looking import Look, looks, note_look

__all__ = ["Look", "looks", "note_look"]
