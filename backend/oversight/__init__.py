"""What supervisors and administrators see to: who looked at whom, subject access, erasure, and how long things are kept."""
