"""Treatments: what may be done for a customer, which comes first, what was offered, and what was answered."""
