"""Editing customers: one value, many at once, a new account, and taking any of it back."""
