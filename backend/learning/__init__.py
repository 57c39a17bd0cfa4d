"""Learning: vectors in, numbers out."""
