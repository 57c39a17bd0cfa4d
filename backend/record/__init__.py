"""Record: work for later, what was done and by whom, and answers that may be asked for again."""
