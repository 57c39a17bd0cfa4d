"""Alerts: what a rule saw go wrong, whose it is, and what was done about it."""
