"""What e-mail means: answers go out by it, what customers write comes in by it, what they accepted is confirmed by it."""
