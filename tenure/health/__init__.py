"""How well an account is doing, as one number that explains itself."""
