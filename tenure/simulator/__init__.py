"""A stand-in Recurly: speaks the v3 wire format, imports nothing of ours but core."""
