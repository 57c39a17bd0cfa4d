"""Roll-ups and reports: what happened, counted as it arrives, so that a question over years is answered at once."""
