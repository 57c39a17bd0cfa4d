"""Who works here: joiners by invitation, what each is, and leavers whose work others go on with."""
