"""Account 360: one customer from every side."""
