"""Wiring: settings, addresses and the web entry. Nothing imports this package."""
