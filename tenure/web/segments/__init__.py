"""Pages of segments: which there are, who is in, and what a rule would do before it is saved."""
