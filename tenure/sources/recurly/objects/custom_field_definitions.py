"""Custom field definitions: which fields a site offers on which kind of object."""

from msgspec import Struct, json

from tenure.sources.base import Stream
from tenure.sources.records import CustomFieldDefinition
from tenure.sources.recurly.fields import Id, Time, digest
from tenure.sources.recurly.kind import Kind


class Definition(Struct, gc=False):
    id: Id
    related_type: str
    name: str
    created_at: Time
    updated_at: Time
    display_name: str | None = None
    tooltip: str | None = None
    deleted_at: Time | None = None


def to_record(one: Definition, payload: bytes) -> CustomFieldDefinition:
    return CustomFieldDefinition(
        upstream_id=one.id,
        created_at=one.created_at,
        updated_at=one.updated_at,
        payload=payload,
        content_hash=digest(payload),
        related_type=one.related_type,
        name=one.name,
        display_name=one.display_name or None,
        tooltip=one.tooltip or None,
        deleted_at=one.deleted_at,
    )


KIND = Kind(Stream.CUSTOM_FIELDS, "/custom_field_definitions", json.Decoder(Definition), to_record)
