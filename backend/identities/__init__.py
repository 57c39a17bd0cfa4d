"""Who is who: near matches that are suggested, and the merge and unmerge of two customers by a person."""
