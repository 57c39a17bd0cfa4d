"""Paying a bill: by a page that a payment provider hosts, settled by what the provider tells, signed."""
