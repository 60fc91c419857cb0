"""The properties every record carries, so that nothing documented is ever left out.

An unset property is None here and null on the wire. Lists that Recurly never leaves null start empty
instead.
"""

from typing import Any

Record = dict[str, Any]

_PROPERTIES = {
    "account": """
        id object state hosted_login_token shipping_addresses has_live_subscription
        has_active_subscription has_future_subscription has_canceled_subscription
        has_paused_subscription has_past_due_invoice created_at updated_at deleted_at code
        username email override_business_entity_id preferred_locale preferred_time_zone
        cc_emails first_name last_name company vat_number tax_exempt exemption_certificate
        external_accounts parent_account_id bill_to dunning_campaign_id invoice_template_id
        address billing_info custom_fields entity_use_code bill_date
    """,
    "account_mini": """
        id object code email first_name last_name company parent_account_id bill_to
        dunning_campaign_id
    """,
    "address": """
        phone street1 street2 city region postal_code country geo_code
    """,
    "billing_info": """
        id object account_id first_name last_name company address vat_number valid
        payment_method fraud primary_payment_method backup_payment_method
        payment_gateway_references created_at updated_at updated_by
    """,
    "payment_method": """
        object card_type first_six last_four last_two exp_month exp_year gateway_token
        cc_bin_country funding_source gateway_code gateway_attributes card_network_preference
        billing_agreement_id name_on_account account_type routing_number routing_number_bank
        username
    """,
    "shipping_address": """
        id object account_id nickname first_name last_name company email vat_number phone
        street1 street2 city region postal_code country geo_code created_at updated_at
    """,
    "custom_field_definition": """
        id object related_type name user_access display_name tooltip created_at updated_at
        deleted_at
    """,
    "site": """
        id object subdomain public_api_key mode address settings features created_at
        updated_at deleted_at
    """,
    "subscription": """
        id object uuid account plan state shipping coupon_redemptions pending_change
        current_period_started_at current_period_ends_at current_term_started_at
        current_term_ends_at trial_started_at trial_ends_at remaining_billing_cycles
        total_billing_cycles renewal_billing_cycles auto_renew ramp_intervals paused_at
        remaining_pause_cycles resume_at currency revenue_schedule_type unit_amount
        tax_inclusive quantity add_ons add_ons_total subtotal tax tax_info price_segment_id
        total collection_method po_number net_terms net_terms_type credit_application_policy
        terms_and_conditions customer_notes expiration_reason custom_fields created_at
        updated_at activated_at canceled_at expires_at bank_account_authorized_at gateway_code
        billing_info_id active_invoice_id business_entity_id started_with_gift converted_at
        action_result
    """,
    "subscription_change": """
        id object subscription_id plan add_ons unit_amount tax_inclusive quantity shipping
        activate_at activated revenue_schedule_type invoice_collection business_entity
        custom_fields created_at updated_at deleted_at billing_info ramp_intervals
        next_bill_date
    """,
    "subscription_add_on": """
        id object subscription_id add_on add_on_source quantity unit_amount
        unit_amount_decimal revenue_schedule_type tier_type usage_calculation_type
        usage_timeframe tiers percentage_tiers usage_percentage created_at updated_at
        expired_at
    """,
    "add_on_mini": """
        id object code name add_on_type usage_type usage_percentage measured_unit_id item_id
        external_sku accounting_code
    """,
    "plan_mini": """
        id object code name
    """,
    "coupon_redemption_mini": """
        id object coupon state remaining_duration discounted created_at
    """,
    "coupon_mini": """
        id object code name state discount coupon_type expired_at
    """,
    "invoice": """
        id uuid object type origin state account billing_info_id subscription_ids
        previous_invoice_id number collection_method po_number net_terms net_terms_type
        address shipping_address currency discount coupon_redemptions subtotal
        subtotal_after_discount tax reference_only_currency_conversion total refundable_amount
        paid balance tax_info used_tax_service vat_number vat_reverse_charge_notes
        terms_and_conditions customer_notes line_items has_more_line_items transactions
        credit_payments created_at updated_at due_at closed_at dunning_campaign_id
        dunning_events_sent final_dunning_event business_entity_id custom_fields
    """,
    "invoice_mini": """
        id object number business_entity_id type state
    """,
    "invoice_address": """
        name_on_account company phone street1 street2 city region postal_code country geo_code
        first_name last_name
    """,
    "line_item": """
        id object uuid type item_code item_id external_sku revenue_schedule_type state
        legacy_category account bill_for_account_id subscription_id plan_id plan_code
        add_on_id add_on_code invoice_id invoice_number previous_line_item_id
        original_line_item_invoice_id origin accounting_code product_code credit_reason_code
        currency amount description quantity quantity_decimal unit_amount unit_amount_decimal
        tax_inclusive subtotal discount discounts liability_gl_account_code
        revenue_gl_account_code performance_obligation_id tax taxable tax_exempt
        avalara_transaction_type avalara_service_type vertex_transaction_type tax_code
        harmonized_system_code tax_info origin_tax_address_source
        destination_tax_address_source proration_rate refund refunded_quantity
        refunded_quantity_decimal credit_applied shipping_address start_date end_date
        custom_fields created_at updated_at
    """,
    "transaction": """
        id object uuid original_transaction_id account initiator invoice merchant_reason_code
        voided_by_invoice subscription_ids type origin currency description amount status
        success backup_payment_method_used refunded billing_address collection_method
        payment_method payment_gateway_references ip_address_v4 ip_address_country status_code
        status_message customer_message customer_message_locale payment_gateway
        gateway_message gateway_reference gateway_approval_code gateway_response_code
        gateway_response_time gateway_response_values cvv_check avs_check created_at
        updated_at voided_at collected_at action_result vat_number fraud_info next_action
    """,
    "billing_address": """
        first_name last_name phone street1 street2 city region postal_code country geo_code
    """,
    "credit_payment": """
        id object uuid action account applied_to_invoice original_invoice currency amount
        original_credit_payment_id refund_transaction created_at updated_at voided_at
    """,
    "coupon": """
        id object code name state max_redemptions max_redemptions_per_account
        unique_coupon_codes_count unique_code_template unique_coupon_code duration
        temporal_amount temporal_unit free_trial_unit free_trial_amount applies_to_all_plans
        applies_to_all_items applies_to_non_plan_charges plans items redemption_resource
        discount coupon_type hosted_page_description invoice_description redeem_by
        redeem_by_interval_unit redeem_by_interval_amount created_at updated_at expired_at
    """,
    "coupon_redemption": """
        id object uuid account subscription_id coupon state remaining_duration currency
        discounted created_at updated_at removed_at
    """,
    "plan": """
        id object code name state pricing_model currencies ramp_intervals setup_fees
        interval_unit interval_length description accounting_code revenue_schedule_type
        liability_gl_account_id revenue_gl_account_id performance_obligation_id
        setup_fee_accounting_code setup_fee_revenue_schedule_type
        setup_fee_liability_gl_account_id setup_fee_revenue_gl_account_id
        setup_fee_performance_obligation_id trial_unit trial_length
        trial_requires_billing_info total_billing_cycles auto_renew custom_fields
        avalara_transaction_type avalara_service_type tax_code harmonized_system_code
        tax_exempt vertex_transaction_type hosted_pages allow_any_item_on_subscriptions
        dunning_campaign_id created_at updated_at deleted_at
    """,
    "add_on": """
        id object plan_id code state name add_on_type usage_type usage_calculation_type
        usage_percentage measured_unit_id liability_gl_account_id revenue_gl_account_id
        performance_obligation_id accounting_code revenue_schedule_type
        avalara_transaction_type avalara_service_type tax_code harmonized_system_code
        display_quantity default_quantity optional currencies item tier_type usage_timeframe
        tiers percentage_tiers external_sku created_at updated_at deleted_at
    """,
    "item": """
        id object code state name description external_sku accounting_code
        revenue_schedule_type performance_obligation_id liability_gl_account_id
        revenue_gl_account_id avalara_transaction_type avalara_service_type tax_code
        harmonized_system_code tax_exempt custom_fields currencies created_at updated_at
        deleted_at
    """,
    "measured_unit": """
        id object name display_name state description created_at updated_at deleted_at
    """,
    "usage": """
        id object merchant_tag amount usage_type tier_type tiers percentage_tiers
        measured_unit_id recording_timestamp usage_timestamp usage_percentage unit_amount
        unit_amount_decimal billed_at created_at updated_at
    """,
    "dunning_campaign": """
        id object code name description default_campaign dunning_cycles created_at updated_at
        deleted_at
    """,
    "dunning_cycle": """
        type applies_to_manual_trial first_communication_interval
        send_immediately_on_hard_decline intervals expire_subscription fail_invoice
        total_dunning_days total_recycling_days version created_at updated_at
    """,
    "acquisition": """
        cost channel subchannel campaign acquired_at id object account created_at updated_at
    """,
}

