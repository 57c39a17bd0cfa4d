"""The telecom pack: one vertical as plain text and data, with the scripts that made the data."""
