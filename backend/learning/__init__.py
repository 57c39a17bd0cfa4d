"""What is learned from answers: chances from vectors of numbers, with how sure they are, and how well they come true."""
