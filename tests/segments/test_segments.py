"""Segments: who is in, who comes and goes and why, and what would happen if one were saved."""

from datetime import timedelta

import pytest

from tenure import flow
from tenure.customers.models import Account
from tenure.customers.write import By, edit
from tenure.metrics.models import AccountFacts
from tenure.rules.errors import RuleRefused
from tenure.segments import read
from tenure.segments.explain import explain
from tenure.segments.models import Cause, Crossing, Membership, Segment
from tenure.segments.overlaps import both_page, overlaps
from tenure.segments.preview import preview
from tenure.segments.question import question
from tenure.segments.write import Draft, SegmentRefused, put_before, remove, reorder, save
from tests.flows.conftest import TODAY

BY = By(reason="A test")


def members(segment: Segment) -> set[int]:
    return set(segment.memberships.values_list("account_id", flat=True))


def with_mrr() -> set[int]:
    return set(AccountFacts.objects.filter(mrr_converted__gt=0).values_list("pk", flat=True))


def test_a_saved_segment_has_its_members_at_once(synced: list[int]) -> None:
    segment = save(Draft("Paying", "mrr > 0"), now=TODAY)
    assert members(segment) == with_mrr() != set()
    assert {one.cause for one in segment.crossings.all()} == {Cause.RULE}


def test_an_edit_moves_an_account_in_and_out_and_the_history_says_what_was_seen(
    synced: list[int],
) -> None:
    segment = save(Draft("Named X", 'name contains "xyzzy"'), now=TODAY)
    assert not members(segment)
    later = TODAY + timedelta(hours=1)
    edit([synced[0]], {"name": "The Xyzzy Company"}, BY, now=later)
    flow.catch_up(later)
    assert members(segment) == {synced[0]}
    entered = Crossing.objects.get(segment=segment)
    assert (entered.entered, entered.cause, entered.account_id) == (True, Cause.DATA, synced[0])
    assert entered.seen[0]["value"] == "The Xyzzy Company"
    edit([synced[0]], {"name": "Another"}, BY, now=later)
    flow.catch_up(later + timedelta(hours=1))
    assert not members(segment)
    assert [one.entered for one in read.crossings(segment=segment)] == [False, True]


def test_a_day_alone_moves_an_account(synced: list[int]) -> None:
    soon = TODAY.date() + timedelta(days=5)
    facts = AccountFacts.objects.filter(next_renewal_date__gt=soon).order_by("next_renewal_date")[0]
    assert facts.next_renewal_date is not None
    days = (facts.next_renewal_date - TODAY.date()).days
    segment = save(Draft("Soon", f"next_renewal_date in next {days - 1} days"), now=TODAY)
    assert facts.pk not in members(segment)
    flow.catch_up(TODAY + timedelta(days=1))
    assert facts.pk in members(segment)
    assert segment.crossings.get(account=facts.pk).cause == Cause.TIME


def test_a_hidden_account_leaves(synced: list[int]) -> None:
    segment = save(Draft("All", "name is known"), now=TODAY)
    Account.objects.filter(pk=synced[0]).update(removed_at=TODAY)
    flow.refresh([synced[0]], TODAY)
    assert members(segment) == set(synced[1:])


def test_segments_that_name_segments_are_placed_after_them(synced: list[int]) -> None:
    base = save(Draft("Base", "mrr < 0"), now=TODAY)
    above = save(Draft("Above", "segment = base and name is known"), now=TODAY)
    assert not members(above)
    base = save(Draft("Base", "mrr > 0"), now=TODAY, segment=base)
    assert members(above) == members(base) == with_mrr()
    with pytest.raises(SegmentRefused, match="depend on itself: “base” → “above” → “base”"):
        save(Draft("Base", "segment = Above"), now=TODAY, segment=base)
    with pytest.raises(SegmentRefused, match="named by the rule of “Above”"):
        remove(base)
    with pytest.raises(SegmentRefused, match="keeps its name"):
        save(Draft("Other", "mrr > 0"), now=TODAY, segment=base)


