"""The door of trials."""

from backend.trials import tables as tables
