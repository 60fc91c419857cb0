"""Pages of what people are told: the bell, choices, channels and the log."""
