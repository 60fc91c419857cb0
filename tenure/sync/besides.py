"""Rows written before a record kept its ``extras`` take them from the stored payloads, once."""

from collections.abc import Iterator

import msgspec
from django.db import connection, transaction

from tenure.connections.models import Site
from tenure.customers.models import BillingAccount, Subscription
from tenure.sources.base import Stream
from tenure.sources.registry import source
from tenure.sync import payloads, read

CHUNK = 500
TABLES = {Stream.ACCOUNTS: BillingAccount, Stream.SUBSCRIPTIONS: Subscription}


def complete(site: Site) -> Iterator[int]:
    """Give this site's rows what they lack, and say of each chunk how many it was. A row whose payload
    is gone or can no longer be read has nothing besides."""
    for stream in TABLES:
        while count := _chunk(site, stream):
            yield count


def _chunk(site: Site, stream: Stream) -> int:
    model = TABLES[stream]
    with transaction.atomic():
        rows = model.objects.filter(site=site, extras__isnull=True).order_by("upstream_id")
        locked = rows.select_for_update(no_key=True).values_list("upstream_id", flat=True)
        ids = list(locked[:CHUNK])
        kept = [payloads.read(one) for one in read.raw_payloads(site.pk, stream, ids)]
        found = {record.upstream_id: record for record in source(site.source).read(stream, kept)}
        extras = {i: msgspec.Raw(getattr(found.get(i), "extras", b"{}")) for i in ids}
        with connection.cursor() as cursor:
            cursor.execute(
                f"UPDATE {model._meta.db_table} SET extras = %s::jsonb -> upstream_id"
                " WHERE site_id = %s AND upstream_id = ANY(%s)",
                [msgspec.json.encode(extras).decode(), site.pk, ids],
            )
    return len(ids)
