"""Writing rules in the pages: what is said of one while it is typed, and what may come next."""
