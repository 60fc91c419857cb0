"""What the operator configures: sites, keys, modes, schedules."""
