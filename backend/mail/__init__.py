"""E-mail as such: what is to be sent, and what came of it; what came in."""
