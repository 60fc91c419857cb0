"""Every source this program can read, by key. A new vendor is a folder and a line here."""

from collections.abc import Mapping
from types import MappingProxyType

from tenure.core.errors import ConfigurationError
from tenure.sources.base import Source
from tenure.sources.recurly.source import Recurly

SOURCES: Mapping[str, Source] = MappingProxyType({"recurly": Recurly()})
DEFAULT = "recurly"


def source(key: str) -> Source:
    """The source with this key. Raises ConfigurationError when there is none."""
    try:
        return SOURCES[key]
    except KeyError:
        raise ConfigurationError(
            f"There is no source {key!r}.", next_step=f"Choose one of {', '.join(SOURCES)}."
        ) from None
