"""Lists across accounts: every subscription and every invoice, filtered, sorted, summed and exported."""
