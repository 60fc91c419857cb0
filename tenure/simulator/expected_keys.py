"""Every property Recurly documents for each object, and how the objects nest.

Derived from the public OpenAPI description of v2021-02-25. A word ``plan:plan_mini`` is the property
``plan`` holding a ``plan_mini``, or a list of them. Recurly's description declares almost nothing as
required, so a validator never notices a missing property; this list does.
"""

from typing import Any

_TEXT: dict[str, str] = {
    "account": """
        id object state hosted_login_token shipping_addresses:shipping_address
        has_live_subscription has_active_subscription has_future_subscription
        has_canceled_subscription has_paused_subscription has_past_due_invoice created_at
        updated_at deleted_at code username email override_business_entity_id preferred_locale
        preferred_time_zone cc_emails first_name last_name company vat_number tax_exempt
        exemption_certificate external_accounts:external_account parent_account_id bill_to
        dunning_campaign_id invoice_template_id address:address billing_info:billing_info
        custom_fields:custom_field entity_use_code bill_date
    """,
    "account_acquisition": """
        cost channel subchannel campaign acquired_at id object account:account_mini created_at
        updated_at
    """,
    "account_balance": "object account:account_mini past_due balances:account_balance_amount",
    "account_balance_amount": """
        currency amount processing_prepayment_amount available_credit_amount
    """,
    "account_mini": """
        id object code email first_name last_name company parent_account_id bill_to
        dunning_campaign_id
    """,
    "account_note": "id object account_id user:user message created_at",
    "add_on": """
        id object plan_id code state name add_on_type usage_type usage_calculation_type
        usage_percentage measured_unit_id liability_gl_account_id revenue_gl_account_id
        performance_obligation_id accounting_code revenue_schedule_type avalara_transaction_type
        avalara_service_type tax_code harmonized_system_code display_quantity default_quantity
        optional currencies:add_on_pricing item:item_mini tier_type usage_timeframe tiers:tier
        percentage_tiers:percentage_tiers_by_currency external_sku created_at updated_at
        deleted_at
    """,
    "add_on_mini": """
        id object code name add_on_type usage_type usage_percentage measured_unit_id item_id
        external_sku accounting_code
    """,
    "add_on_pricing": "currency unit_amount unit_amount_decimal tax_inclusive",
    "address": "phone street1 street2 city region postal_code country geo_code",
    "address_with_name": """
        phone street1 street2 city region postal_code country geo_code first_name last_name
    """,
    "billing_info": """
        id object account_id first_name last_name company address:address vat_number valid
        payment_method:payment_method fraud:billing_info_fraud primary_payment_method
        backup_payment_method payment_gateway_references:payment_gateway_references created_at
        updated_at updated_by:billing_info_updated_by
    """,
    "billing_info_fraud": "score decision risk_rules_triggered",
    "billing_info_updated_by": "ip country",
    "business_entity_mini": "id object code name",
    "coupon": """
        id object code name state max_redemptions max_redemptions_per_account
        unique_coupon_codes_count unique_code_template
        unique_coupon_code:coupon_unique_coupon_code duration temporal_amount temporal_unit
        free_trial_unit free_trial_amount applies_to_all_plans applies_to_all_items
        applies_to_non_plan_charges plans:plan_mini items:item_mini redemption_resource
        discount:coupon_discount coupon_type hosted_page_description invoice_description
        redeem_by redeem_by_interval_unit redeem_by_interval_amount created_at updated_at
        expired_at
    """,
    "coupon_discount": """
        type percent currencies:coupon_discount_pricing trial:coupon_discount_trial
    """,
    "coupon_discount_pricing": "currency amount",
    "coupon_discount_trial": "unit length",
    "coupon_mini": """
        id object code name state discount:coupon_discount coupon_type expired_at
    """,
    "coupon_redemption": """
        id object uuid account:account_mini subscription_id coupon:coupon state
        remaining_duration:coupon_redemption_remaining_duration currency discounted created_at
        updated_at removed_at
    """,
    "coupon_redemption_mini": """
        id object coupon:coupon_mini state
        remaining_duration:coupon_redemption_remaining_duration discounted created_at
    """,
    "coupon_redemption_remaining_duration": "type expires_at redemptions_remaining",
    "coupon_unique_coupon_code": """
        id object code state bulk_coupon_id bulk_coupon_code created_at updated_at redeemed_at
        expired_at redeem_by_date
    """,
    "credit_application_policy": "mode allowed_origins",
    "credit_payment": """
        id object uuid action account:account_mini applied_to_invoice:invoice_mini
        original_invoice:invoice_mini currency amount original_credit_payment_id
        refund_transaction:transaction created_at updated_at voided_at
    """,
    "custom_field": "name value source_record_type source_record_id",
    "custom_field_definition": """
        id object related_type name user_access display_name tooltip created_at updated_at
        deleted_at
    """,
    "dunning_campaign": """
        id object code name description default_campaign dunning_cycles:dunning_cycle created_at
        updated_at deleted_at
    """,
    "dunning_cycle": """
        type applies_to_manual_trial first_communication_interval
        send_immediately_on_hard_decline intervals:dunning_interval expire_subscription
        fail_invoice total_dunning_days total_recycling_days version created_at updated_at
    """,
    "dunning_interval": "days email_template",
    "external_account": """
        object id external_account_code external_connection_type created_at updated_at
    """,
    "fraud_risk_rule": "code message",
    "invoice": """
        id uuid object type origin state account:account_mini billing_info_id subscription_ids
        previous_invoice_id number collection_method po_number net_terms net_terms_type
        address:invoice_address shipping_address:shipping_address currency discount
        coupon_redemptions:coupon_redemption_mini subtotal subtotal_after_discount tax
        reference_only_currency_conversion:reference_only_currency_conversion total
        refundable_amount paid balance tax_info:tax_info used_tax_service vat_number
        vat_reverse_charge_notes terms_and_conditions customer_notes line_items:line_item
        has_more_line_items transactions:transaction credit_payments:credit_payment created_at
        updated_at due_at closed_at dunning_campaign_id dunning_events_sent final_dunning_event
        business_entity_id custom_fields:custom_field
    """,
    "invoice_address": """
        phone street1 street2 city region postal_code country geo_code first_name last_name
        name_on_account company
    """,
    "invoice_collection": """
        object charge_invoice:invoice credit_invoices:invoice
        verification_transactions:transaction
    """,
    "invoice_mini": "id object number business_entity_id type state",
    "item": """
        id object code state name description external_sku accounting_code revenue_schedule_type
        performance_obligation_id liability_gl_account_id revenue_gl_account_id
        avalara_transaction_type avalara_service_type tax_code harmonized_system_code tax_exempt
        custom_fields:custom_field currencies:pricing created_at updated_at deleted_at
    """,
    "item_mini": "id object code state name description",
    "line_item": """
        id object uuid type item_code item_id external_sku revenue_schedule_type state
        legacy_category account:account_mini bill_for_account_id subscription_id plan_id
        plan_code add_on_id add_on_code invoice_id invoice_number previous_line_item_id
        original_line_item_invoice_id origin accounting_code product_code credit_reason_code
        currency amount description quantity quantity_decimal unit_amount unit_amount_decimal
        tax_inclusive subtotal discount discounts:line_item_discount liability_gl_account_code
        revenue_gl_account_code performance_obligation_id tax taxable tax_exempt
        avalara_transaction_type avalara_service_type vertex_transaction_type tax_code
        harmonized_system_code tax_info:tax_info origin_tax_address_source
        destination_tax_address_source proration_rate refund refunded_quantity
        refunded_quantity_decimal credit_applied shipping_address:shipping_address start_date
        end_date custom_fields:custom_field created_at updated_at
    """,
    "line_item_discount": """
        object coupon_id coupon_redemption_id order_applied discount_amount currency
    """,
    "measured_unit": """
        id object name display_name state description created_at updated_at deleted_at
    """,
    "payment_gateway_references": "token reference_type",
    "payment_method": """
        object card_type first_six last_four last_two exp_month exp_year gateway_token
        cc_bin_country funding_source gateway_code
        gateway_attributes:payment_method_gateway_attributes card_network_preference
        billing_agreement_id name_on_account account_type routing_number routing_number_bank
        username
    """,
    "payment_method_gateway_attributes": "account_reference",
    "percentage_tier": "ending_amount usage_percentage",
    "percentage_tiers_by_currency": "currency tiers:percentage_tier",
    "plan": """
        id object code name state pricing_model currencies:plan_pricing
        ramp_intervals:plan_ramp_interval setup_fees:plan_setup_pricing interval_unit
        interval_length description accounting_code revenue_schedule_type
        liability_gl_account_id revenue_gl_account_id performance_obligation_id
        setup_fee_accounting_code setup_fee_revenue_schedule_type
        setup_fee_liability_gl_account_id setup_fee_revenue_gl_account_id
        setup_fee_performance_obligation_id trial_unit trial_length trial_requires_billing_info
        total_billing_cycles auto_renew custom_fields:custom_field avalara_transaction_type
        avalara_service_type tax_code harmonized_system_code tax_exempt vertex_transaction_type
        hosted_pages:plan_hosted_pages allow_any_item_on_subscriptions dunning_campaign_id
        created_at updated_at deleted_at
    """,
    "plan_hosted_pages": "success_url cancel_url bypass_confirmation display_quantity",
    "plan_mini": "id object code name",
    "plan_pricing": "currency setup_fee unit_amount price_segment_id tax_inclusive",
    "plan_ramp_interval": "starting_billing_cycle currencies:plan_ramp_pricing",
    "plan_ramp_pricing": "currency unit_amount price_segment_id",
    "plan_setup_pricing": "currency unit_amount",
    "pricing": "currency unit_amount tax_inclusive",
    "reference_only_currency_conversion": """
        currency subtotal_in_cents tax_in_cents rate source date
    """,
    "settings": "billing_address_requirement accepted_currencies default_currency",
    "shipping_address": """
        id object account_id nickname first_name last_name company email vat_number phone
        street1 street2 city region postal_code country geo_code created_at updated_at
    """,
    "shipping_method_mini": "id object code name",
    "site": """
        id object subdomain public_api_key mode address:address settings:settings features
        created_at updated_at deleted_at
    """,
    "subscription": """
        id object uuid account:account_mini plan:plan_mini state shipping:subscription_shipping
        coupon_redemptions:coupon_redemption_mini pending_change:subscription_change
        current_period_started_at current_period_ends_at current_term_started_at
        current_term_ends_at trial_started_at trial_ends_at remaining_billing_cycles
        total_billing_cycles renewal_billing_cycles auto_renew
        ramp_intervals:subscription_ramp_interval_response paused_at remaining_pause_cycles
        resume_at currency revenue_schedule_type unit_amount tax_inclusive quantity
        add_ons:subscription_add_on add_ons_total subtotal tax tax_info:tax_info
        price_segment_id total collection_method po_number net_terms net_terms_type
        credit_application_policy:credit_application_policy terms_and_conditions customer_notes
        expiration_reason custom_fields:custom_field created_at updated_at activated_at
        canceled_at expires_at bank_account_authorized_at gateway_code billing_info_id
        active_invoice_id business_entity_id started_with_gift converted_at action_result
    """,
    "subscription_add_on": """
        id object subscription_id add_on:add_on_mini add_on_source quantity unit_amount
        unit_amount_decimal revenue_schedule_type tier_type usage_calculation_type
        usage_timeframe tiers:subscription_add_on_tier
        percentage_tiers:subscription_add_on_percentage_tier usage_percentage created_at
        updated_at expired_at
    """,
    "subscription_add_on_percentage_tier": "ending_amount usage_percentage",
    "subscription_add_on_tier": """
        ending_quantity unit_amount unit_amount_decimal usage_percentage
    """,
    "subscription_change": """
        id object subscription_id plan:plan_mini add_ons:subscription_add_on unit_amount
        tax_inclusive quantity shipping:subscription_shipping activate_at activated
        revenue_schedule_type invoice_collection:invoice_collection
        business_entity:business_entity_mini custom_fields:custom_field created_at updated_at
        deleted_at billing_info:subscription_change_billing_info
        ramp_intervals:subscription_ramp_interval_response next_bill_date
    """,
    "subscription_change_billing_info": "three_d_secure_action_result_token_id",
    "subscription_ramp_interval_response": """
        starting_billing_cycle remaining_billing_cycles starting_on ending_on unit_amount
    """,
    "subscription_shipping": """
        object address:shipping_address method:shipping_method_mini amount
    """,
    "tax_detail": "type region rate tax name level billable",
    "tax_info": "type region rate tax_details:tax_detail",
    "tier": "ending_quantity usage_percentage currencies:tier_pricing",
    "tier_pricing": "currency unit_amount unit_amount_decimal",
    "transaction": """
        id object uuid original_transaction_id account:account_mini initiator
        invoice:invoice_mini merchant_reason_code voided_by_invoice:invoice_mini
        subscription_ids type origin currency description amount status success
        backup_payment_method_used refunded billing_address:address_with_name collection_method
        payment_method:payment_method payment_gateway_references:payment_gateway_references
        ip_address_v4 ip_address_country status_code status_message customer_message
        customer_message_locale payment_gateway:transaction_payment_gateway gateway_message
        gateway_reference gateway_approval_code gateway_response_code gateway_response_time
        gateway_response_values cvv_check avs_check created_at updated_at voided_at collected_at
        action_result vat_number fraud_info:transaction_fraud_info
        next_action:transaction_next_action
    """,
    "transaction_fraud_info": """
        object score decision reference risk_rules_triggered:fraud_risk_rule
    """,
    "transaction_next_action": "type value",
    "transaction_payment_gateway": "id object type name",
    "usage": """
        id object merchant_tag amount usage_type tier_type tiers:subscription_add_on_tier
        percentage_tiers:subscription_add_on_percentage_tier measured_unit_id
        recording_timestamp usage_timestamp usage_percentage unit_amount unit_amount_decimal
        billed_at created_at updated_at
    """,
    "user": "id object email first_name last_name time_zone created_at deleted_at",
}

