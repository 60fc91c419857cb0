"""The fields every account and every subscription of a source has, in the words of the neutral records.

A custom field is none of these: which there are is the site's to say.
"""

from dataclasses import dataclass

from tenure.customers.models import AttributeKind


@dataclass(frozen=True, slots=True)
class StandardField:
    """A field every object of a kind has. ``path`` is a column, a column and keys within it, or a key
    of ``extras``. ``shown`` fields are attributes from the start."""

    path: str
    label: str
    kind: str = AttributeKind.TEXT
    shown: bool = False
    is_extra: bool = False

    @property
    def name(self) -> str:
        """What an attribute read from it is called unless somebody says otherwise."""
        return self.path.replace(".", "_")


_DATE, _NUMBER, _BOOL = AttributeKind.DATE, AttributeKind.NUMBER, AttributeKind.BOOLEAN
_MONEY = AttributeKind.MONEY


def _address(path: str, of: str = "", *, is_extra: bool = False) -> tuple[StandardField, ...]:
    """The parts of an address; ``of`` says which one."""
    parts = {
        "street1": "Street",
        "street2": "Street, second line",
        "city": "City",
        "region": "Region",
        "postal_code": "Postal code",
        "country": "Country",
        "phone": "Phone",
        "geo_code": "Geographic code",
    }
    return tuple(
        StandardField(f"{path}.{key}", f"{of} {label.lower()}" if of else label, is_extra=is_extra)
        for key, label in parts.items()
    )


def _extra(path: str, label: str, kind: str = AttributeKind.TEXT) -> StandardField:
    return StandardField(path, label, kind, is_extra=True)


