"""Sync: runs, how sites stand, quarantine."""
