"""Settings: the Integrations Hub."""
