"""What somebody should look at: rules that became true for an account, and what came of it."""
