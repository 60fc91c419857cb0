"""Our own people: logins, roles, tokens."""
