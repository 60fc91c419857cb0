"""Pages about whose records are: conflicts, the unidentified, merges."""
