"""Packs: one folder per vertical."""
