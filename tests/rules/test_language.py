"""How rules are written, what they mean in words, and what is said about one that is wrong."""

from datetime import date
from decimal import Decimal
from random import Random

import pytest

from tenure.rules.check import check
from tenure.rules.chips import chips_of, joined
from tenure.rules.describe import described
from tenure.rules.document import as_json, from_json
from tenure.rules.errors import RuleRefused
from tenure.rules.parse import parse
from tenure.rules.suggest import suggest
from tenure.rules.text import text_of
from tenure.rules.tree import (
    EVERYTHING,
    Condition,
    Group,
    Name,
    Node,
    Not,
    Predicate,
    Quantified,
    Step,
    Today,
)
from tests.rules.generating import rule
from tests.rules.world import CATALOGUE


def is_(name: str, operator: str, value: object = None, currency: str | None = None) -> Condition:
    return Condition(Name(name, currency), Predicate(operator, value))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("", EVERYTHING),
        ("mrr >= 500", is_("mrr", ">=", Decimal(500))),
        ("mrr[EUR] >= 500", is_("mrr", ">=", Decimal(500), "EUR")),
        ("mrr >= 500 EUR", is_("mrr", ">=", Decimal(500), "EUR")),
        ("rate < 80 %", is_("rate", "<", Decimal("0.8"))),
        ('tag:"vip"', is_("tag", "=", "vip")),
        ("plan IN (pro, team)", is_("plan", "in", ("pro", "team"))),
        ("vip = yes", is_("vip", "=", True)),
        ("due < today", is_("due", "<", Today())),
        ("due = 2026-03-31", is_("due", "=", date(2026, 3, 31))),
        ("renewal in next 30 days", is_("renewal", "in next", 30)),
        ("renewal more than 1 day from now", is_("renewal", "more than ahead", 1)),
        ("mrr fell by 20 % in 30 days", is_("mrr", "fell by", Step(Decimal(20), True, 30))),
        ("not name contains x", Not(is_("name", "contains", "x"))),
        ("any invoice", Quantified("any", "invoice")),
        (
            "mrr > 5 AND due < today",
            Group("and", (is_("mrr", ">", Decimal(5)), is_("due", "<", Today()))),
        ),
        ("mrr > 5 FOR 7 DAYS", Condition(Name("mrr"), Predicate(">", Decimal(5)), lasting=7)),
    ],
)
def test_a_text_is_read_as_its_tree(text: str, tree: object) -> None:
    assert parse(text) == tree


def test_and_binds_closer_than_or() -> None:
    a, b, c = (is_(name, "=", Decimal(1)) for name in "abc")
    assert parse("a = 1 or b = 1 and c = 1") == Group("or", (a, Group("and", (b, c))))
    assert parse("(a = 1 or b = 1) and c = 1") == Group("and", (Group("or", (a, b)), c))


def test_words_of_the_language_in_texts_are_quoted() -> None:
    tree = is_("name", "in", ("no", "today", "and", "Pro", 'a "b" \\'))
    assert text_of(tree) == 'name in ("no", "today", "and", "Pro", "a \\"b\\" \\\\")'
    assert parse(text_of(tree)) == tree


