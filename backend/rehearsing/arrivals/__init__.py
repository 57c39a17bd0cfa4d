"""How many called in each five minutes of real days, as text."""
