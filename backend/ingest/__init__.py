"""Where events come in from outside: recognised, checked against the tracking plan, and on the profile when the call returns."""
