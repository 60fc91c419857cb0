"""The attributes that a run would make by itself of custom fields it meets first."""

from collections.abc import Collection, Mapping

from tenure.connections.models import Mode, Site
from tenure.customers import attributes, fields
from tenure.customers.attributes import Mapped
from tenure.customers.models import Attribute, SourceField
from tenure.sources.base import Stream
from tenure.sync.planning.entries import Entry
from tenure.sync.planning.upstream import Upstream


def to_be_declared(site: Site, upstream: Upstream) -> list[Attribute]:
    """The attributes to be made, not saved."""
    alive = [d for d in upstream.definitions if d.deleted_at is None]
    known = upstream.known.get(Stream.SUBSCRIPTIONS, set())
    arriving = upstream.subscriptions
    if site.subscriptions_mode == Mode.IMPORT:  # what is here is not written, nor looked into
        arriving = {i: row for i, row in arriving.items() if i not in known}
    met = {
        fields.ACCOUNT: fields.custom_names(upstream.accounts.values()),
        fields.SUBSCRIPTION: fields.custom_names(arriving.values()),
    }
    found = attributes.standard()
    for kind, names in met.items():
        defined = {d.name: d.display_name for d in alive if d.related_type == kind}
        found += attributes.undeclared({**dict.fromkeys(names), **defined}, kind)
    return found


def mapping_of(kind: str, declared: Collection[Attribute]) -> tuple[Mapped, ...]:
    """The mapping as the run would have it, with what it declares."""
    new = (
        Mapped(one.name, one.kind, fields.split(one.source_field)[1])
        for one in declared
        if one.object_kind == kind
    )
    return (*attributes.mapped(kind), *new)


def gone_of(site: Site, upstream: Upstream, kind: str) -> Mapping[str, Collection[str]]:
    """By site, the paths of custom fields it has no more, this one's as they were just read."""
    gone = dict(attributes.vanished_paths(kind))
    unread = any(stream == Stream.CUSTOM_FIELDS for stream, _ in upstream.rejected)
    if unread or not upstream.has_definitions:
        return gone
    alive = (d for d in upstream.definitions if d.deleted_at is None)
    living = {d.name for d in alive if d.related_type == kind}
    rows = SourceField.objects.filter(site=site.pk, object_kind=kind)
    known = set(rows.values_list("name", flat=True))
    gone[site.subdomain] = {f"{fields.CUSTOM}.{name}" for name in known - living}
    return gone


def entry_of(attribute: Attribute) -> Entry:
    """A declared attribute as the plan lists it."""
    return Entry(
        "create",
        "attribute",
        identifier=attribute.name,
        name=attribute.label,
        reason=f"Read from {attribute.source_field}.",
    )
