"""Plans: the price list, and the billing interval that subscriptions do not carry themselves."""

from msgspec import Raw, Struct, json

from tenure.sources import records
from tenure.sources.base import Stream
from tenure.sources.records import NOTHING
from tenure.sources.recurly.fields import Id, Int, Time, digest, listed
from tenure.sources.recurly.kind import Kind


class Plan(Struct, gc=False):
    id: Id
    code: str
    state: str
    created_at: Time
    updated_at: Time
    name: str | None = None
    pricing_model: str | None = None
    interval_unit: str | None = None
    interval_length: Int | None = None
    trial_unit: str | None = None
    trial_length: Int | None = None
    total_billing_cycles: Int | None = None
    auto_renew: bool | None = None
    currencies: Raw = NOTHING
    deleted_at: Time | None = None


def to_record(one: Plan, payload: bytes) -> records.Plan:
    return records.Plan(
        upstream_id=one.id,
        created_at=one.created_at,
        updated_at=one.updated_at,
        payload=payload,
        content_hash=digest(payload),
        code=one.code,
        name=one.name or None,
        state=one.state,
        pricing_model=one.pricing_model or None,
        interval_unit=one.interval_unit or None,
        interval_length=one.interval_length,
        trial_unit=one.trial_unit or None,
        trial_length=one.trial_length,
        total_billing_cycles=one.total_billing_cycles,
        auto_renew=one.auto_renew,
        prices=listed(one.currencies, "currencies"),
        deleted_at=one.deleted_at,
    )


KIND = Kind(Stream.PLANS, "/plans", json.Decoder(Plan), to_record)
