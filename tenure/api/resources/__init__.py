"""The resources of the API, one file each: what may be done with it, and its shapes."""

from tenure.api.resource import Resource
from tenure.api.resources import accounts

# The order is that of the addresses: a name with a slash in it is tried last.
from tenure.api.resources.accounts import bulk, editing, reading  # noqa: F401

RESOURCES: tuple[Resource, ...] = (accounts.resource,)
