"""Where billing data comes from: one folder a vendor, one contract for all."""
