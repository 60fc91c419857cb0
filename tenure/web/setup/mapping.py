"""Step 5, Map: which of the source's fields accounts and subscriptions show, and as what type. Every
field is mapped already; types are suggested from the values that were read."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.views.decorators.http import require_http_methods

from tenure.connections import read as connections
from tenure.connections import write
from tenure.connections.setups import Step
from tenure.customers import fields, fits, mapping, overview, previewing
from tenure.customers.attributes import Mapped
from tenure.customers.filling import Filled
from tenure.customers.models import Account, AttributeKind, Origin
from tenure.customers.write import By, ValueRefused
from tenure.sync import replays
from tenure.web.frame import member_of
from tenure.web.permissions import may_manage_sites, only
from tenure.web.setup import steps

KINDS = dict(AttributeKind.choices)
CUSTOM = {
    fields.ACCOUNT: "Custom fields of accounts",
    fields.SUBSCRIPTION: "Custom fields of subscriptions",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One field: the attribute it gives, how often it is filled, and the type chosen for it.

    ``suggested`` is the type its values have where that is another one than the attribute's own.
    ``taken`` is False for a custom field nobody maps yet and nobody ticked.
    """

    key: str
    object_kind: str
    name: str
    label: str
    field: str
    fill: Filled
    kind: str
    was: str
    suggested: str
    is_custom: bool
    is_new: bool
    taken: bool

    @property
    def percent(self) -> int:
        return round(self.fill.share * 100)


@dataclass(frozen=True, slots=True)
class Shown:
    """One stored record under the mapping as it is chosen: name, site, and its filled values, those of
    custom fields apart from the ``rest``."""

    caption: str
    title: str
    site: str
    values: Sequence[tuple[str, Any, str]]
    rest: Sequence[tuple[str, Any, str]]
    empty: int


@require_http_methods(["GET", "HEAD", "POST"])
@only(may_manage_sites)
def page(request: HttpRequest, pk: int) -> HttpResponse:
    """The fields with their types and three records under them; going on keeps what was chosen."""
    setup = steps.setup_of(pk)
    if elsewhere := steps.misplaced(setup, Step.MAP):
        return elsewhere
    posted = request.POST if request.method == "POST" else None
    rows = _rows(posted)
    errors: list[str] = []
    if posted and request.headers.get("HX-Target") == "map-preview":
        live = {"previews": _previews(rows), "problems": _problems(rows)}
        return steps.show(request, setup, Step.MAP, live, part="web/setup/map_preview.html")
    if posted:
        errors = _save(request, rows, new_ones="new_fields" in posted)
        if not errors:
            return steps.onward(setup, Step.MAP)
    shown: dict[str, Any] = {
        "groups": _groups(rows),
        "kinds": AttributeKind.choices,
        "previews": _previews(rows),
        "problems": _problems(rows),
        "new_fields": ("new_fields" in posted)
        if posted
        else connections.workspace().maps_new_fields,
        "suggestions": sum(1 for row in rows if row.suggested),
        "errors": errors,
    }
    return steps.show(request, setup, Step.MAP, shown, status=400 if errors else 200)


def _groups(rows: Sequence[Row]) -> Sequence[tuple[str, Sequence[Row]]]:
    """The custom fields by object, then the standard ones; a group without fields is left out."""
    found = [
        (title, [r for r in rows if r.is_custom and r.object_kind == k])
        for k, title in CUSTOM.items()
    ]
    found.append(("Standard fields", [row for row in rows if not row.is_custom]))
    return [(title, some) for title, some in found if some]


def _rows(posted: QueryDict | None) -> list[Row]:
    """Custom fields first, the fullest on top: those are what a business put there itself."""
    found = [_row_of(one, posted) for one in overview.listing() if one.attribute.source_field]
    found += [_row_of_new(one, posted) for one in overview.unmapped()]
    return sorted(found, key=lambda row: (not row.is_custom, -row.fill.share, row.field))


def _row_of(one: overview.Listed, posted: QueryDict | None) -> Row:
    attribute = one.attribute
    is_custom = fields.custom_name(fields.split(attribute.source_field)[1]) is not None
    better = _suggested(attribute.source_field, attribute.kind, one.fill) if is_custom else ""
    key = f"{attribute.object_kind}.{attribute.name}"
    return Row(
        key=key,
        object_kind=attribute.object_kind,
        name=attribute.name,
        label=attribute.label,
        field=attribute.source_field,
        fill=one.fill,
        kind=_chosen(posted, key) or better or attribute.kind,
        was=attribute.kind,
        suggested=better,
        is_custom=is_custom,
        is_new=False,
        taken=True,
    )


def _row_of_new(one: overview.Unmapped, posted: QueryDict | None) -> Row:
    key = f"{one.object_kind}.{one.name}"
    ticked = key in posted.getlist("take") if posted is not None else one.fill.count > 0
    return Row(
        key=key,
        object_kind=one.object_kind,
        name=one.name,
        label=one.label,
        field=one.field,
        fill=one.fill,
        kind=_chosen(posted, key) or one.kind,
        was="",
        suggested="",
        is_custom=True,
        is_new=True,
        taken=ticked,
    )


def _suggested(field: str, kind: str, fill: Filled) -> str:
    """The type the values have, where the attribute is text because nobody said otherwise yet."""
    if kind != AttributeKind.TEXT or not fill.count:
        return ""
    better = fits.suggestion(field)
    return better if better != kind else ""


def _chosen(posted: QueryDict | None, key: str) -> str:
    return posted.get(f"kind-{key}", "") if posted is not None else ""


def _previews(rows: Sequence[Row]) -> Sequence[Shown]:
    """Three accounts as these rows would show them; staged records, so nothing has to exist."""
    mapped = [
        Mapped(row.name, row.kind, fields.split(row.field)[1])
        for row in rows
        if row.taken and row.object_kind == fields.ACCOUNT and row.kind in KINDS
    ]
    known = {row.name: row for row in rows if row.object_kind == fields.ACCOUNT}
    found = []
    for caption, title, site, values in previewing.whole(fields.ACCOUNT, mapped):
        filled = [
            (known[name], value) for name, value in values.items() if value not in (None, "", [])
        ]
        own, rest = (
            [(row.label, value, row.kind) for row, value in filled if row.is_custom is custom]
            for custom in (True, False)
        )
        found.append(Shown(caption, title, site, own, rest, len(values) - len(filled)))
    return found


def _problems(rows: Sequence[Row]) -> Sequence[tuple[str, str]]:
    """Fields whose values cannot all be read as the type chosen for them now."""
    changed = [row for row in rows if row.taken and row.kind != row.was and row.kind in KINDS]
    told = [(row.label, fits.fit(row.field, row.kind)) for row in changed]
    return [(label, one.sentence) for label, one in told if one.unreadable]


def _save(request: HttpRequest, rows: Sequence[Row], *, new_ones: bool) -> list[str]:
    """Keep what differs, as one change; what could not be kept, in sentences, with nothing changed."""
    by = By(Origin.MANUAL, member=member_of(request), reason="Chosen in the set-up")
    wanted = [row for row in rows if row.taken and row.kind != row.was]
    try:
        with transaction.atomic():
            for row in wanted:
                changed = mapping.set_attribute(
                    row.name,
                    row.field,
                    kind=row.kind,
                    label=row.label,
                    object_kind=row.object_kind,
                    by=by,
                    now=settings.TENURE_CLOCK.now(),
                )
                if Account.objects.exists():
                    replays.after(changed, by)
            write.map_new_fields(on=new_ones)
    except ValueRefused as refused:
        return [str(refused)]
    return []
