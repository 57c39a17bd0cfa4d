"""Knowledge: articles that say what to do, for colleagues alone or for everyone, found by words, moment and case."""
