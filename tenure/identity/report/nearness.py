"""Near-collisions of one candidate: different identifiers that one small thing keeps apart, and one
identifier written in different ways."""

from collections.abc import Iterable, Mapping

from tenure.identity.report import forms
from tenure.identity.report.figures import Group, Near
from tenure.identity.report.gathering import ASCII, BLANKS, Gathered

EXAMPLES = 20
_BLANK = r"'[\x09-\x0d\x1c-\x20]'"
_ODD_BLANK = r"'[\x09-\x0d\x1c-\x1f]'"
_ZEROS = "'^[^0-9]*0[0-9]'"
# What plain ASCII becomes when one thing does not count, and whether that changes it.
_FOLDED: Mapping[str, str] = {
    "case": "lower(v)",
    "spaces": f"CASE WHEN v ~ {_ODD_BLANK} THEN translate(v, {BLANKS}, '') ELSE replace(v, ' ', '') END",
    "zeros": rf"CASE WHEN v ~ {_ZEROS} THEN regexp_replace(v, '^([^0-9]*)0+([0-9])', '\1\2') ELSE v END",
}
_CHANGES: Mapping[str, str] = {
    "case": "lower(v) <> v",
    "spaces": f"v ~ {_BLANK}",
    "zeros": f"v ~ {_ZEROS}",
}


def near(values: Gathered) -> dict[str, Near]:
    """By kind. Two different values with one fold cannot both be their own fold, so a kind that changes
    no value has no group and is not looked for."""
    changed = dict.fromkeys(forms.NEAR, 0)
    counts = ", ".join(f"count(*) FILTER (WHERE {changes})" for changes in _CHANGES.values())
    *numbers, shortest, longest = values.one(
        f"SELECT {counts}, min(octet_length(v)), max(octet_length(v)) FROM report_told"
    )
    changed.update(zip(_CHANGES, numbers, strict=True))
    if values.beyond:
        folds = ", ".join(f'count(*) FILTER (WHERE "{kind}" <> v)' for kind in forms.NEAR)
        for kind, number in zip(
            forms.NEAR, values.one(f"SELECT {folds} FROM report_fold"), strict=True
        ):
            changed[kind] += number
    if (
        shortest == longest and not values.beyond
    ):  # values that only differ by blanks or zeros differ in length
        changed["spaces"] = changed["zeros"] = 0
    return {
        kind: _groups(values, _folded(values, kind)) if changed[kind] else Near()
        for kind in forms.NEAR
    }


def same(values: Gathered) -> dict[str, Near]:
    """By way of writing."""
    ways = {way: f'(SELECT v AS key, "{way}" AS form, n FROM report_way)' for way in forms.SAME}
    return {
        way: _groups(values, keyed, "min(form) <> max(form)") if values.mapped else Near()
        for way, keyed in ways.items()
    }


def _folded(values: Gathered, kind: str) -> str:
    """What values become when one thing does not count: ``key``, the value as ``form``, and ``n``."""
    fold = _FOLDED.get(kind, "v")
    if not values.beyond:
        return f"(SELECT {fold} AS key, v AS form, n FROM report_told)"
    own = f"SELECT {fold}, v, n FROM report_told WHERE {ASCII}"
    if kind not in _FOLDED:  # plain ASCII is its own fold, so only what others fold to matters
        own += f' AND v IN (SELECT "{kind}" FROM report_fold)'
    beyond = f'SELECT f."{kind}" AS key, t.v AS form, t.n FROM report_told t JOIN report_fold f ON f.v = t.v'
    return f"({beyond} UNION ALL {own})"


def _groups(values: Gathered, keyed: str, several: str = "count(*) > 1") -> Near:
    """The keys that have more than one form. They are few, and looked into only once found. ``several``
    is how the rows of a key tell it; each a form of its own unless it says otherwise."""
    values.cursor.execute("DROP TABLE IF EXISTS report_near")
    values.cursor.execute(
        f"CREATE TEMP TABLE report_near AS SELECT key FROM {keyed} k GROUP BY key HAVING {several}"
    )
    groups = values.cursor.rowcount
    found = Near()
    if groups:
        within = f"(SELECT k.key, k.form, sum(k.n) AS n FROM {keyed} k JOIN report_near USING (key) GROUP BY 1, 2) w"
        written, records = values.one(f"SELECT count(*), sum(n) FROM {within}")
        first = f"(SELECT key FROM report_near ORDER BY key LIMIT {EXAMPLES})"
        shown = values.rows(
            f"SELECT key, form, n FROM {within} WHERE key IN {first} ORDER BY key, n DESC, form"
        )
        found = Near(groups, written, records, _examples(shown))
    values.cursor.execute("DROP TABLE report_near")
    return found


def _examples(rows: Iterable[tuple[object, ...]]) -> tuple[Group, ...]:
    found: dict[str, dict[str, int]] = {}
    for key, form, number in rows:
        found.setdefault(str(key), {})[str(form)] = int(str(number))
    return tuple(Group(key, said) for key, said in found.items())
