"""What administrators see and do: who works here and as what, telephones and skills, where events are sent and what did not arrive."""
