"""Every page there is, filled, empty and in trouble, by a word that names it."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from tenure.access.write import create_token
from tenure.alerts import mutes
from tenure.alerts.actions import Who
from tenure.alerts.models import Alert, AlertRule
from tenure.connections.models import Site, SiteState
from tenure.customers import write
from tenure.customers.models import Account, Attribute, ChangeSet
from tenure.customers.write import By, Pin
from tenure.health import overriding, scoring, versions
from tenure.health.definitions import document_of
from tenure.health.models import DefinitionVersion
from tenure.health.overriding import Wanted
from tenure.health.score import DEFAULT
from tenure.identity.models import Conflict
from tenure.segments import deciding
from tenure.segments import write as segments
from tenure.segments.models import Segment
from tenure.segments.write import Draft
from tenure.sync.models import Plan, Run, RunState
from tenure.tasks.models import Task
from tenure.tasks.write import Maker, add_task
from tests.metrics.rows import NOW, a_coupon, a_site, an_account
from tests.web.alerting import a_rule
from tests.web.builders import a_customer, a_payer, a_plan, a_quarantined, a_run

LONG = "Österreichisch-Ungarische Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
RTL = "شركة الشمال للروبوتات المحدودة"


def filled() -> Account:
    """Customers of every kind, sites in every state, runs that ended well, badly and not yet."""
    site = a_site("northwind")
    account = a_customer(f"{LONG} 🌞", identifier="T-1001-" + "x" * 60, site=site)
    a_payer(account, a_site("northwind-eu"), code="code-of-the-eu-site")
    a_customer(RTL, identifier="عميل-7", site=site)
    for number, tenant in enumerate(("T-1", "t-1", " T-1", "T-2", "T-2", None)):
        a_payer(account, site, code=f"T{number}-{LONG}", custom_fields=tenant_of(tenant))
    every_kind(account)
    some_coupons(account)
    an_account("Not measured yet")
    now = datetime.now(UTC)
    a_run(site, started_at=now, requested_at=now, finished_at=now)
    refused = {"reason": "The API key was refused.", "next_step": "Replace the key."}
    a_run(a_site("northwind-eu"), RunState.FAILED, **refused)
    waits = now + timedelta(minutes=4)
    going = {"waiting_until": waits, "rate_limit": 5000, "rate_remaining": 12}
    a_run(site, RunState.RUNNING, started_at=now, requested_at=now, **going)
    broken = a_site("broken")
    broken.state, broken.state_reason = SiteState.NEEDS_KEY, "The API key was refused."
    broken.save()
    create_token("nightly-usage-push", "write", now=now)
    a_conflict(account, site)
    a_quarantined(site, reason="It has no id; the source sent " + "a very long word" * 20)
    a_plan(site, account)
    an_inbox(account)
    return account


def an_inbox(account: Account) -> None:
    """Alerts of every customer so far, one on old data, held back and about a huge amount."""
    rule = a_rule(name=f"Overdue {LONG}"[:120], existing=True)
    enormous = Decimal("98765432109876.99")
    odd = {"stale": "Billing data has not been complete.", "held_back": True, "at_stake": enormous}
    found = Alert.objects.filter(account=account, alert_rule=rule)
    found.update(reason=f"{LONG} {RTL} " * 5, **odd)
    maker = Maker(name=f"{LONG}"[:254])
    add_task(account, f"{LONG} {RTL}"[:300], maker, now=NOW, due=date(2026, 1, 2))
    mutes.mute(found[0], date(2035, 1, 31), f"{LONG} {RTL}", Who(name=f"{LONG}"[:254]), now=NOW)


def a_conflict(account: Account, site: Site) -> None:
    """One of the account's records says another identifier now."""
    payer = account.billing_accounts.filter(site=site)[0]
    Conflict.objects.create(
        site=site,
        object_kind="billing_account",
        upstream_id=payer.upstream_id,
        account=account,
        kind="changed",
        old=account.identifier,
        new="T-2002-" + "y" * 60,
        opened_at=datetime.now(UTC),
    )


