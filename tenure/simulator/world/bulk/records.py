"""The records of a bulk site as JSON text, each made from its number when somebody asks."""

from collections.abc import Callable
from typing import Any

from tenure.simulator.table import Record
from tenure.simulator.world.bulk import templates
from tenure.simulator.world.bulk.numbers import (
    FIRST_NUMBER,
    LINES,
    MONTH,
    Plan,
    amounts,
    currency,
    decimal_text,
    dice,
    invoice_state,
    stamp,
    uuid,
)
from tenure.simulator.world.people import (
    FIRST_NAMES,
    FIRST_WORDS,
    INDUSTRIES,
    LAST_NAMES,
    MANAGERS,
    SECOND_WORDS,
    TRADES,
    ascii_slug,
)
from tenure.simulator.world.plans import SoldPlan

Gaps = dict[str, Any]
_FIRST = [(name, ascii_slug(name)) for name in FIRST_NAMES]
_LAST = [(name, ascii_slug(name)) for name in LAST_NAMES]
_STATUS = {
    "paid": ("success", "The transaction was approved."),
    "past_due": ("declined", "The transaction was declined."),
    "processing": ("processing", "The transaction is on its way."),
}


class Writer:
    """Writes records of a bulk site. Sold is the plan everybody there has, with one add-on."""

    def __init__(self, plan: Plan, sold: SoldPlan) -> None:
        self._plan = plan
        add_on = next(iter(sold.add_ons.values())).record
        self._account = templates.template(templates.account())
        self._subscription = templates.template(templates.subscription(sold.mini))
        self._invoice = templates.template(templates.invoice())
        self._lines = (
            templates.template(templates.line_item("plan", sold.record, None)),
            templates.template(templates.line_item("add_on", sold.record, add_on)),
        )
        self._transaction = templates.template(templates.transaction())
        self.write: dict[str, Callable[[int], str]] = {
            "accounts": self._write_account,
            "subscriptions": self._write_subscription,
            "invoices": self._write_invoice,
            "line_items": lambda n: self._line(self._invoice_gaps(n // LINES), n),
            "transactions": lambda n: self._transaction % self._invoice_gaps(n),
        }

        self.glimpse: dict[str, Callable[[int], Record]] = {
            "accounts": self._glimpse_account,
            "subscriptions": self._glimpse_subscription,
            "invoices": lambda n: {"state": invoice_state(plan, n), "type": "charge"},
            "line_items": lambda _: {
                "state": "invoiced",
                "type": "charge",
                "previous_line_item_id": None,
            },
            "transactions": lambda n: {
                "type": "purchase",
                "success": invoice_state(plan, n) == "paid",
            },
        }

    def _glimpse_account(self, n: int) -> Record:
        return {
            "state": "active",
            "email": self._owner(n)["email"],
            "has_active_subscription": not self.is_canceled(n),
            "has_canceled_subscription": self.is_canceled(n),
            "has_future_subscription": False,
            "has_past_due_invoice": self.is_past_due(n),
        }

    def _glimpse_subscription(self, n: int) -> Record:
        state = "canceled" if self.is_canceled(n) else "active"
        return {"state": state, "trial_started_at": None, "trial_ends_at": None}

    def _owner(self, n: int) -> Gaps:
        """What identifies account ``n`` wherever it is embedded."""
        first, first_mail = _FIRST[n % len(_FIRST)]
        last, last_mail = _LAST[n // len(_FIRST) % len(_LAST)]
        stem = FIRST_WORDS[n % len(FIRST_WORDS)] + SECOND_WORDS[n // 7 % len(SECOND_WORDS)]
        return {
            "account_id": self._plan.id("accounts", n),
            "billing_id": self._plan.id("billing_infos", n),
            "code": f"BW-{100000 + n}",
            "email": f"{first_mail}.{last_mail}@{stem.lower()}-{n}.example",
            "first": first,
            "last": last,
            "company": f"{stem} {TRADES[n % len(TRADES)]} {n}"[:50],
            "street": f"{1 + n % 240} Market Street",
        }

    def _write_account(self, n: int) -> str:
        canceled = self.is_canceled(n)
        return self._account % {
            **self._owner(n),
            "uuid": uuid("accounts", n),
            "number": n,
            "manager": MANAGERS[n % len(MANAGERS)],
            "seats": amounts(n).seats,
            "industry": INDUSTRIES[n % len(INDUSTRIES)],
            "created": stamp(self._plan.created("accounts", n)),
            "updated": stamp(self._plan.updated("accounts", n)),
            "is_active": "false" if canceled else "true",
            "is_canceled": "true" if canceled else "false",
            "is_past_due": "true" if self.is_past_due(n) else "false",
        }

    def is_canceled(self, n: int) -> bool:
        """Whether account ``n`` has canceled its subscription."""
        return dice(n) >= 975

    def is_past_due(self, n: int) -> bool:
        """Whether account ``n`` owes its latest invoice."""
        latest = self._plan.invoices - self._plan.accounts + n
        return self._plan.periods > 0 and invoice_state(self._plan, latest) == "past_due"

    def _write_subscription(self, n: int) -> str:
        plan, code, money = self._plan, currency(n), amounts(n)
        latest = plan.invoices - plan.accounts + n
        starts = plan.created("invoices", latest)
        is_canceled = self.is_canceled(n)
        ends = f'"{stamp(starts + MONTH)}"'
        return self._subscription % {
            **self._owner(n),
            "id": plan.id("subscriptions", n),
            "uuid": uuid("subscriptions", n),
            "state": "canceled" if is_canceled else "active",
            "starts": stamp(starts),
            "ends": stamp(starts + MONTH),
            "currency": code,
            "seats": money.seats,
            "unit": decimal_text(money.unit, code),
            "extra": decimal_text(money.extra, code),
            "subtotal": decimal_text(money.subtotal, code),
            "tax": decimal_text(money.tax, code),
            "total": decimal_text(money.total, code),
            "created": stamp(plan.created("subscriptions", n)),
            "updated": stamp(plan.updated("subscriptions", n)),
            "canceled": f'"{stamp(starts)}"' if is_canceled else "null",
            "expires": ends if is_canceled else "null",
            "invoice_id": plan.id("invoices", latest),
        }

    def _write_invoice(self, n: int) -> str:
        gaps = self._invoice_gaps(n)
        lines = [self._line(dict(gaps), n * LINES + part) for part in range(LINES)]
        gaps["lines"] = f"[{','.join(lines)}]"
        gaps["payments"] = f"[{self._transaction % gaps}]"
        return self._invoice % gaps

    def _invoice_gaps(self, n: int) -> Gaps:
        plan, account = self._plan, n % self._plan.accounts
        code, money, state = currency(account), amounts(account), invoice_state(plan, n)
        created, total = plan.created("invoices", n), decimal_text(money.total, code)
        nothing, paid = decimal_text(0, code), state == "paid"
        status, message = _STATUS[state]
        closed = stamp(created + 2)
        return {
            **self._owner(account),
            "id": plan.id("invoices", n),
            "uuid": uuid("invoices", n),
            "number": FIRST_NUMBER + n,
            "state": state,
            "subscription_id": plan.id("subscriptions", account),
            "currency": code,
            "subtotal": decimal_text(money.subtotal, code),
            "tax": decimal_text(money.tax, code),
            "total": total,
            "nothing": nothing,
            "paid": total if paid else nothing,
            "balance": nothing if paid else total,
            "created": stamp(created),
            "updated": closed,
            "ends": stamp(created + MONTH),
            "closed": f'"{closed}"' if paid else "null",
            "dunning": 1 if state == "past_due" else 0,
            "payment_id": plan.id("transactions", n),
            "payment_uuid": uuid("transactions", n),
            "status": status,
            "message": message,
            "success": "true" if paid else "false",
            "collected": f'"{stamp(created)}"' if paid else "null",
        }

    def _line(self, gaps: Gaps, n: int) -> str:
        money, code = amounts(n // LINES % self._plan.accounts), gaps["currency"]
        part = n % LINES
        unit, quantity = (money.extra, 1) if part else (money.unit, money.seats)
        tax = money.taxes[part]
        gaps["line_id"] = self._plan.id("line_items", n)
        gaps["line_uuid"] = uuid("line_items", n)
        gaps["line_quantity"] = quantity
        gaps["line_unit"] = decimal_text(unit, code)
        gaps["line_subtotal"] = decimal_text(unit * quantity, code)
        gaps["line_tax"] = decimal_text(tax, code)
        gaps["line_amount"] = decimal_text(unit * quantity + tax, code)
        return self._lines[part] % gaps
