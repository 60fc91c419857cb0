"""Setting sites up, step by step: from a key to the accounts, by one person alone."""
