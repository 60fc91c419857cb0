"""The pages under Billing, in their order."""

TABS = (
    ("revenue", "Revenue"),
    ("subscriptions", "Subscriptions"),
    ("invoices", "Invoices"),
)
