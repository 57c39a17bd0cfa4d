"""The desk's pages of cases: the lists, one case, and what is done with it."""
