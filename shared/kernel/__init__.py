"""Clock, ids, money, errors, actors: pure, and without any framework."""
