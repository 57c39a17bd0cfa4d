"""Who is in which group of what is being proved, and the arithmetic that says what came of it."""
