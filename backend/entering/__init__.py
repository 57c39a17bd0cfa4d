"""Coming in: the proof that somebody is who they say, the sessions that follow, and the limits on trying."""
