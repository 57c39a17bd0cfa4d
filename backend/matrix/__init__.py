"""The matrix: packs, the Customer Experience Matrix, life cycle, intents and segments as typed, checked data."""