def test_a_preview_tells_who_enters_and_leaves_before_anything_is_saved(synced: list[int]) -> None:
    segment = save(Draft("Paying", "mrr > 0"), now=TODAY)
    before = members(segment)
    figures = AccountFacts.objects.filter(mrr_converted__gt=0).order_by("mrr_converted")
    limit = figures[len(before) // 2].mrr_converted
    asked = question(f"mrr > {limit:f} or invoices_count = 0", TODAY)
    seen = preview(asked, against=segment)
    assert seen.entering is not None
    assert seen.leaving is not None
    assert members(segment) == before
    changed = save(Draft("Paying", asked.text), now=TODAY, segment=segment)
    after = members(changed)
    assert len(after) == seen.count
    assert (len(after - before), len(before - after)) == (seen.entering.count, seen.leaving.count)
    assert changed.version == 2
    assert [one.rule for one in changed.versions.order_by("number")] == ["mrr > 0", asked.text]


def test_near_misses_name_the_condition_that_alone_keeps_out(synced: list[int]) -> None:
    asked = question("mrr > 0 and mrr < 1", TODAY)
    seen = preview(asked)
    near = {one.condition: one for one in seen.near}
    assert near["mrr < 1"].count == len(with_mrr())
    account = near["mrr < 1"].sample[0]
    explained = explain(asked, account)
    assert not explained.is_in
    assert [line.text for line in explained.near] == ["mrr < 1"]
    assert explain(question("mrr > 0", TODAY), account).is_in


def test_a_rule_that_can_no_longer_be_asked_keeps_its_members_and_says_why(
    synced: list[int],
) -> None:
    segment = save(Draft("Paying", "mrr > 0"), now=TODAY)
    Segment.objects.update(rule="gone_attribute > 0")
    flow.refresh(synced, TODAY)
    segment.refresh_from_db()
    assert "no attribute “gone_attribute”" in segment.fault
    assert members(segment) == with_mrr()


@pytest.mark.parametrize(
    ("draft", "message"),
    [
        (Draft("", "mrr > 0"), "1 to 80 characters"),
        (Draft("x" * 81, "mrr > 0"), "1 to 80 characters"),
        (Draft("All", ""), "at least one condition"),
        (Draft("PAYING", "mrr > 0"), "There is a segment “PAYING” already"),
    ],
)
@pytest.mark.django_db
def test_a_segment_that_cannot_be_is_refused(draft: Draft, message: str) -> None:
    save(Draft("Paying", "mrr > 0"), now=TODAY)
    with pytest.raises(SegmentRefused, match=message):
        save(draft, now=TODAY)
    assert Segment.objects.count() == 1


def test_a_rule_names_segments_in_any_case_and_none_that_is_not_there(synced: list[int]) -> None:
    """Else a typing mistake would be false of everybody, without a word."""
    save(Draft("Large Ones", "mrr > 100"), now=TODAY)
    asked = question('segment = "large ones" and not segment in ("LARGE ONES")', TODAY)
    assert asked.text == 'segment = "Large Ones" and not segment in ("Large Ones")'
    inside = preview(question('segment = "large ones"', TODAY)).count
    assert inside == preview(question("mrr > 100", TODAY)).count > 0
    assert preview(question('segment contains "large"', TODAY)).count == inside
    with pytest.raises(RuleRefused, match="There is no segment “Lage Ones”") as refused:
        question('mrr > 0 and segment in ("Large Ones", "Lage Ones")', TODAY)
    assert refused.value.next_step == "Do you mean “Large Ones”?"
    assert refused.value.problems[0].span.start == 12


@pytest.mark.django_db
def test_a_wrong_rule_saves_nothing() -> None:
    with pytest.raises(RuleRefused, match="no attribute “mmr”"):
        save(Draft("Paying", "mmr > 0"), now=TODAY)
    assert not Segment.objects.exists()
    assert not Membership.objects.exists()


def test_overlaps_are_listed_with_who_comes_first(synced: list[int]) -> None:
    one = save(Draft("One", "mrr > 0", priority=20), now=TODAY)
    two = save(Draft("Two", "name is known", priority=10), now=TODAY)
    found = overlaps()
    assert (found.accounts, found.all_pairs) == (len(with_mrr()), 1)
    (pair,) = found.pairs
    assert (pair.first, pair.second, pair.count, pair.tied) == (two, one, len(with_mrr()), False)
    assert pair.mrr == read.totals_of(one).mrr
    assert [row.id for row in both_page(one, two, None, limit=200).rows] == [
        row.id for row in read.members_page(one, None, limit=200).rows
    ]
    assert overlaps(of=two) == found
    led = read.members_page(one, None, limit=200, asked=question(one.rule, TODAY))
    assert led == read.members_page(one, None, limit=200)
    held = read.listed(TODAY)
    assert [(row.segment.name, row.members, row.entered) for row in held] == [
        ("Two", len(synced), len(synced)),
        ("One", len(with_mrr()), len(with_mrr())),
    ]
    nobody = save(Draft("Nobody", "mrr < 0"), now=TODAY)
    assert overlaps(of=nobody).pairs == []


@pytest.mark.django_db
def test_another_order_changes_as_few_priorities_as_it_can_and_keeps_versions() -> None:
    a, b, c, d = (
        save(Draft(name, "mrr > 0", priority=priority), now=TODAY)
        for name, priority in (("A", 10), ("B", 20), ("C", 20), ("D", 90))
    )
    assert put_before(d, b, now=TODAY, by="Ann") == 2
    held = list(read.segments())
    assert [(one.name, one.priority) for one in held] == [
        ("A", 10),
        ("D", 90),
        ("B", 91),
        ("C", 92),
    ]
    assert [one.version for one in held] == [1, 1, 2, 2]
    kept = b.versions.get(number=2)
    assert (kept.priority, kept.by, kept.rule) == (91, "Ann", "mrr > 0")
    assert reorder([one.pk for one in held], now=TODAY) == 0
    with pytest.raises(SegmentRefused, match="made or deleted meanwhile"):
        reorder([a.pk, b.pk, c.pk], now=TODAY)
