"""The custom fields a site defines, read whole in every run, so that one that is gone is noticed.

The list is small: a page, as a rule. Whoever deletes or renames a definition at the source erases
its values at once (FACTS section 9); ours are kept, and whoever mapped the field is told.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import F

from tenure.connections.models import Site
from tenure.customers import attributes, fields
from tenure.customers.models import Attribute, SourceField
from tenure.sources import records
from tenure.sources.base import Stream
from tenure.sync import lease, quarantine, write


def seen(site: Site, definitions: Sequence[records.CustomFieldDefinition], now: datetime) -> None:
    """Remember that the site defines these; those deleted upstream are not seen. In the page's
    transaction."""
    rows = [
        SourceField(
            site=site,
            object_kind=one.related_type,
            name=one.name[:80],
            label=(one.display_name or "")[:120],
            upstream_id=one.upstream_id,
            first_seen=now,
            last_seen=now,
        )
        for one in definitions
        if one.deleted_at is None and one.related_type in fields.KINDS
    ]
    SourceField.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["site", "object_kind", "name"],
        update_fields=["label", "upstream_id", "last_seen"],
    )


def settle(site: Site, run_id: int, fence: int, now: datetime) -> None:
    """After the whole list was read: what was not in it is gone, what came back is not, and the new
    may become attributes. The run says which attributes lost their field."""
    with transaction.atomic():
        rows = SourceField.objects.filter(site=site)
        rows.filter(last_seen__gte=now).exclude(vanished_at=None).update(vanished_at=None)
        # A definition that could not be read is not one that is gone.
        if not quarantine.open_ids(site.pk, Stream.CUSTOM_FIELDS):
            rows.filter(last_seen__lt=now, vanished_at=None).update(vanished_at=now)
        attributes.hold()
        for kind in fields.KINDS:
            living = rows.filter(object_kind=kind, vanished_at=None)
            attributes.declare(dict(living.values_list("name", "label")), kind)
        notices = _notices(site)
        if notices:
            write.note(run_id, Stream.CUSTOM_FIELDS, notices)
        lease.guard(run_id, fence)


def _notices(site: Site) -> list[str]:
    """A sentence for each attribute that reads a field this site has no more."""
    gone = SourceField.objects.filter(site=site, vanished_at__isnull=False)
    lost = {fields.custom(row.object_kind, row.name): row for row in gone}
    read = Attribute.objects.filter(source_field__in=lost).order_by(F("label").asc())
    renamed = {kind: attributes.renames(kind) for kind in fields.KINDS}
    return [_notice(one, lost[one.source_field], renamed) for one in read]


def _notice(attribute: Attribute, field: SourceField, renamed: dict[str, dict[str, str]]) -> str:
    now_called = renamed[field.object_kind].get(field.name)
    became = f"is called {now_called} now" if now_called else "is gone"
    return (
        f"The custom field {field.name} of {field.object_kind}s {became}. The attribute"
        f" {attribute.label} keeps its values; choose what it is read from under Settings >"
        " Attributes."
    )
