"""What rules may ask of subscriptions, invoices and contacts as they are kept.

What the figures make of them is the ``metrics`` package's to offer.
"""

from collections.abc import Iterable

from tenure.rules.catalogue import Attribute, Relation
from tenure.rules.operators import Type

NEVER, UNSAID = "Never unknown.", "Unknown where billing does not say."
_UNWRITTEN = "Unknown where nobody wrote it down."


def relations(own: Iterable[Attribute]) -> tuple[Relation, ...]:
    """Subscriptions with the workspace's ``own`` attributes of them, invoices and contacts."""
    return (
        Relation(
            "subscription",
            "Subscription",
            "subscriptions",
            "s",
            "customers_subscription",
            (*SUBSCRIPTION, *own),
            where="s.removed_at IS NULL",
            past_rows="customers_subscription_over_time",
            past_where="(s.removed_at IS NULL OR s.removed_at > {now})",
            evidence="coalesce(s.plan_name, s.plan_code, s.upstream_id)",
        ),
        Relation(
            "invoice",
            "Invoice",
            "invoices",
            "i",
            _INVOICE_ROWS,
            _INVOICE,
            past_rows=_PAST_INVOICE_ROWS,
            past_where="(i.removed_at IS NULL OR i.removed_at > {now})",
            evidence="coalesce(i.number, i.upstream_id)",
        ),
        Relation(
            "contact",
            "Contact",
            "contacts",
            "p",
            "customers_contact",
            _CONTACT,
            where="p.removed_at IS NULL",
            evidence="coalesce(nullif(p.name, ''), nullif(p.email, ''), p.identifier)",
        ),
    )


def day(column: str) -> str:
    """The calendar day of an instant, in the zone of the workspace."""
    return f"({column} AT TIME ZONE {{zone}})::date"


def _site(alias: str) -> str:
    return f"(SELECT c.subdomain FROM connections_site c WHERE c.id = {alias}.site_id)"


def _amount(
    key: str, label: str, column: str, alias: str, explains: str, *synonyms: str
) -> Attribute:
    """Money of a related row, in the row's own currency."""
    return Attribute(
        key,
        label,
        Type.MONEY,
        f"{column} * CASE {alias}.currency{{converted}} END",
        by_currency=f"CASE WHEN {alias}.currency = {{currency}} THEN {column} END",
        explains=explains,
        missing="Unknown where no rate to the workspace's currency is known.",
        synonyms=synonyms,
    )


def _text(
    key: str, label: str, column: str, explains: str, *synonyms: str, missing: str = UNSAID
) -> Attribute:
    return Attribute(
        key, label, Type.TEXT, column, explains=explains, missing=missing, synonyms=synonyms
    )


def _word(key: str, label: str, column: str, values: str, explains: str) -> Attribute:
    words = tuple(values.split())
    return Attribute(
        key, label, Type.ENUM, column, values=words, open=True, explains=explains, missing=UNSAID
    )


def _date(
    key: str, label: str, column: str, explains: str, *synonyms: str, missing: str = UNSAID
) -> Attribute:
    return Attribute(
        key, label, Type.DATE, day(column), explains=explains, missing=missing, synonyms=synonyms
    )


def _plain(key: str, label: str, kind: Type, column: str, explains: str) -> Attribute:
    return Attribute(key, label, kind, column, explains=explains, missing=UNSAID)