def some_coupons(account: Account) -> None:
    """The account has a coupon with long names for some plans, and one of an amount."""
    payer = account.billing_accounts.order_by("pk")[0]
    percent = {"type": "percent", "percent": 10}
    dollars = {"type": "fixed", "currencies": [{"currency": "USD", "amount": 1250.5}]}
    some = {"applies_to_all_plans": False, "plans": [{"code": LONG}, {"code": RTL}]}
    for coupon in (
        {"code": LONG, "name": RTL, "discount": percent, "duration": "forever"} | some,
        {"code": "GIFT", "name": LONG, "discount": dollars, "duration": "temporal"},
    ):
        said = {"state": "active", "coupon": coupon, "created_at": "2026-01-05T10:00:00Z"}
        whose = {"site": payer.site, "account_upstream_id": payer.upstream_id}
        a_coupon(str(coupon["code"])[:60], said, **whose).save()


def tenant_of(tenant: str | None) -> dict[str, str]:
    """The custom fields of a billing account that says this tenant, if any."""
    return {"tenant_id": tenant} if tenant else {}


def every_kind(account: Account) -> None:
    """Values of every kind, long, huge and from right to left; one pinned against another."""
    kinds = {
        "launch": ("date", "2026-03-31"),
        "worth": ("money", "98765432109876543210.99"),
        "vip": ("boolean", True),
        "regions": ("list", [LONG, RTL, "🌞"]),
        "note": ("text", f"{LONG} {RTL} " * 5),
        "empty": ("number", None),
    }
    for name, (kind, _) in kinds.items():
        Attribute.objects.create(
            name=name, label=name.capitalize(), kind=kind, unit="EUR" if kind == "money" else ""
        )
    account.attributes |= {name: value for name, (_, value) in kinds.items() if value is not None}
    account.save()
    by = By(name="somebody-with-a-long-address@northwind-robotics.example")
    write.edit([account.pk], {"company": RTL}, by, now=NOW, pin=Pin(f"The contract says {LONG}"))
    account.refresh_from_db()
    account.sources["company"]["incoming"] = f"{LONG} {LONG}"
    account.save()


def scored_by(account: Account) -> int:
    """A definition with a long name, one of three; the account has a person's word besides."""
    some_definitions()
    scoring.score(Account.objects.values_list("pk", flat=True), NOW)
    wanted = Wanted(f"Says {LONG}", NOW.date() + timedelta(days=9), band="red")
    overriding.override(account.pk, wanted, By(name="ada@example.com"), now=NOW)
    return versions.newest()[0].definition_id


def some_definitions() -> None:
    """Two definitions beside the one for everyone, a long one first; the other cannot be asked."""
    if len(versions.ready(NOW)) > 1:
        return
    by, document = By(reason=f"{LONG} {RTL}", name=f"{LONG}@example.com"), document_of(DEFAULT)
    rule = f'not name = "{LONG}" and mrr < 99999999999999'
    versions.create(f"{LONG} {RTL}"[:120], document, deciding.who(rule), by, now=NOW)
    made = versions.create("Gone", document, deciding.who("mrr < 0"), by, now=NOW)
    DefinitionVersion.objects.filter(pk=made.pk).update(rule=f"gone_{'x' * 90} = 1")


def a_segment(account: Account) -> int:
    """A segment with a long name and rule that the account is in, and another that overlaps it."""
    found = Segment.objects.filter(name__startswith="Österreich").first()
    if found:
        return found.pk
    long_rule = (
        f'mrr >= 0 and not name = "{LONG}" and (invoice_status = past_due or mrr < 99999999999)'
    )
    segments.save(Draft("Everyone known", "name is known", RTL), now=NOW)
    return segments.save(Draft(LONG[:80], long_rule, f"{LONG} {RTL}"), now=NOW).pk


def _other(account: Account) -> int:
    return Segment.objects.exclude(pk=a_segment(account)).get().pk


