"""What people do about accounts: tasks with a day and an owner, and notes."""
