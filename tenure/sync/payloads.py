"""Raw payloads: the newest JSON of each record as it came, compressed, written only on change."""

from collections.abc import Sequence
from datetime import datetime

import zstandard
from django.db import connection

from tenure.customers.staging import empty, stage
from tenure.sources.records import Record
from tenure.sync.models import RawPayload

LEVEL = 1  # three times smaller already; higher levels cost more than they save


def keep(
    site_id: int, stream: str, records: Sequence[Record], *, run_id: int, now: datetime
) -> None:
    """Store these records' payloads in place of older ones. Runs in the page's transaction."""
    if not records:
        return
    compress = zstandard.ZstdCompressor(level=LEVEL).compress
    with connection.cursor() as cursor:
        stage(cursor, "landing_payload", "upstream_id text, payload bytea, content_hash bytea")
        with cursor.copy("COPY landing_payload FROM STDIN (FORMAT BINARY)") as copy:
            copy.set_types(("text", "bytea", "bytea"))
            for record in records:
                copy.write_row((record.upstream_id, compress(record.payload), record.content_hash))
        cursor.execute(
            "INSERT INTO sync_rawpayload AS kept"
            " (site_id, stream, upstream_id, payload, content_hash, fetched_at, run_id)"
            " SELECT DISTINCT ON (upstream_id)"
            " %s, %s, upstream_id, payload, content_hash, %s, %s FROM landing_payload"
            " ON CONFLICT (site_id, stream, upstream_id) DO UPDATE SET payload = EXCLUDED.payload,"
            " content_hash = EXCLUDED.content_hash, fetched_at = EXCLUDED.fetched_at,"
            " run_id = EXCLUDED.run_id",
            [site_id, stream, now, run_id],
        )
        empty(cursor, "landing_payload")


def hashes(site_id: int, stream: str, ids: Sequence[str]) -> dict[str, bytes]:
    """The content hash kept for each of these ids; absent where nothing is kept."""
    rows = RawPayload.objects.filter(site_id=site_id, stream=stream, upstream_id__in=ids)
    return {i: bytes(h) for i, h in rows.values_list("upstream_id", "content_hash")}


def read(kept: RawPayload) -> bytes:
    """The payload as it came."""
    return zstandard.ZstdDecompressor().decompress(bytes(kept.payload))
