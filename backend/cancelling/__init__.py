"""Leaving: a customer cancels a service, or all of them, by themselves, and may take it back until it happens."""
