"""A PostgreSQL of our own for people who have not brought one: found, started, shared, stopped.

Start at ``server.py``. Nothing here knows Django or a single table. Programs that use one
TENURE_HOME share one server: whoever comes first starts it, whoever leaves last stops it.
"""

from tenure.embedded import postmaster
from tenure.embedded.server import Server, attach, running, url_of

__all__ = ["Server", "attach", "postmaster", "running", "url_of"]
