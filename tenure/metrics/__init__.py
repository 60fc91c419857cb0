"""What every number means: MRR, receivables, facts per account."""
