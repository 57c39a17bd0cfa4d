"""What administrators see and do: where events are sent, and what did not arrive."""
