"""Engine: the decision as a pure function of the profile, the ledger and the published configuration."""