# What the "object" property says, where it is not the name of the shape; "" means it has none.
_OBJECTS = {
    "account_mini": "account",
    "acquisition": "account_acquisition",
    "add_on_mini": "add_on",
    "address": "",
    "billing_address": "",
    "coupon_mini": "coupon",
    "coupon_redemption_mini": "coupon_redemption",
    "dunning_cycle": "",
    "invoice_address": "",
    "invoice_mini": "invoice",
    "payment_method": "",
    "plan_mini": "plan",
}

_LISTS = {
    "account": ("shipping_addresses", "external_accounts", "custom_fields"),
    "coupon": ("plans", "items"),
    "invoice": (
        "subscription_ids coupon_redemptions line_items transactions credit_payments custom_fields"
    ).split(),
    "item": ("custom_fields", "currencies"),
    "line_item": ("discounts", "custom_fields"),
    "plan": ("ramp_intervals", "setup_fees", "custom_fields"),
    "subscription": ("coupon_redemptions", "ramp_intervals", "add_ons", "custom_fields"),
    "subscription_change": ("add_ons", "custom_fields", "ramp_intervals"),
    "transaction": ("subscription_ids", "payment_gateway_references"),
}


def _template(shape: str) -> Record:
    record: Record = dict.fromkeys(_PROPERTIES[shape].split())
    if word := _OBJECTS.get(shape, shape):
        record["object"] = word
    return record


_TEMPLATES = {shape: _template(shape) for shape in _PROPERTIES}


def record(shape: str, **values: Any) -> Record:
    """A record of the shape with these values; everything else null, or an empty list.

    Raises KeyError for a property the shape does not have.
    """
    made = _TEMPLATES[shape].copy()
    for name in _LISTS.get(shape, ()):
        made[name] = []
    for name, value in values.items():
        if name not in made:
            raise KeyError(f"{shape} has no property {name}")
        made[name] = value
    return made


def mini(shape: str, full: Record) -> Record:
    """The small form of a record that other records embed."""
    made = _TEMPLATES[shape].copy()
    for name in made:
        if name in full:
            made[name] = full[name]
    return made
