"""Credit payments: credit used on invoices. The only list here that does not take ``ids``."""

from tenure.sources.base import Stream
from tenure.sources.recurly.kind import Kind
from tenure.sources.recurly.payments import credit_payment, credits_used

KIND = Kind(Stream.CREDIT_PAYMENTS, "/credit_payments", credits_used, credit_payment, has_ids=False)
