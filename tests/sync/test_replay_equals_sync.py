"""A change of the mapping, replayed, ends where a fresh sync under the new mapping does."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tenure.connections.models import IdentifierRule, Mode, Site
from tenure.customers import mapping
from tenure.customers.models import (
    Account,
    Attribute,
    AttributeKind,
    BillingAccount,
    Subscription,
    Touched,
)
from tenure.customers.write import By
from tenure.sync.replay import end_staging, replay
from tests.builders import EARLIER, NOW, a_billing_account, a_site, a_subscription
from tests.sync.landed import everything, land_accounts, land_subscriptions

pytestmark = pytest.mark.django_db

NAMES = ("one", "two", "three")
FIELDS = (
    "account.company",
    "account.email",
    "account.address.city",
    "account.created_at",
    "account.tax_exempt",
    "account.billing_address.country",
    "account.custom_fields.a",
    "account.custom_fields.b",
    "account.custom_fields.c",
)
SUBSCRIPTION_FIELDS = (
    "subscription.po_number",
    "subscription.quantity",
    "subscription.customer_notes",
    "subscription.shipping_amount",
    "subscription.pending_change.plan.code",
    "subscription.custom_fields.a",
)
VALUES = st.sampled_from(
    ["", "12", "1,250", "0.50", "yes", "No", "2026-03-31", "a,b", "b;a", "x y"]
)
EXTRAS = [
    b"{}",
    b'{"tax_exempt": false}',
    b'{"tax_exempt": true, "billing_address": {"country": "IE"}}',
]
CUSTOM = st.dictionaries(st.sampled_from("abc"), VALUES)

Mapping = dict[str, tuple[str, str]]
MAPPINGS = st.dictionaries(
    st.sampled_from(NAMES),
    st.tuples(st.sampled_from(FIELDS), st.sampled_from(AttributeKind.values)),
)
OF_SUBSCRIPTIONS = st.dictionaries(
    st.sampled_from(NAMES),
    st.tuples(st.sampled_from(SUBSCRIPTION_FIELDS), st.sampled_from(AttributeKind.values)),
)


@st.composite
def records(draw: st.DrawFn) -> dict[str, list[tuple[str, dict[str, Any]]]]:
    """Billing accounts of two sites, some of which say the same code."""
    found = {}
    for site in ("first", "second"):
        count = draw(st.integers(0, 4))
        found[site] = [
            (
                f"{site}{i}",
                {
                    "code": draw(st.sampled_from(["S", "T", f"{site}{i}"])),
                    "company": draw(st.sampled_from([None, "Acme", "Bolt"])),
                    "email": draw(st.sampled_from([None, "a@x.example", "12"])),
                    "created_at": EARLIER + timedelta(days=i),
                    "address": draw(st.sampled_from([b"{}", b'{"city": "Leeds"}'])),
                    "custom_fields": _json(draw(CUSTOM)),
                    "extras": draw(st.sampled_from(EXTRAS)),
                },
            )
            for i in range(count)
        ]
    return found


def _json(values: dict[str, str]) -> bytes:
    inner = ", ".join(f'"{name}": "{value}"' for name, value in values.items() if value)
    return f"{{{inner}}}".encode()


@contextmanager
def undone() -> Iterator[None]:
    """Whatever is done in here never happened."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def declare(wanted: Mapping, object_kind: str) -> None:
    """These attributes and no other."""
    Attribute.objects.filter(object_kind=object_kind).delete()
    for name, (field, kind) in wanted.items():
        mapping.set_attribute(name, field, kind=kind, label=name, by=By(), now=NOW)


def change(wanted: Mapping, object_kind: str) -> tuple[list[str], dict[str, str]]:
    """From whatever is mapped to this; what a replay must know."""
    filling: list[str] = []
    retyped: dict[str, str] = {}
    standing = Attribute.objects.filter(object_kind=object_kind).exclude(source_field="")
    for name in set(standing.values_list("name", flat=True)) - wanted.keys():
        mapping.remove(name, object_kind, By(), NOW)
    for name, (field, kind) in wanted.items():
        changed = mapping.set_attribute(name, field, kind=kind, label=name, by=By(), now=NOW)
        filling += changed.filling
        retyped |= changed.retyped
    return filling, retyped


