"""Pages of those who oversee: who looked at whom, what is kept of a customer, and for how long."""
