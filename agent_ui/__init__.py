"""The desk: where an agent on a call sees the whole customer and the treatment to offer."""