def sync(sites: Sequence[Site], found: Any, agreements: Any) -> None:
    """A first sync of these sites, one after another."""
    for site in sites:
        land_accounts(site, [a_billing_account(i, **values) for i, values in found[site.subdomain]])
        land_subscriptions(
            site,
            [
                a_subscription(f"s{i}", account_upstream_id=i, **values)
                for i, values in agreements
                if i.startswith(site.subdomain)
            ],
        )


def seen(names: Sequence[str], of_subscriptions: Sequence[str]) -> list[Any]:
    """What people see, of the mapped attributes alone: others keep what they had."""
    rows = Account.objects.select_related("scope")
    found: list[Any] = [
        (a.identifier, a.name, a.state, {n: a.attributes.get(n) for n in names}) for a in rows
    ]
    found += [
        (s.upstream_id, {n: s.attributes.get(n) for n in of_subscriptions})
        for s in Subscription.objects.all()
    ]
    links = BillingAccount.objects.select_related("account", "site")
    found += [(b.site.subdomain, b.upstream_id, b.account and b.account.identifier) for b in links]
    return sorted(found, key=repr)


def two_sites(modes: Sequence[str]) -> list[Site]:
    IdentifierRule.objects.create(field="account.code", joins=True, created_at=NOW)
    mapping.map_new_fields(on=False, by=By(), now=NOW)
    return [
        a_site(name, priority=place, accounts_mode=mode, subscriptions_mode=mode)
        for place, (name, mode) in enumerate(zip(("first", "second"), modes, strict=True))
    ]


AGREEMENTS = st.lists(
    st.tuples(
        st.sampled_from(["first0", "first1", "second0"]),
        st.fixed_dictionaries(
            {
                "po_number": st.sampled_from([None, "77", "x"]),
                "quantity": st.sampled_from([None, 3]),
                "pending_change": st.sampled_from([None, b'{"plan": {"code": "pro"}}']),
                "extras": st.sampled_from(
                    [b"{}", b'{"customer_notes": "x", "shipping_amount": "5.50"}']
                ),
                "custom_fields": CUSTOM.map(_json),
            }
        ),
    ),
    max_size=4,
    unique_by=lambda one: one[0],
)

EXAMPLES = settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@EXAMPLES
@given(
    found=records(),
    agreements=AGREEMENTS,
    before=MAPPINGS,
    after=MAPPINGS,
    subs_before=OF_SUBSCRIPTIONS,
    subs_after=OF_SUBSCRIPTIONS,
    # A site in Link only attaches what it can when it is read: here it is read last.
    modes=st.sampled_from(
        [(Mode.DAILY, Mode.DAILY), (Mode.DAILY, Mode.LINK), (Mode.LINK, Mode.LINK)]
    ),
)
def test_in_daily_sync_and_link_only(
    found: Any,
    agreements: Any,
    before: Mapping,
    after: Mapping,
    subs_before: Mapping,
    subs_after: Mapping,
    modes: Sequence[str],
) -> None:
    with undone():
        sites = two_sites(modes)
        with undone():
            declare(after, "account")
            declare(subs_after, "subscription")
            sync(sites, found, agreements)
            fresh = seen([*after], [*subs_after])
        declare(before, "account")
        declare(subs_before, "subscription")
        sync(sites, found, agreements)
        _replay(sites, after, subs_after)
        assert seen([*after], [*subs_after]) == fresh


