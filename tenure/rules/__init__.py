"""One language for what people ask of accounts: list filters, segments, alerts, health."""