ACCOUNT_FIELDS = (
    StandardField("email", "E-mail", shown=True),
    StandardField("company", "Company", shown=True),
    StandardField("first_name", "First name", shown=True),
    StandardField("last_name", "Last name", shown=True),
    StandardField("username", "Username", shown=True),
    StandardField("cc_emails", "Copies to", shown=True),
    StandardField("vat_number", "VAT number", shown=True),
    StandardField("preferred_locale", "Locale", shown=True),
    StandardField("preferred_time_zone", "Time zone", shown=True),
    StandardField("bill_to", "Billed to", shown=True),
    StandardField("code", "Account code"),
    StandardField("billing_name", "Billing name"),
    StandardField("payment_method", "Payment method"),
    StandardField("payment_method_valid", "Payment method valid", _BOOL),
    StandardField("card_expires_year", "Card expires in year", _NUMBER),
    StandardField("card_expires_month", "Card expires in month", _NUMBER),
    StandardField("parent_upstream_id", "Parent account"),
    *_address("address"),
    StandardField("upstream_id", "Account id"),
    StandardField("state", "State in billing"),
    StandardField("has_live_subscription", "Has a live subscription", _BOOL),
    StandardField("has_past_due_invoice", "Has a past-due invoice", _BOOL),
    StandardField("created_at", "Created in billing", _DATE),
    StandardField("updated_at", "Changed in billing", _DATE),
    StandardField("closed_at", "Closed in billing", _DATE),
    _extra("tax_exempt", "Exempt from tax", _BOOL),
    _extra("exemption_certificate", "Tax exemption certificate"),
    _extra("entity_use_code", "Tax use code"),
    _extra("business_entity_upstream_id", "Business entity id"),
    _extra("dunning_campaign_upstream_id", "Dunning campaign id"),
    _extra("invoice_template_upstream_id", "Invoice template id"),
    _extra("bill_date", "Billing date", _DATE),
    _extra("has_active_subscription", "Has an active subscription", _BOOL),
    _extra("has_future_subscription", "Has a future subscription", _BOOL),
    _extra("has_canceled_subscription", "Has a cancelled subscription", _BOOL),
    _extra("has_paused_subscription", "Has a paused subscription", _BOOL),
    _extra("billing_upstream_id", "Billing details id"),
    _extra("billing_first_name", "Billing first name"),
    _extra("billing_last_name", "Billing last name"),
    _extra("billing_company", "Billing company"),
    _extra("billing_vat_number", "Billing VAT number"),
    *_address("billing_address", "Billing", is_extra=True),
    _extra("billing_is_primary", "Billing details are the primary ones", _BOOL),
    _extra("billing_is_backup", "Billing details are a backup", _BOOL),
    _extra("billing_created_at", "Billing details created", _DATE),
    _extra("billing_updated_at", "Billing details changed", _DATE),
    _extra("billing_updated_country", "Billing details changed from country"),
    _extra("billing_updated_ip", "Billing details changed from address"),
    _extra("fraud_score", "Fraud score", _NUMBER),
    _extra("fraud_decision", "Fraud decision"),
    _extra("payment_type", "Kind of payment method"),
    _extra("payment_gateway", "Payment gateway"),
    _extra("payment_username", "Payment user name"),
    _extra("card_country", "Card country"),
    _extra("card_funding", "Card funding"),
    _extra("card_network", "Card network"),
    _extra("bank_name", "Bank"),
    _extra("bank_account_name", "Name on the bank account"),
    _extra("bank_account_type", "Kind of bank account"),
)
SUBSCRIPTION_FIELDS = (
    StandardField("plan_code", "Plan code"),
    StandardField("plan_name", "Plan"),
    StandardField("quantity", "Quantity", _NUMBER),
    StandardField("unit_amount", "Unit amount", _MONEY),
    StandardField("currency", "Currency"),
    StandardField("po_number", "Purchase order"),
    StandardField("collection_method", "Collection method"),
    StandardField("auto_renew", "Renews by itself", _BOOL),
    StandardField("net_terms", "Net terms", _NUMBER),
    StandardField("net_terms_type", "Net terms type"),
    StandardField("total_billing_cycles", "Billing cycles", _NUMBER),
    StandardField("remaining_billing_cycles", "Billing cycles left", _NUMBER),
    StandardField("renewal_billing_cycles", "Billing cycles after renewal", _NUMBER),
    StandardField("add_ons_total", "Total of add-ons", _MONEY),
    StandardField("subtotal", "Subtotal", _MONEY),
    StandardField("tax", "Tax", _MONEY),
    StandardField("tax_rate", "Tax rate", _NUMBER),
    StandardField("tax_inclusive", "Tax included", _BOOL),
    StandardField("total", "Total", _MONEY),
    StandardField("started_with_gift", "Started with a gift card", _BOOL),
    StandardField("state", "State in billing"),
    StandardField("expiration_reason", "Expiration reason"),
    StandardField("upstream_id", "Subscription id"),
    StandardField("uuid", "Subscription UUID"),
    StandardField("account_upstream_id", "Billed account id"),
    StandardField("plan_upstream_id", "Plan id"),
    StandardField("created_at", "Created in billing", _DATE),
    StandardField("updated_at", "Changed in billing", _DATE),
    StandardField("activated_at", "Activated", _DATE),
    StandardField("trial_started_at", "Trial started", _DATE),
    StandardField("trial_ends_at", "Trial ends", _DATE),
    StandardField("current_period_started_at", "Period started", _DATE),
    StandardField("current_period_ends_at", "Period ends", _DATE),
    StandardField("current_term_started_at", "Term started", _DATE),
    StandardField("current_term_ends_at", "Term ends", _DATE),
    StandardField("canceled_at", "Cancelled", _DATE),
    StandardField("expires_at", "Expires", _DATE),
    StandardField("converted_at", "Converted from trial", _DATE),
    StandardField("paused_at", "Paused", _DATE),
    StandardField("resume_at", "Resumes", _DATE),
    StandardField("remaining_pause_cycles", "Paused cycles left", _NUMBER),
    StandardField("active_invoice_upstream_id", "Active invoice id"),
    StandardField("pending_change.activate_at", "Pending change takes effect", _DATE),
    StandardField("pending_change.next_bill_date", "Pending change bills next", _DATE),
    StandardField("pending_change.plan.code", "Pending plan code"),
    StandardField("pending_change.plan.name", "Pending plan"),
    StandardField("pending_change.quantity", "Pending quantity", _NUMBER),
    StandardField("pending_change.unit_amount", "Pending unit amount", _MONEY),
    StandardField("pending_change.revenue_schedule_type", "Pending revenue schedule"),
    StandardField("pending_change.created_at", "Pending change made", _DATE),
    _extra("billing_upstream_id", "Billing details id"),
    _extra("business_entity_upstream_id", "Business entity id"),
    _extra("payment_gateway", "Payment gateway"),
    _extra("price_segment", "Price segment"),
    _extra("revenue_schedule", "Revenue schedule"),
    _extra("credit_policy", "Which credits apply"),
    _extra("tax_type", "Tax type"),
    _extra("tax_region", "Tax region"),
    _extra("terms_and_conditions", "Terms and conditions"),
    _extra("customer_notes", "Customer notes"),
    _extra("bank_account_authorized_at", "Bank account authorised", _DATE),
    *_address("shipping_address", "Shipping", is_extra=True),
    _extra("shipping_address.first_name", "Shipping first name"),
    _extra("shipping_address.last_name", "Shipping last name"),
    _extra("shipping_address.company", "Shipping company"),
    _extra("shipping_address.email", "Shipping e-mail"),
    _extra("shipping_address.vat_number", "Shipping VAT number"),
    _extra("shipping_address.nickname", "Shipping address is called"),
    _extra("shipping_method", "Shipping method"),
    _extra("shipping_method_code", "Shipping method code"),
    _extra("shipping_method_upstream_id", "Shipping method id"),
    _extra("shipping_amount", "Shipping cost", _MONEY),
)
# How the source's own documents, and the identifier rule, call some of them: an ending in ``.`` is a
# beginning of several.
ALSO = {
    "account.id": "account.upstream_id",
    "account.parent_account_id": "account.parent_upstream_id",
    "account.deleted_at": "account.closed_at",
    "account.override_business_entity_id": "account.business_entity_upstream_id",
    "account.dunning_campaign_id": "account.dunning_campaign_upstream_id",
    "account.invoice_template_id": "account.invoice_template_upstream_id",
    "account.billing_info.id": "account.billing_upstream_id",
    "account.billing_info.valid": "account.payment_method_valid",
    "account.billing_info.primary_payment_method": "account.billing_is_primary",
    "account.billing_info.backup_payment_method": "account.billing_is_backup",
    "account.billing_info.updated_by.country": "account.billing_updated_country",
    "account.billing_info.updated_by.ip": "account.billing_updated_ip",
    "account.billing_info.fraud.score": "account.fraud_score",
    "account.billing_info.fraud.decision": "account.fraud_decision",
    "account.billing_info.payment_method.object": "account.payment_type",
    "account.billing_info.payment_method.card_type": "account.payment_method",
    "account.billing_info.payment_method.exp_month": "account.card_expires_month",
    "account.billing_info.payment_method.exp_year": "account.card_expires_year",
    "account.billing_info.payment_method.gateway_code": "account.payment_gateway",
    "account.billing_info.payment_method.username": "account.payment_username",
    "account.billing_info.payment_method.cc_bin_country": "account.card_country",
    "account.billing_info.payment_method.funding_source": "account.card_funding",
    "account.billing_info.payment_method.card_network_preference": "account.card_network",
    "account.billing_info.payment_method.routing_number_bank": "account.bank_name",
    "account.billing_info.payment_method.name_on_account": "account.bank_account_name",
    "account.billing_info.payment_method.account_type": "account.bank_account_type",
    "account.billing_info.": "account.billing_",
    "subscription.id": "subscription.upstream_id",
    "subscription.account_id": "subscription.account_upstream_id",
    "subscription.account.id": "subscription.account_upstream_id",
    "subscription.plan.id": "subscription.plan_upstream_id",
    "subscription.plan.code": "subscription.plan_code",
    "subscription.plan.name": "subscription.plan_name",
    "subscription.active_invoice_id": "subscription.active_invoice_upstream_id",
    "subscription.billing_info_id": "subscription.billing_upstream_id",
    "subscription.business_entity_id": "subscription.business_entity_upstream_id",
    "subscription.gateway_code": "subscription.payment_gateway",
    "subscription.price_segment_id": "subscription.price_segment",
    "subscription.revenue_schedule_type": "subscription.revenue_schedule",
    "subscription.credit_application_policy.mode": "subscription.credit_policy",
    "subscription.tax_info.rate": "subscription.tax_rate",
    "subscription.tax_info.type": "subscription.tax_type",
    "subscription.tax_info.region": "subscription.tax_region",
    "subscription.shipping.amount": "subscription.shipping_amount",
    "subscription.shipping.method.id": "subscription.shipping_method_upstream_id",
    "subscription.shipping.method.code": "subscription.shipping_method_code",
    "subscription.shipping.method.name": "subscription.shipping_method",
    "subscription.shipping.address.": "subscription.shipping_address.",
}