# Properties that come only with some values of the object: copied custom fields name their source.
_SOMETIMES: dict[str, frozenset[str]] = {
    "custom_field": frozenset(["source_record_type", "source_record_id"]),
}

Shape = dict[str, str]

# For each object its properties, and for each property the object inside it ("" for a plain value).
EXPECTED_KEYS: dict[str, Shape] = {
    name: {key: inner for key, _, inner in (word.partition(":") for word in text.split())}
    for name, text in _TEXT.items()
}


def differences(shape: str, record: dict[str, Any], at: str = "") -> list[str]:
    """What is missing from a record or unknown in it, at any depth, one sentence each."""
    expected = EXPECTED_KEYS[shape]
    where = at or shape
    sometimes = _SOMETIMES.get(shape, frozenset())
    found = [f"{where} has no {key}" for key in expected.keys() - record.keys() - sometimes]
    found += [f"{where} has an unknown {key}" for key in record.keys() - expected.keys()]
    for key, inner in expected.items():
        if inner:
            for child in _objects(record.get(key)):
                found += differences(inner, child, f"{where}.{key}")
    return sorted(found)


def _objects(value: Any) -> list[dict[str, Any]]:
    values = value if isinstance(value, list) else [value]
    return [child for child in values if isinstance(child, dict)]
