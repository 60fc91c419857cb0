"""Which account is this record? Pure resolution."""
