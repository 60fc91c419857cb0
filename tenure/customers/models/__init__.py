"""The tables of customers: accounts, what bills them, and how each value came to be."""

from tenure.customers.models.account import (
    Account,
    Alias,
    Attribute,
    AttributeKind,
    Comparison,
    Contact,
    SourceField,
)
from tenure.customers.models.billing import BillingAccount, Plan, Subscription
from tenure.customers.models.bulk import BulkEdit, BulkState
from tenure.customers.models.coupons import AccountCoupon, CouponTrace
from tenure.customers.models.exchange import Import, ImportPart, ImportReject, ImportState
from tenure.customers.models.history import Change, ChangeSet, Origin
from tenure.customers.models.invoicing import (
    Allocation,
    CreditPayment,
    Invoice,
    LineItem,
    Transaction,
)
from tenure.customers.models.touched import Touched
from tenure.customers.models.versions import (
    InvoiceOverTime,
    InvoiceVersion,
    SubscriptionOverTime,
    SubscriptionVersion,
)

__all__ = [
    "Account",
    "AccountCoupon",
    "Alias",
    "Allocation",
    "Attribute",
    "AttributeKind",
    "BillingAccount",
    "BulkEdit",
    "BulkState",
    "Change",
    "ChangeSet",
    "Comparison",
    "Contact",
    "CouponTrace",
    "CreditPayment",
    "Import",
    "ImportPart",
    "ImportReject",
    "ImportState",
    "Invoice",
    "InvoiceOverTime",
    "InvoiceVersion",
    "LineItem",
    "Origin",
    "Plan",
    "SourceField",
    "Subscription",
    "SubscriptionOverTime",
    "SubscriptionVersion",
    "Touched",
    "Transaction",
]
