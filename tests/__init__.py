"""Unit (pure), service (a real database), web (whole apps), architecture (what may stand where)."""