def addresses(account: Account) -> dict[str, str]:
    """The address of each page by its name."""
    one, site = f"/accounts/{account.pk}", a_site("northwind").pk
    invoice = account.invoices.order_by("pk").last()
    runs = {state: f"/sync/runs/{run}/" for run, state in _runs()}
    return {
        "accounts": "/accounts/",
        "nothing found": "/accounts/?q=nobody",
        "columns": "/accounts/?columns=owner,attributes.company,attributes.seats,attributes.launch",
        "new account": "/accounts/new/",
        "edit": f"{one}/edit/company/",
        "history of the name": f"{one}/attributes/name/",
        "change": f"/changes/{ChangeSet.objects.order_by('pk').values_list('pk', flat=True)[0]}/",
        "overview": f"{one}/",
        "health": "/health/",
        "today": "/today/?whose=all",
        "follow-up": f"{one}/follow-up/",
        "segments": "/segments/",
        "segments in conflict": "/segments/conflicts/",
        "in both segments": f"/segments/conflicts/{a_segment(account)}/{_other(account)}/",
        "segment": f"/segments/{a_segment(account)}/?account={account.identifier}",
        "change a segment": f"/segments/{a_segment(account)}/edit/",
        "a wrong rule": "/segments/new/?rule=mmr+%3E+5",
        "what became": "/health/became/",
        "who became so": "/health/became/accounts/?since=2026-06-01&became=all",
        "definitions of health": "/health/definitions/",
        "new definition of health": "/health/definitions/new/",
        "definition of health": f"/health/definitions/{scored_by(account)}/",
        "health of an account": f"{one}/health/",
        "red accounts": "/accounts/?health=red",
        "subscriptions": f"{one}/subscriptions/",
        "invoices": f"{one}/invoices/",
        "attributes": f"{one}/attributes/?show=all",
        "history": f"{one}/attributes/seats/",
        "users": f"{one}/users/",
        "new user": f"{one}/users/new/",
        "imports": "/accounts/imports/",
        "timeline": f"{one}/timeline/",
        "raw": f"{one}/raw/",
        "calculation": f"{one}/calculation/mrr/",
        "invoice": f"/invoices/{invoice.pk if invoice else 0}/",
        "revenue": "/billing/revenue/?months=24",
        "revenue accounts": "/billing/revenue/accounts/?currency=USD&from=2020-01-01&to=2026-06-30",
        "revenue held": "/billing/revenue/mrr/?currency=USD&day=2026-06-30",
        "money": f"{one}/money/",
        "money of a day": f"{one}/money/2026-06-30/",
        "two days": f"{one}/compare/?from=2026-05-01",
        "on time": f"{one}/calculation/on_time_rate_12m/",
        "billing subscriptions": "/billing/subscriptions/",
        "billing invoices": "/billing/invoices/?status=open,paid",
        "billing nothing": "/billing/invoices/?q=nobody",
        "subscription": f"/subscriptions/{account.subscriptions.order_by('pk')[0].pk}/",
        "overdue": f"{one}/calculation/past_due/",
        "days of billing": f"{one}/calculation/dso/",
        "alerts": "/alerts/",
        "one of the alerts": f"/alerts/?alert={Alert.objects.order_by('pk')[0].pk}",
        "alert": f"/alerts/{Alert.objects.order_by('pk')[0].pk}/",
        "no such alerts": "/alerts/?state=closed",
        "mutes": "/alerts/mutes/",
        "attributes of rules": "/segments/attributes/",
        "tasks": "/tasks/?whose=all",
        "task": f"/tasks/{Task.objects.all()[0].pk}/",
        "alert rules": "/alerts/rules/",
        "alert rule": f"/alerts/rules/{AlertRule.objects.get().pk}/?do=trial&compare=mrr+%3E+5",
        "new alert rule": "/alerts/rules/new/",
        "versions of a rule": f"/alerts/rules/{AlertRule.objects.get().pk}/versions/",
        "switching a rule on": f"/alerts/rules/{AlertRule.objects.get().pk}/on/",
        "deleting a rule": f"/alerts/rules/{AlertRule.objects.get().pk}/delete/",
        "suggested rules": "/alerts/suggestions/",
        "sync": "/sync/",
        **{f"{state} run": address for state, address in runs.items()},
        "quarantine": "/sync/quarantine/",
        "plan": f"/sync/plans/{Plan.objects.get().pk}/",
        "drift": "/sync/drift/",
        "conflicts": "/sync/conflicts/",
        "conflict": f"/sync/conflicts/{Conflict.objects.order_by('pk')[0].pk}/",
        "unidentified": "/sync/unidentified/",
        "merge": f"{one}/merge/?with=عميل-7",
        "hub": "/settings/integrations/",
        "mapping": "/settings/attributes/",
        "attribute": "/settings/attributes/account/seats/",
        "new attribute": "/settings/attributes/new/?field=account.custom_fields.tier",
        "numbers": "/settings/numbers/",
        "tokens": "/settings/tokens/",
        "api": "/api/v1/docs",
        "connect": "/settings/integrations/connect/",
        "site": f"/settings/integrations/sites/{site}/",
        "identifiers": "/settings/identifiers/",
        "identifier": "/settings/identifiers/field/account.custom_fields.tenant_id/",
        "time zone": "/time-zone/",
        "password": "/password/",
        "not found": "/nothing/here/",
    }


def _runs() -> list[tuple[int, str]]:
    return list(Run.objects.values_list("pk", "state"))
