"""Budgets: what is scarce, reserved under a guard and given back when nothing comes of it."""
