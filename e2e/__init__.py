"""Journeys in a real browser, on real server processes."""