@pytest.mark.parametrize(
    ("text", "message", "hint", "place"),
    [
        ("mmr > 5", "no attribute “mmr”", "Did you mean mrr?", 0),
        ("mrr >", "ends too early", "After “mrr >” comes a value.", 5),
        ("mrr > 50,000", "no separators", "Write 50000.", 8),
        ("(mrr > 1", "ends too early", "closing parenthesis", 8),
        ("name = 'x'", "straight double quotes", "", 7),
        ('name = "x', "never ends", "Close it", 7),
        ("mrr contains 5", "cannot be asked of MRR", "It takes", 0),
        ("seats = many", "Seats is compared with a number", "", 0),
        ("status = activ", "never “activ”", "Did you mean active?", 0),
        ("seats[EUR] = 1", "has no currency", "", 0),
        ("mrr > 5 eur", "“eur” is no currency", "Write EUR", 8),
        (
            "mrr fell by 500 USD in 30 days",
            "has its currency beside the figure",
            "Write mrr[USD] fell by 500 in …",
            16,
        ),
        ("mrr rose by 5 eur in 3 days", "beside the figure", "Write mrr[EUR] rose by 5 in …", 14),
        ("since in next 30 USD", "“USD” cannot stand here", "comes days", 17),
        ("mrr > 5 EUT", "“EUT” is not a currency", "EUR", 0),
        ("mrr[QQQ] > 5", "“QQQ” is not a currency", "Write EUR", 0),
        ("mrr > 1 EUR and mrr in (1 EUR, 2 USD)", "EUR and USD meet", "", 16),
        ("any invoce (balance > 1)", "no “invoce”", "Did you mean invoice?", 0),
        ("any invoice (mrr > 1)", "of an invoice", "asked of the account", 13),
        ("balance > 1", "no attribute “balance”", "any invoice (balance", 0),
        ("any invoice (any invoice)", "Inside invoice", "outside", 13),
        ("every invoice", "needs a condition", "any invoice", 0),
        ("seats for 7 days", "cannot stand here", "", 6),
        ("seats = 5 for 7 days", "No past values of Seats", "mrr", 0),
        ("mrr fell by 0 in 7 days", "more than nothing", "", 0),
        ("renewal in next 9999 days", "from 1 to 3650", "", 0),
        ("sum invoice.due > 1", "no sum", "amounts and numbers", 0),
        ("sum invoice > 1", "needs an attribute", "invoice.balance", 0),
        ("a = 2026-02-31", "not a day of the calendar", "", 4),
    ],
)
def test_what_is_wrong_is_said_where_it_stands(
    text: str, message: str, hint: str, place: int
) -> None:
    with pytest.raises(RuleRefused) as refused:
        check(parse(text), CATALOGUE)
    problem = refused.value.problems[0]
    assert message in problem.message
    assert hint in problem.hint
    assert problem.span.start == place


def test_every_problem_is_told_at_once() -> None:
    with pytest.raises(RuleRefused) as refused:
        check(parse("mmr > 5 and seats = many"), CATALOGUE)
    assert [problem.span.start for problem in refused.value.problems] == [0, 12]


def test_a_rule_has_at_most_fifty_conditions_and_five_levels() -> None:
    parse(" and ".join(["seats = 1"] * 50))
    with pytest.raises(RuleRefused, match="at most 50 conditions; this one has 51"):
        parse(" and ".join(["seats = 1"] * 51))
    with pytest.raises(RuleRefused, match="more than 5 levels"):
        parse("not " * 7 + "seats = 1")
    with pytest.raises(RuleRefused, match="levels"):
        parse(
            "(" * 3000
            + "seats = 1"
            + ")" * 3000
            + " and seats = 1"
            + " and not not not not not not seats = 1"
        )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "every account"),
        ("mrr >= 500", "MRR is at least 500"),
        ("mrr >= 1234.50 EUR", "MRR in EUR is at least 1,234.50 EUR"),
        ("status != active", "Status is not active"),
        ("not status = active", "Status is not active"),
        ('not name = "what is it"', "Name is not “what is it”"),
        ("not name contains x", "not (Name contains “x”)"),
        ("plan in (Pro, Team)", "Plans has one of “Pro” or “Team”"),
        ("no invoice (state = past_due)", "there is no invoice whose state is past due"),
        (
            "count invoice (balance > 0) > 2",
            "the number of invoices whose balance is above 0 is above 2",
        ),
        ("max invoice.due < today", "the latest due of invoices is below today"),
        ("mrr fell by 20 % in 30 days", "MRR fell by at least 20 % in 30 days"),
        ("status = paused for 7 days", "Status is paused for 7 days without a break"),
        ("status was active 30 days ago", "Status was active 30 days ago"),
        (
            "seats > 5 and (vip = true or vip is unknown)",
            "Seats is above 5, and either VIP is yes or VIP is unknown",
        ),
    ],
)
def test_a_rule_is_told_in_plain_words(text: str, words: str) -> None:
    assert described(check(parse(text), CATALOGUE), CATALOGUE) == words


