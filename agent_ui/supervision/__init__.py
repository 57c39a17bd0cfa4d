"""Supervision: what goes on now in all channels, for whoever watches over it."""
