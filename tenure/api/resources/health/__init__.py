"""Health: how accounts stand, the definitions scores are made by, and what another one would do."""

from tenure.api.resource import Resource

resource = Resource("health")
