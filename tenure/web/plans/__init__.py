"""Plans, taking runs back, and drift: what would change, what did, and what was left behind."""
