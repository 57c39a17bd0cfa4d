"""Authoring: the catalogue as it is and as it might be, for those who write it and those who approve it."""
