"""Trials: experiments from the first thought to the decision, and what holdouts and experiments came to."""
