"""Measures this machine: how fast decisions are made, asked for over HTTP, and drawn on pages."""