SUBSCRIPTION = (
    _word(
        "state",
        "State",
        "s.state",
        "active canceled expired failed future paused",
        "As billing has it; canceled will not renew, and counts until it ends.",
    ),
    _text("id", "Id", "s.upstream_id", "The id billing has for it.", missing=NEVER),
    _text("plan", "Plan", "s.plan_code", "The plan's code.", "plan_code"),
    _text("plan_name", "Plan name", "s.plan_name", "The plan's name."),
    Attribute(
        "quantity",
        "Quantity",
        Type.NUMBER,
        "s.quantity::numeric",
        explains="Seats or units.",
        missing=UNSAID,
        synonyms=("seats",),
    ),
    _amount("unit_amount", "Unit amount", "s.unit_amount", "s", "The price of one.", "price"),
    Attribute(
        "add_ons",
        "Add-ons",
        Type.LIST,
        "ARRAY(SELECT one -> 'add_on' ->> 'code' FROM jsonb_array_elements(s.add_ons) one"
        " WHERE one -> 'add_on' ->> 'code' IS NOT NULL)",
        explains="Codes of its add-ons.",
        missing="Empty where it has none; never unknown.",
        synonyms=("add_on",),
    ),
    _amount("add_ons_total", "Add-ons total", "s.add_ons_total", "s", "What its add-ons cost."),
    _amount("subtotal", "Subtotal", "s.subtotal", "s", "What a period costs before tax."),
    _amount("total", "Total", "s.total", "s", "What a period costs, tax included."),
    Attribute(
        "coupons",
        "Coupons",
        Type.LIST,
        "ARRAY(SELECT one -> 'coupon' ->> 'code' FROM jsonb_array_elements(s.coupon_redemptions)"
        " one WHERE one -> 'coupon' ->> 'code' IS NOT NULL)",
        explains="Codes of the coupons on it.",
        missing="Empty where it has none; never unknown.",
        synonyms=("coupon",),
    ),
    _text("currency", "Currency", "s.currency", "The currency it is billed in.", missing=NEVER),
    _text("site", "Site", _site("s"), "The site that bills it.", missing=NEVER),
    _plain("auto_renew", "Renews by itself", Type.BOOLEAN, "s.auto_renew", "It goes on by itself."),
    _plain(
        "changes_at_renewal",
        "Change to come",
        Type.BOOLEAN,
        "(s.pending_change IS NOT NULL)",
        "A change is agreed for later: of plan, price or quantity.",
    ),
    _plain("gift", "Began as a gift", Type.BOOLEAN, "s.started_with_gift", "A gift card began it."),
    _text("collection_method", "Collection", "s.collection_method", "automatic, or manual."),
    _plain(
        "net_terms", "Net terms", Type.NUMBER, "s.net_terms::numeric", "Days until a bill is due."
    ),
    _plain(
        "cycles_left",
        "Periods left",
        Type.NUMBER,
        "s.remaining_billing_cycles::numeric",
        "How many more periods the term has.",
    ),
    _text("po_number", "Purchase order", "s.po_number", "The customer's order number."),
    _date("created", "Created", "s.created_at", "When it was made.", "created_at", missing=NEVER),
    _date(
        "activated",
        "Activated",
        "s.activated_at",
        "When it began.",
        "activated_at",
        missing="Unknown before it begins.",
    ),
    _date(
        "trial_began",
        "Trial began",
        "s.trial_started_at",
        "The first day of the trial.",
        "trial_started_at",
        missing="Unknown without a trial.",
    ),
    _date(
        "trial_ends",
        "Trial ends",
        "s.trial_ends_at",
        "The day the trial ends.",
        "trial_ends_at",
        missing="Unknown without a trial.",
    ),
    _date(
        "period_began",
        "Period began",
        "s.current_period_started_at",
        "When what is billed now began.",
        "current_period_started_at",
    ),
    _date(
        "period_ends",
        "Period ends",
        "s.current_period_ends_at",
        "When the next bill is made.",
        "next_bill_date",
        "current_period_ends_at",
    ),
    _date(
        "term_began",
        "Term began",
        "s.current_term_started_at",
        "When the present term began.",
        "current_term_started_at",
    ),
    _date(
        "term_ends",
        "Term ends",
        "s.current_term_ends_at",
        "When the present term ends, renewing or not.",
        "renewal",
        "next_renewal_date",
        "current_term_ends_at",
    ),
    _date(
        "canceled",
        "Cancelled",
        "s.canceled_at",
        "When it was cancelled.",
        "canceled_at",
        missing="Unknown while not cancelled.",
    ),
    _date(
        "expires",
        "Expires",
        "s.expires_at",
        "When it ends or ended.",
        "expires_at",
        missing="Unknown while it goes on.",
    ),
    _date(
        "paused",
        "Paused",
        "s.paused_at",
        "When the pause begins or began.",
        "paused_at",
        missing="Unknown while not paused.",
    ),
    _date(
        "resumes",
        "Resumes",
        "s.resume_at",
        "When the pause ends.",
        "resume_at",
        missing="Unknown while not paused, or paused without an end.",
    ),
    _text("expiration_reason", "Why it ended", "s.expiration_reason", "In billing's words."),
)

