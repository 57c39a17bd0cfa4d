"""The database's history: dated steps from nothing to this release."""
