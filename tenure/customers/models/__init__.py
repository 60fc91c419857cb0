"""The tables of customers: accounts, what bills them, and how each value came to be."""

from tenure.customers.models.account import Account, Attribute, AttributeKind
from tenure.customers.models.billing import BillingAccount, Plan, Subscription
from tenure.customers.models.history import Change, ChangeSet, Origin
from tenure.customers.models.invoicing import CreditPayment, Invoice, LineItem, Transaction

__all__ = [
    "Account",
    "Attribute",
    "AttributeKind",
    "BillingAccount",
    "Change",
    "ChangeSet",
    "CreditPayment",
    "Invoice",
    "LineItem",
    "Origin",
    "Plan",
    "Subscription",
    "Transaction",
]
