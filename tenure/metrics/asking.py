"""What rules can ask of below health: what may be named, of which moment, and patience for answers."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal

from django.db import OperationalError, connection, transaction
from psycopg.errors import QueryCanceled

from tenure.core.errors import TenureError
from tenure.customers import offers as customers
from tenure.metrics import offers, row_offers
from tenure.metrics.amounts import rounded
from tenure.metrics.days import local_day
from tenure.metrics.fx import Rates
from tenure.metrics.inputs import Settings
from tenure.metrics.rates import in_force, table
from tenure.metrics.settings import current
from tenure.rules.catalogue import Attribute, Catalogue
from tenure.rules.context import Context

PATIENCE_SECONDS = 5
ACCOUNTS = (
    "customers_account a LEFT JOIN metrics_accountfacts f ON f.account_id = a.id"
    " LEFT JOIN metrics_accountbrief b ON b.account_id = a.id"  # of use to indexes alone
    " WHERE a.removed_at IS NULL"
)


class TooCostly(TenureError):
    """The answer took longer than a page may wait for it."""


def catalogue(*above: Attribute, taken: Iterable[str] = ()) -> Catalogue:
    """Accounts, their figures and related rows, and what stages ``above`` offer of accounts; two
    queries for the workspace's own attributes, of which none hides one of ours, nor has a name that is
    ``taken`` though it cannot be asked here."""
    figures = (*offers.account_attributes(), *above)
    own = customers.account_attributes((*(one.key for one in figures), *taken))
    rows = customers.relations(one.key for one in row_offers.SUBSCRIPTION)
    return Catalogue((*own, *figures), tuple(map(row_offers.completed, rows)), offers.histories())


def context(now: datetime, *, past: bool = False) -> Context:
    """The workspace's zone and currency, with what one unit of each known currency is worth today."""
    settings = current()
    return _context(now, settings, in_force(local_day(now, settings.zone), settings), past=past)


def past_contexts() -> Callable[[datetime], Context]:
    """The context of any past instant; settings and rates are read this once, for many instants."""
    settings = current()
    rates = table(settings)
    return lambda at: _context(at, settings, rates, past=True)


def _context(now: datetime, settings: Settings, rates: Rates, *, past: bool) -> Context:
    day = local_day(now, settings.zone)
    codes = {code for pair in rates for code in pair} | {settings.currency}
    quotes = {code: rates.on(code, settings.currency, day) for code in codes}
    worth = {code: Decimal(rounded(quote.rate, 12)) for code, quote in quotes.items() if quote}
    return Context(now, settings.zone.key, settings.currency, worth, past)


@contextmanager
def patient(seconds: float = PATIENCE_SECONDS) -> Iterator[None]:
    """Statements within take at most so long. Raises TooCostly; what was written in here is undone."""
    try:
        with transaction.atomic():
            before = _timeout(str(int(seconds * 1000)))
            yield
            _timeout(before)
    except OperationalError as error:
        if not isinstance(error.__cause__, QueryCanceled):
            raise
        raise TooCostly(
            f"The answer takes longer than {seconds:g} seconds.",
            next_step="Narrow the rule, or save it as a segment, which is worked out beforehand.",
        ) from error


def _timeout(wanted: str) -> str:
    """Let statements of this transaction take at most so long; what it was before."""
    with connection.cursor() as db:
        db.execute(
            "WITH before AS MATERIALIZED (SELECT current_setting('statement_timeout') AS was)"
            " SELECT was, set_config('statement_timeout', %s, true) FROM before",
            [wanted],
        )
        return str(db.fetchone()[0])