# An invoice shared out by its lines is a row of each account it is shared between.
_INVOICE_COLUMNS = (
    "id, i.site_id, i.upstream_id, i.number, i.state, i.type, i.origin, i.currency, i.created_at,"
    " i.closed_at, i.due_at, i.net_terms, i.net_terms_type, i.collection_method, i.po_number,"
    " i.dunning_events_sent, i.final_dunning_event"
)
_INVOICE_ROWS = f"""(
    SELECT i.account_id, i.total, i.paid, i.balance, i.{_INVOICE_COLUMNS}
    FROM customers_invoice i WHERE i.removed_at IS NULL AND i.account_id IS NOT NULL
    UNION ALL
    SELECT part.account_id, part.total, part.paid, part.balance, i.{_INVOICE_COLUMNS}
    FROM customers_allocation part JOIN customers_invoice i ON i.id = part.invoice_id
    WHERE i.removed_at IS NULL AND part.account_id IS NOT NULL)"""
# Of a shared invoice each account's part is known as it is today, for any time.
_PAST_INVOICE_ROWS = f"""(
    SELECT i.account_id, i.total, i.paid, i.balance, i.valid_from, i.valid_to, i.removed_at,
           i.{_INVOICE_COLUMNS}
    FROM customers_invoice_over_time i WHERE i.account_id IS NOT NULL
    UNION ALL
    SELECT part.account_id, part.total, part.paid, part.balance, i.valid_from, i.valid_to,
           i.removed_at, i.{_INVOICE_COLUMNS}
    FROM customers_allocation part JOIN customers_invoice_over_time i ON i.id = part.invoice_id
    WHERE part.account_id IS NOT NULL)"""

_INVOICE = (
    _text("number", "Number", "i.number", "The number on the bill."),
    _word(
        "state",
        "State",
        "i.state",
        "pending processing past_due paid failed open closed voided",
        "As billing has it; whether it is late by its day asks overdue.",
    ),
    _word("type", "Type", "i.type", "charge credit legacy", "A bill, or a credit."),
    _text("origin", "Origin", "i.origin", "What made it: a renewal, a purchase, a write-off."),
    _amount("total", "Total", "i.total", "i", "What was billed.", "amount"),
    _amount("paid_amount", "Paid", "i.paid", "i", "What was paid of it."),
    _amount("balance", "Balance", "i.balance", "i", "What is still owed, by billing's word."),
    _text("currency", "Currency", "i.currency", "The currency of its amounts.", missing=NEVER),
    _text("site", "Site", _site("i"), "The site that made it.", missing=NEVER),
    _text("collection_method", "Collection", "i.collection_method", "automatic, or manual."),
    _plain("net_terms", "Net terms", Type.NUMBER, "i.net_terms::numeric", "Days until it is due."),
    _text("po_number", "Purchase order", "i.po_number", "The customer's order number."),
    _date(
        "issued",
        "Issued",
        "i.created_at",
        "When it was made.",
        "created",
        "created_at",
        missing=NEVER,
    ),
    _date(
        "closed",
        "Closed",
        "i.closed_at",
        "When it was paid or given up.",
        "paid_on",
        "closed_at",
        missing="Unknown while it is open.",
    ),
    _plain(
        "reminders",
        "Reminders sent",
        Type.NUMBER,
        "coalesce(i.dunning_events_sent, 0)::numeric",
        "How many reminders were sent.",
    ),
    _plain(
        "final_reminder",
        "Last reminder sent",
        Type.BOOLEAN,
        "i.final_dunning_event",
        "No more reminders follow.",
    ),
)

_CONTACT = (
    _text("identifier", "Identifier", "p.identifier", "What tells them apart.", missing=NEVER),
    _text("name", "Name", "nullif(p.name, '')", "The person's name.", missing=_UNWRITTEN),
    _text("email", "E-mail", "nullif(p.email, '')", "The address.", missing=_UNWRITTEN),
    _text("title", "Title", "nullif(p.title, '')", "The role.", "role", missing=_UNWRITTEN),
    _plain(
        "named", "Named by billing", Type.BOOLEAN, "p.is_named", "A billing account names them."
    ),
    _date(
        "created",
        "Created",
        "p.created_at",
        "When they were first known of.",
        "created_at",
        missing=NEVER,
    ),
)
