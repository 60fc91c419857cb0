"""Money across accounts: subscriptions, invoices and revenue."""
