"""Records that could not be read: kept with payload and reason, closed when a good copy arrives."""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime

import zstandard

from tenure.sources.base import Rejected
from tenure.sync.models import Quarantined


def keep(
    site_id: int, stream: str, rejected: Sequence[Rejected], *, run_id: int, now: datetime
) -> int:
    """Store each rejected record once, however often it is met; how many were rejected."""
    for record in rejected:
        named = (record.upstream_id or "").encode() or record.payload
        Quarantined.objects.update_or_create(
            site_id=site_id,
            stream=stream,
            digest=hashlib.blake2b(named, digest_size=16).digest(),
            defaults={
                "upstream_id": record.upstream_id,
                "reason": record.reason,
                "payload": zstandard.compress(record.payload, 3),
                "last_seen": now,
                "run_id": run_id,
                "resolved_at": None,
            },
            create_defaults={
                "upstream_id": record.upstream_id,
                "reason": record.reason,
                "payload": zstandard.compress(record.payload, 3),
                "first_seen": now,
                "last_seen": now,
                "run_id": run_id,
            },
        )
    return len(rejected)


def open_ids(site_id: int, stream: str) -> set[str]:
    """Upstream ids that are in quarantine now."""
    rows = Quarantined.objects.filter(site_id=site_id, stream=stream, resolved_at=None)
    return {i for i in rows.values_list("upstream_id", flat=True) if i}


def resolve(site_id: int, stream: str, upstream_ids: Iterable[str], now: datetime) -> None:
    """These records read well now."""
    Quarantined.objects.filter(
        site_id=site_id, stream=stream, upstream_id__in=list(upstream_ids), resolved_at=None
    ).update(resolved_at=now)
