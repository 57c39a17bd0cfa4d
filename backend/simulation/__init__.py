"""Simulation: decisions over the whole base, as they are and as a draft would have them."""
