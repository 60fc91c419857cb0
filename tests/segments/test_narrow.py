"""What stands beside a rule so that indexes find the few leaves out no account that the rule is for."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from tenure.customers.models import Account, Attribute
from tenure.health.listing import accounts_page
from tenure.health.models import HealthScore, HealthVersion
from tenure.health.scoring import score
from tenure.metrics import gathering, read
from tenure.metrics.models import AccountFacts, FactsVersion
from tenure.rules.sql import Sql, Where, joined
from tenure.segments import preview, shapes
from tenure.segments.catalogue import context
from tenure.segments.preview import Near
from tenure.segments.question import ACCOUNTS, question, rows
from tenure.segments.write import Draft, save
from tests.metrics.rows import NOW, a_version, an_account
from tests.web.builders import a_customer, a_member

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
KINDS = {"tier": "text", "score_of": "number", "live": "date", "vip": "boolean", "tags": "list"}
# Every form a value may have been kept in, whatever its kind is called today.
VALUES: tuple[dict[str, Any], ...] = (
    {"tier": "gold", "vip": True, "tags": ["beta", "5"], "live": "2026-03-31", "score_of": 5},
    {"tier": 5, "vip": "true", "tags": [5], "live": "2026-13-31", "score_of": "5.0"},
    {"tier": 5.5, "vip": False, "tags": "beta", "score_of": None},
    {"tier": True, "tags": [], "vip": None, "live": "2026-02-29"},
    {"tier": 'quo"te \\ %_', "tags": ['quo"te \\ %_']},
    {},
)
RULES = (
    "mrr > 10", "mrr < 10", "mrr = 0", "mrr >= 0", "mrr in (0, 198)", "mrr = 198", "mrr != 198", "mrr[USD] > 10",
    "total_due > 100", "past_due > 100", "past_due < 1", "past_due_count > 0", "past_due_count >= 0",
    "past_due_count < 5", "past_due_count = 1", "past_due_count in (0, 1)", "oldest_past_due_days > 3",
    "oldest_past_due_days is known", "oldest_past_due_since more than 3 days ago", "oldest_past_due_since is unknown",
    "subscription_status = active", "subscription_status in (active, none)", "subscription_status != active",
    'name contains "WIND"', 'name contains "%"', 'name contains "_"', 'name contains "\\\\"', 'name contains ""',
    'name contains "ı"', 'name contains "i̇"', 'name contains "İ"', 'name starts with "nort"', 'name starts with "%"',
    'name not contains "wind"', 'identifier contains "C"', 'identifier starts with "c"', 'identifier = "nobody"',
    'owner = "ada@example.com"', "owner is unknown", 'owner in ("ada@example.com", "x")', 'owner contains "ada"',
    'site = "northwind"', 'site in ("northwind", "x")', 'site has all ("northwind", "x")', 'site contains "north"',
    'account_code = "c1"', "account_code is empty", "health = red", "health = green or health = amber",
    "health_score > 10", "health_score < 90", "health is unknown", 'segment = "Paying"', 'segment in ("Paying", "x")',
    'segment has all ("Paying", "x")', 'not segment = "Paying"', "segment is empty",
    'tier = "gold"', 'tier = "5"', 'tier = "5.5"', 'tier = "true"', 'tier in ("gold", "5")', 'tier != "gold"',
    'tier = "quo\\"te \\\\ %_"', "tier is unknown", "score_of = 5", "score_of > 4", "live = 2026-03-31",
    "live in last 400 days", "vip = true", "vip = false", "vip != true", 'tags = "beta"', 'tags = "5"',
    'tags in ("beta", "5")', 'tags has all ("beta", "5")', 'tags = "quo\\"te \\\\ %_"', 'tags contains "be"',
    'mrr > 10 and tier = "gold"', "mrr > 10 or past_due_count > 0", 'mrr > 10 or name = "Zoë"', "not mrr > 10",
    'not (mrr > 10 and tags = "beta")', '(health = red or tags = "5") and (mrr < 10 or past_due > 1)',
    "count invoices (state = past_due) >= 1", "count invoices (state = past_due) >= 0", "count invoices in (0, 3)",
    "count invoices < 1", "count contacts > 0", "sum invoice.balance > 10", "sum invoice.balance (state = paid) = 0",
    "max invoice.due < 2030-01-01", "min invoice.total is unknown", "max invoice.total != 7", "max subscription.quantity >= 0",
    "created in last 30 days", "created less than 5 days ago", "created more than 30 days ago", "created = 2025-01-01",
    "created in next 3 days", "created more than 3 days from now", "created > 2024-12-31", "created >= 0001-01-01",
    "created < 9999-12-31", "created in (2025-01-01, 2026-06-30)", "created != 2025-01-01", "created is known",
    "mrr > 10 for 3 days", "mrr fell by 5 % in 30 days", "mrr fell by 50 in 30 days", "mrr rose by 5 % in 90 days",
    "mrr changed in 30 days", "not mrr changed in 30 days", "mrr was > 198 30 days ago", "mrr was <= 198 30 days ago",
    "past_due rose by 1 in 30 days", "past_due_count changed in 90 days", "total_due was 0 40 days ago",
    "subscription_status changed in 30 days", "subscription_status was active 30 days ago", "total_quantity fell by 1 in 30 days",
    "subscription_status = active for 30 days", "not subscription_status = active for 30 days", "invoice_status changed in 90 days",
    "oldest_past_due_days rose by 1 in 30 days", "health changed in 30 days", "health was red 30 days ago",
    "health_score fell by 5 in 30 days", "health_score < 90 for 30 days", 'plan = "Team (monthly)" for 30 days', "any invoice (state = past_due) and mrr > 10",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _accounts() -> None:
    ada = a_member()
    for name, kind in KINDS.items():
        Attribute.objects.create(name=name, label=name.title(), kind=kind)
    for number, values in enumerate(VALUES):
        owned = {"owner": ada} if number % 2 else {}
        a_customer(f"Northwind {number}", attributes=values, **owned)
        an_account(
            ("İzmir 100%", "Diyarbakır", "under_score", "back\\slash", "Zoë", "WIND")[number],
            attributes=values,
        )
    score(list(Account.objects.values_list("pk", flat=True)), NOW)
    _remembered(0, 1, 3)
    save(Draft("Paying", "mrr > 0"), now=NOW)
    save(Draft("x", "mrr < 0"), now=NOW)


def _remembered(*which: int) -> None:
    """Some of the customers were otherwise before: in every figure, in one, and in none."""
    accounts = [Account.objects.get(name=f"Northwind {number}") for number in which]
    differing: tuple[dict[str, Any], ...] = (
        {"mrr_converted": 500, "past_due_converted": 0, "past_due_count": 0, "total_quantity": 9}
        | {"due_converted": 0, "subscription_status": "trial", "invoice_status": "none"}
        | {"oldest_past_due_days": 0},
        {"mrr_converted": 100},
        {},
    )
    for account, values in zip(accounts, differing, strict=True):
        a_version(FactsVersion, AccountFacts.objects.get(pk=account.pk), NOW - DAY * 20, **values)
    scores = HealthScore.objects.get(pk=accounts[0].pk)
    a_version(HealthVersion, scores, NOW - DAY * 20, score=99, band="red")
    for table in (AccountFacts, HealthScore):
        table.objects.filter(pk__in=accounts).update(updated_at=NOW - DAY * 20)


def counts(*conditions: Sql) -> list[int]:
    """How many accounts meet each condition."""
    return [rows(f"SELECT count(*) FROM {ACCOUNTS} AND (" + one + ")")[0][0] for one in conditions]


def test_who_fits_a_rule_is_found_with_its_indexes_too() -> None:
    narrower = 0
    for rule in RULES:
        where = question(rule, NOW).where
        assert isinstance(where, Where), rule
        fit, everybody = counts(where, Sql("TRUE"))
        assert where.whole is not None
        assert counts(where.whole) == [fit], rule
        for beside in (*where.apart, where.full, where.brief):
            if beside is not None:
                assert counts("(" + where + ") AND " + beside) == [fit], rule
                narrower += counts(beside) != [everybody]
        parts = [one for one in (where.brief, where.rest) if one is not None]
        assert counts(joined(["(" + one + ")" for one in parts], " AND ")) == [fit], rule
    assert narrower > 100


def test_what_a_brief_tells_of_a_rule_need_not_be_asked_again() -> None:
    for rule in ("mrr > 10 and not health = red", "past_due_count > 0 or created in last 30 days"):
        where = question(rule, NOW).where
        assert isinstance(where, Where)
        assert (where.rest, where.brief is None) == (None, False), rule
    where = question('mrr > 10 and tags = "beta"', NOW).where
    assert isinstance(where, Where)
    assert where.rest is not None
    assert "mrr" not in where.rest.text


def test_an_amount_whose_rate_is_missing_is_no_less_unknown_to_its_brief() -> None:
    """What lists are sorted by is then the bare amount, which no rule may take for the converted one."""
    some = Account.objects.filter(name__startswith="Northwind").order_by("pk")[:2]
    AccountFacts.objects.filter(pk__in=some).update(mrr_converted=None)
    for rule in (
        "mrr > 10",
        "mrr < 10",
        "mrr is unknown",
        "not mrr > 10",
        "mrr != 198",
        "mrr >= 0",
    ):
        where = question(rule, NOW).where
        assert isinstance(where, Where)
        assert where.rest is None
        assert where.brief is not None
        fit, briefly = counts(where, where.brief)
        assert fit == briefly, rule
        assert fit == read.capped_count(where=where), rule


def test_a_rule_of_the_past_goes_by_no_index_of_today() -> None:
    past = question("mrr > 10", NOW, when=context(NOW, past=True)).where
    assert past is not None
    assert not isinstance(past, Where)


@pytest.mark.parametrize("sort", ["-mrr", "mrr", "-past_due", "name", "health"])
def test_every_rule_lists_by_strides_whom_it_is_for(
    monkeypatch: pytest.MonkeyPatch, sort: str
) -> None:
    """Whether a stride is short or long, and whether all are gathered at last or not."""
    walked = iter([0, 3] * 1_000)
    monkeypatch.setattr(gathering, "FIRST", 3)
    monkeypatch.setattr(gathering.Guess, "ahead", lambda *_: next(walked))
    for rule in RULES:
        where = question(rule, NOW).where
        found = [row.id for row in accounts_page(where=where, sort=sort, limit=50).rows]
        assert sorted(found) == read.matching_ids(limit=100, where=where), rule


@pytest.mark.parametrize("sort", ["-mrr", "mrr", "-past_due", "name", "health"])
def test_a_list_under_a_rule_goes_on_where_its_order_has_nothing(sort: str) -> None:
    """Who pays nothing has no place in the order by MRR and is listed after all others."""
    for rule in ("mrr < 500", "past_due < 500", "mrr >= 0 and past_due_count >= 0"):
        where = question(rule, NOW).where
        page = accounts_page(where=where, sort=sort, limit=4)
        listed = [row.id for row in page.rows]
        while page.next:
            page = accounts_page(where=where, sort=sort, limit=4, cursor=page.next)
            listed += [row.id for row in page.rows]
        assert sorted(listed) == read.matching_ids(limit=100, where=where)
        assert len(listed) == read.capped_count(where=where) > 4


def test_an_index_serves_a_part_of_a_name() -> None:
    where = question('name contains "orthwin"', NOW).where
    assert isinstance(where, Where)
    assert where.full is not None
    with connection.cursor() as db:
        db.execute("SET LOCAL enable_seqscan = off")
        db.execute("DROP INDEX customers_account_by_name, customers_account_by_age")
        db.execute(
            "EXPLAIN SELECT a.id FROM customers_account a WHERE " + where.full.text,
            where.full.values,
        )
        assert "customers_account_spelt" in str(db.fetchall())
        tagged = question('tags = "beta"', NOW).where
        assert isinstance(tagged, Where)
        assert tagged.full is not None
        db.execute(
            "EXPLAIN SELECT a.id FROM customers_account a WHERE " + tagged.full.text,
            tagged.full.values,
        )
        assert "customers_account_values" in str(db.fetchall())


def test_a_preview_shows_what_it_can_where_near_misses_take_too_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def slow(_asked: object) -> tuple[Near, ...]:
        return tuple(rows(Sql("SELECT pg_sleep(1)")))

    monkeypatch.setattr(preview, "near_misses", slow)
    monkeypatch.setattr(preview, "NEAR_SECONDS", 0.01)
    asked = question("mrr > 10", NOW)
    seen = preview.preview(asked)
    assert (seen.count, seen.given_up, seen.near) == (6, True, ())
    assert shapes.preview(asked, seen)["near_misses"] is None


def test_near_misses_are_the_same_by_indexes_and_by_looking_at_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = [question(rule, NOW) for rule in RULES if " and " in rule or " or " in rule]
    led = [preview.near_misses(one) for one in asked]
    monkeypatch.setattr(preview, "narrowed", lambda *_: None)
    assert led == [preview.near_misses(one) for one in asked]
    assert sum(map(len, led)) > 5
