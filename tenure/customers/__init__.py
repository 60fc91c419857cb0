"""What we believe about accounts, subscriptions and invoices, and why."""
