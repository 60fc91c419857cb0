"""Pages of alerts: the inbox people triage, the rules that open alerts, and what to begin with."""
