"""Questions about scores: of accounts now, at an instant, over time; how many stand in each band."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec
from django.db import connection
from django.db.models import Count, QuerySet

from tenure.core.money import Money
from tenure.health.models import HealthScore, HealthVersion, Verdict
from tenure.health.scorer import value_of
from tenure.metrics.models import AccountFacts

_texts = msgspec.json.Decoder(dict[str, str | None])


@dataclass(frozen=True, slots=True)
class Standing:
    """How an account stands: what a list shows of a score."""

    score: Decimal | None
    band: str
    state: str
    coverage: Decimal


@dataclass(frozen=True, slots=True)
class Before:
    """What the stage needs to know of an account's present score: how it stands, its raw values,
    and last known values kept from before those."""

    state: str
    values: Mapping[str, int | None]
    held: Mapping[str, int]


def before(account_ids: Collection[int]) -> dict[int, Before]:
    """The present scores of these accounts as the next scoring looks back at them."""
    with connection.cursor() as db:
        db.execute(
            "SELECT account_id, state, measured::text, coalesce(explanation -> 'held', '{}')::text"
            " FROM health_healthscore WHERE account_id = ANY(%s)",
            [list(account_ids)],
        )
        return {
            pk: Before(
                state, _values(measured), {n: v for n, v in _values(held).items() if v is not None}
            )
            for pk, state, measured, held in db.fetchall()
        }


def _values(text: str) -> dict[str, int | None]:
    return {name: value_of(value) for name, value in _texts.decode(text).items()}


def scores_of(account_ids: Iterable[int]) -> dict[int, HealthScore]:
    """The scores of these accounts by account id; accounts not scored yet are absent."""
    rows = HealthScore.objects.select_related("version__definition", "override__member")
    return {row.pk: row for row in rows.filter(pk__in=list(account_ids))}


def standings(account_ids: Iterable[int], at: datetime | None = None) -> dict[int, Standing]:
    """How these accounts stand, or stood at an instant as we knew it then, with nothing of why: for
    lists, which show many. Absent without a score."""
    ids = list(account_ids)
    live = HealthScore.objects.filter(pk__in=ids)
    found: dict[int, Standing] = {}
    if at:
        live = live.filter(updated_at__lte=at)
        past = HealthVersion.objects.filter(account_id__in=ids, valid_from__lte=at, valid_to__gt=at)
        found = _standings(past)
    return found | _standings(live)


def _standings(rows: QuerySet[Any]) -> dict[int, Standing]:
    known = rows.values_list("account_id", "score", "band", "state", "coverage")
    return {pk: Standing(*parts) for pk, *parts in known}


def figures_of(account_id: int) -> tuple[AccountFacts | None, HealthScore | None]:
    """An account's facts and its score by one query; None for what is not there yet."""
    rows = AccountFacts.objects.select_related(
        "account__health__version__definition", "account__health__override__member"
    )
    facts = rows.filter(pk=account_id).first()
    if facts is None:
        return None, None
    return facts, getattr(facts.account, "health", None)


def scores_at(account_ids: Iterable[int], instant: datetime) -> dict[int, Verdict]:
    """The scores these accounts had at an instant, as we knew them then; absent without one."""
    ids = list(account_ids)
    live = HealthScore.objects.filter(pk__in=ids, updated_at__lte=instant)
    past = HealthVersion.objects.filter(
        account_id__in=ids, valid_from__lte=instant, valid_to__gt=instant
    )
    found: dict[int, Verdict] = {
        row.account_id: row
        for row in past.select_related("version__definition", "override__member")
    }
    return found | {
        row.pk: row for row in live.select_related("version__definition", "override__member")
    }


def before_of(score: HealthScore, instant: datetime) -> Verdict | None:
    """What this account's score was at an instant; one query, or none when it has not changed."""
    if score.updated_at <= instant:
        return score
    rows = HealthVersion.objects.filter(
        account_id=score.pk, valid_from__lte=instant, valid_to__gt=instant
    )
    found: HealthVersion | None = rows.select_related(
        "version__definition", "override__member"
    ).first()
    return found


def history(
    account_id: int, since: datetime, *, until: datetime | None = None, limit: int = 1_000
) -> list[HealthVersion]:
    """The scores an account had since an instant, up to another or to the present one, which is not
    among them; oldest first."""
    rows = HealthVersion.objects.filter(account_id=account_id, valid_to__gt=since)
    if until:
        rows = rows.filter(valid_from__lt=until)
    newest = rows.select_related("version").order_by("-valid_from")[:limit]
    return sorted(newest, key=lambda row: row.valid_from)


@dataclass(frozen=True, slots=True)
class Share:
    """The accounts of one band: how many, and their MRR, one amount a currency. ``ended`` are those
    whose subscriptions are over, which stand apart."""

    band: str
    ended: bool
    accounts: int
    mrr: tuple[Money, ...]


def accounts_by_definition() -> dict[int, int]:
    """How many accounts were scored by each definition."""
    rows = HealthScore.objects.filter(account__removed_at=None)
    counted = rows.values_list("version__definition").annotate(n=Count("pk"))
    return dict(counted.values_list("version__definition", "n"))


def distribution() -> list[Share]:
    """How many accounts stand in each band and what they are worth; accounts without a score row
    yet are counted as unknown."""
    with connection.cursor() as db:
        db.execute(_DISTRIBUTION)
        rows: Sequence[Any] = db.fetchall()
    found: dict[tuple[str, bool], tuple[int, dict[str, Decimal]]] = {}
    for band, ended, currency, accounts, mrr in rows:
        count, sums = found.get((band, ended), (0, {}))
        if currency and mrr:
            sums[currency] = sums.get(currency, Decimal(0)) + mrr
        found[band, ended] = (count + accounts, sums)
    return [
        Share(band, ended, count, tuple(Money(m, code) for code, m in sorted(sums.items())))
        for (band, ended), (count, sums) in sorted(found.items())
    ]


# As for the totals of the account list: nearly every account has one currency, whose amount is a
# plain column; only the others are taken apart from JSON.
_DISTRIBUTION = """
    WITH standing AS (
        SELECT a.id, coalesce(h.band, 'unknown') AS band, coalesce(h.state = 'ended', false) AS ended
        FROM customers_account a LEFT JOIN health_healthscore h ON h.account_id = a.id
        WHERE a.removed_at IS NULL
    )
    SELECT s.band, s.ended, CASE WHEN NOT f.mixed_currencies THEN f.main_currency END,
           count(*), sum(f.mrr_sort) FILTER (WHERE NOT f.mixed_currencies)
    FROM standing s LEFT JOIN metrics_accountfacts f ON f.account_id = s.id
    GROUP BY 1, 2, 3
    UNION ALL
    SELECT s.band, s.ended, entry.key, 0, sum(entry.value::numeric)
    FROM standing s JOIN metrics_accountfacts f ON f.account_id = s.id
    CROSS JOIN LATERAL jsonb_each_text(f.mrr) AS entry
    WHERE f.mixed_currencies
    GROUP BY 1, 2, 3
"""