@EXAMPLES
@given(
    found=records(),
    agreements=AGREEMENTS,
    before=MAPPINGS,
    after=MAPPINGS,
    kinds=st.dictionaries(st.sampled_from(NAMES), st.sampled_from(AttributeKind.values)),
)
def test_in_import_only_what_is_new_is_filled_and_what_was_there_is_read_as_its_new_type(
    found: Any, agreements: Any, before: Mapping, after: Mapping, kinds: dict[str, str]
) -> None:
    # The fields of attributes that were there stay; elsewhere imports keep what they imported.
    kept = {n: (field, kinds.get(n, kind)) for n, (field, kind) in before.items()}
    after = {**after, **kept}
    with undone():
        sites = two_sites([Mode.IMPORT, Mode.IMPORT])
        with undone():
            declare(after, "account")
            declare({}, "subscription")
            sync(sites, found, agreements)
            fresh = seen([*after], [])
        declare(before, "account")
        declare({}, "subscription")
        sync(sites, found, agreements)
        _replay(sites, after, {})
        assert seen([*after], []) == fresh


@EXAMPLES
@given(found=records(), before=MAPPINGS, after=MAPPINGS)
def test_in_import_only_nothing_that_is_there_changes(
    found: Any, before: Mapping, after: Mapping
) -> None:
    after = before | {n: (after[n][0], kind) for n, (_, kind) in before.items() if n in after}
    with undone():
        sites = two_sites([Mode.IMPORT, Mode.IMPORT])
        declare(before, "account")
        sync(sites, found, [])
        standing = {a.identifier: (a.name, a.state, a.attributes) for a in Account.objects.all()}
        _replay(sites, after, {})
        for account in Account.objects.all():
            name, state, values = standing[account.identifier]
            assert (account.name, account.state) == (name, state)
            assert values.items() <= {n: account.attributes.get(n) for n in values}.items()


def named_by(site: str, **values: str) -> tuple[str, dict[str, Any]]:
    """A billing account of the site that says the code both sites say, and no more than ``values``."""
    bare = {"company": None, "email": None, "custom_fields": b"{}", "created_at": EARLIER}
    return f"{site}0", {**bare, "code": "S", **values}


@pytest.mark.parametrize(
    ("first", "second", "called"),
    [
        ({}, {}, "S"),
        ({}, {"email": "a@x.example"}, "a@x.example"),
        ({}, {"company": "Acme"}, "Acme"),
        ({"email": "a@x.example"}, {"company": "Acme"}, "a@x.example"),
        ({"company": "S"}, {"company": "Acme"}, "S"),
    ],
)
def test_an_import_names_what_it_joins_if_nobody_had_named_it(
    first: dict[str, str], second: dict[str, str], called: str
) -> None:
    found = {"first": [named_by("first", **first)], "second": [named_by("second", **second)]}
    sites = two_sites([Mode.IMPORT, Mode.IMPORT])
    for staged in (False, True):
        with undone():
            Site.objects.update(staged=staged)
            for site in sites:
                site.staged = staged
            sync(sites, found, [])
            if staged:
                end_staging(sites)
                replay(sites, by=By(), now=NOW)
            assert Account.objects.get().name == called


@EXAMPLES
@given(found=records(), agreements=AGREEMENTS, after=MAPPINGS, modes=st.sampled_from(Mode.values))
def test_a_staged_site_that_is_activated_equals_a_direct_sync(
    found: Any, agreements: Any, after: Mapping, modes: str
) -> None:
    with undone():
        sites = two_sites([modes, modes])
        declare(after, "account")
        with undone():
            sync(sites, found, agreements)
            fresh = everything()
        for site in sites:
            site.staged = True
            site.save()
        sync(sites, found, agreements)
        assert not Account.objects.exists()
        for site in sites:
            site.staged = False
            site.save()
        replay(sites, by=By(), now=NOW)
        assert everything() == fresh
        replay(sites, by=By(), now=NOW)
        assert everything() == fresh


def _replay(sites: Sequence[Site], after: Mapping, of_subscriptions: Mapping) -> None:
    filling, retyped = change(after, "account")
    more, more_retyped = change(of_subscriptions, "subscription")
    Touched.objects.all().delete()
    done = replay(sites, by=By(), now=NOW, filling=filling + more, retyped=retyped | more_retyped)
    changed = set(
        done.change_set.changes.filter(object_kind="account").values_list("account_id", flat=True)
    )
    assert changed <= set(Touched.objects.values_list("account_id", flat=True))
