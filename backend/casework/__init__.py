"""Cases as they are worked: composed of the cases themselves, the pack in force, and whose they are."""