def test_an_attribute_of_related_rows_alone_means_any_of_them() -> None:
    short = check(parse("invoice.balance > 100 EUR"), CATALOGUE)
    assert short == check(parse("any invoice (balance[EUR] > 100)"), CATALOGUE)


def test_other_names_are_read_as_the_attributes_own() -> None:
    assert check(parse("PLAN = Pro"), CATALOGUE) == parse("plan_names = Pro")


def test_chips_are_the_parts_and_each_can_be_taken_away() -> None:
    chips = chips_of(parse("mrr > 5 and (vip = true or seats = 1) and name = x"), CATALOGUE)
    assert [chip.words for chip in chips] == [
        "MRR is above 5",
        "VIP is yes or Seats is 1",
        "Name is “x”",
    ]
    assert chips[0].without == "(vip = true or seats = 1) and name = x"
    assert chips_of(parse(chips[0].without), CATALOGUE)[0].without == "name = x"
    assert not chips_of(EVERYTHING, CATALOGUE)
    assert text_of(joined(parse("mrr > 5"), parse("vip = true"))) == "mrr > 5 and vip = true"


def test_chips_lose_nothing_of_generated_rules() -> None:
    """Read one after the other they are the rule again, and without one of them the others."""
    random = Random(13)

    def together(parts: list[Node]) -> Node:
        return parts[0] if len(parts) == 1 else Group("and", tuple(parts))

    for _ in range(150):
        tree = rule(random, depth=4)
        chips = chips_of(tree, CATALOGUE)
        parts = [parse(chip.text) for chip in chips]
        assert together(parts) == tree
        for place, chip in enumerate(chips):
            assert parse(chip.without) == together(parts[:place] + parts[place + 1 :])


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        {"and": []},
        {"attribute": "mrr"},
        {"attribute": "mrr", "op": "=~", "value": 1},
        {"attribute": "mrr", "op": "=", "value": {"number": "NaN"}},
        {"attribute": "mrr", "op": "=", "value": 0.1},
        {"attribute": "mrr", "op": "in", "value": 5},
        {"attribute": "mrr", "op": "=", "value": 5, "extra": 1},
        {"attribute": "mrr", "op": "=", "value": 5, "ago": 3, "lasting": 2},
        {"any": 5},
        {"sum": "invoice", "op": "=", "value": 1},
        {"count": "invoice", "attribute": "balance", "op": "=", "value": 1},
        {"attribute": "mrr", "op": "in next", "value": -3},
        {"attribute": "a", "op": "=", "value": "\x00"},
    ],
)
def test_a_document_that_is_no_rule_is_refused_with_a_sentence(document: object) -> None:
    with pytest.raises(RuleRefused) as refused:
        from_json(document)
    assert refused.value.message.endswith(".")


def test_a_document_reads_like_its_text() -> None:
    document = {"and": [{"attribute": "mrr", "op": ">=", "value": {"number": "0.95"}},
                        {"any": "invoice", "where": {"attribute": "state", "op": "=", "value": "paid"}}]}  # fmt: skip
    assert text_of(from_json(document)) == "mrr >= 0.95 and any invoice (state = paid)"
    assert as_json(from_json(document)) == document


@pytest.mark.parametrize(
    ("before", "first"),
    [
        ("m", "mrr"),
        ("plan", "plan_names"),
        ("mrr ", "="),
        ("mrr f", "fell by 20 % in 30 days"),
        ("status = p", "paused"),
        ("status in (active, e", "ended"),
        ("vip = ", "true"),
        ("any ", "invoice"),
        ("any invoice (st", "state"),
        ("any invoice (state = pa", "paid"),
        ("mrr > 5 a", "and"),
        ("mrr > 5 and ren", "renewal"),
    ],
)
def test_what_comes_next_is_suggested(before: str, first: str) -> None:
    suggestion = suggest(before, CATALOGUE).suggestions[0]
    assert suggestion.insert == first
    parse_start = before[: suggestion.start]
    assert before.startswith(parse_start)


def test_values_of_texts_are_asked_for_from_the_data() -> None:
    wanted = suggest('name = "Ac', CATALOGUE)
    assert wanted.values_of is not None
    assert (wanted.values_of.key, wanted.begun, wanted.start) == ("name", "Ac", 7)
