"""Raw payloads: the newest JSON of each record as it came, compressed, written only on change.

Records of one stream share their shape, so each is compressed against a skeleton of it: a record
with its keys and no values. That makes them several times smaller, and nothing of one customer
is ever needed to read another's.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec
import zstandard
from django.db import connection

from tenure.customers.staging import empty, stage
from tenure.sources.records import Record
from tenure.sync.models import RawPayload, Skeleton

LEVEL = 1
COLUMNS = "upstream_id text, payload bytea, content_hash bytea"


@dataclass(slots=True)
class PayloadKeeper:
    """Keeps payloads for one run; remembers the skeleton of each stream it has met."""

    site_id: int
    run_id: int
    now: datetime
    _shapes: dict[str, tuple[int, zstandard.ZstdCompressor]] = field(default_factory=dict)

    def keep(self, stream: str, records: Sequence[Record]) -> None:
        """Store these records' payloads in place of older ones. Runs in the page's transaction."""
        if not records:
            return
        skeleton, compressor = self._shape(stream, records)
        # All at once: between any two of them another thread would take its turn, and give it back late.
        packed = compressor.multi_compress_to_buffer([record.payload for record in records])
        with connection.cursor() as cursor:
            stage(cursor, "landing_payload", COLUMNS)
            with cursor.copy("COPY landing_payload FROM STDIN (FORMAT BINARY)") as copy:
                copy.set_types(("text", "bytea", "bytea"))
                for place, record in enumerate(records):
                    payload = packed[place].tobytes()
                    copy.write_row((record.upstream_id, payload, record.content_hash))
            cursor.execute(
                "INSERT INTO sync_rawpayload AS kept (site_id, stream, upstream_id, payload,"
                " content_hash, skeleton_id, fetched_at, run_id)"
                " SELECT DISTINCT ON (upstream_id)"
                " %s, %s, upstream_id, payload, content_hash, %s, %s, %s FROM landing_payload"
                " ON CONFLICT (site_id, stream, upstream_id) DO UPDATE SET"
                " payload = EXCLUDED.payload, content_hash = EXCLUDED.content_hash,"
                " skeleton_id = EXCLUDED.skeleton_id, fetched_at = EXCLUDED.fetched_at,"
                " run_id = EXCLUDED.run_id",
                [self.site_id, stream, skeleton, self.now, self.run_id],
            )
            empty(cursor, "landing_payload")

    def forget(self, stream: str) -> None:
        """Look the stream's skeleton up again: it was made in a transaction that came to nothing."""
        self._shapes.pop(stream, None)

    def _shape(
        self, stream: str, records: Sequence[Record]
    ) -> tuple[int, zstandard.ZstdCompressor]:
        if stream not in self._shapes:
            known = Skeleton.objects.filter(stream=stream).order_by("-pk").first()
            if known is None:
                fullest = max(records, key=lambda record: len(record.payload))
                shape = skeleton_of(fullest.payload)
                known = Skeleton.objects.create(stream=stream, shape=shape, created_at=self.now)
            dictionary = _dictionary(known)
            dictionary.precompute_compress(level=LEVEL)
            compressor = zstandard.ZstdCompressor(dict_data=dictionary)
            self._shapes[stream] = known.pk, compressor
        return self._shapes[stream]


def skeleton_of(payload: bytes) -> bytes:
    """The payload's keys in their order, with no value of it: lists keep one element's shape."""
    return msgspec.json.encode(_blank(msgspec.json.decode(payload)))


def _blank(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _blank(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_blank(value[0])] if value else []
    return None


def differing(site_id: int, stream: str, records: Sequence[Record]) -> tuple[set[str], set[str]]:
    """Upstream ids of those never kept before, and of those kept with other content."""
    rows = RawPayload.objects.filter(
        site_id=site_id, stream=stream, upstream_id__in=[r.upstream_id for r in records]
    )
    kept = {i: bytes(h) for i, h in rows.values_list("upstream_id", "content_hash")}
    new = {r.upstream_id for r in records if r.upstream_id not in kept}
    changed = {r.upstream_id for r in records if kept.get(r.upstream_id) != r.content_hash}
    return new, changed - new


def read(kept: RawPayload) -> bytes:
    """The payload as it came."""
    reader = zstandard.ZstdDecompressor(dict_data=_dictionary(kept.skeleton))
    return reader.decompress(bytes(kept.payload))


def _dictionary(skeleton: Skeleton) -> zstandard.ZstdCompressionDict:
    raw = zstandard.DICT_TYPE_RAWCONTENT
    return zstandard.ZstdCompressionDict(bytes(skeleton.shape), dict_type=raw)
