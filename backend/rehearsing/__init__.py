"""A day of a call centre, played at speed through the house's own doors."""
