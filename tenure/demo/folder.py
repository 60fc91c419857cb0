"""What a demo's folder says about it: the mark that makes every command run there a demo's."""

import json
import secrets
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tenure.core.errors import ConfigurationError
from tenure.processes.claim import DEMO_MARK
from tenure.simulator.world import SPARE_SITE

SCALES = {"small": 400, "medium": 2_000, "large": 10_000}
LIFE = timedelta(days=548)  # a year and a half before the day the demo was first started
EMAIL = "demo@tenure.example"


@dataclass(frozen=True, slots=True)
class Demo:
    """One demo. ``urls`` are the simulator's addresses; settings send every request there instead
    of to a live site. ``origin`` is the instant at which the business was first looked at. It is ``ready`` once it has been loaded.
    ``spare`` is a simulated site that is not connected, to try the set-up with; older demos have none.
    """

    scale: str
    origin: str
    email: str
    password: str
    urls: dict[str, str]
    database: str = ""
    schema: str = ""
    ready: bool = False
    spare: dict[str, str] | None = None

    @property
    def accounts(self) -> int:
        return SCALES[self.scale]

    @property
    def opened(self) -> datetime:
        """The first day of the simulated business."""
        return self.first_day - LIFE

    @property
    def first_day(self) -> datetime:
        """The day the demo begins to live on from."""
        return datetime.fromisoformat(self.origin)

    def save(self, home: Path) -> None:
        """Write the mark, in one step and for this user only."""
        partial = home / f"{DEMO_MARK}.partial"
        partial.touch(mode=0o600)
        partial.write_text(json.dumps(asdict(self), indent=1))
        partial.replace(home / DEMO_MARK)


def begin(scale: str) -> Demo:
    """A demo that has not been anywhere yet."""
    today = datetime.now(UTC).replace(hour=9, minute=0, second=0, microsecond=0)
    spare = {"subdomain": SPARE_SITE.subdomain, "key": SPARE_SITE.key}
    return Demo(scale, today.isoformat(), EMAIL, _password(), urls={}, spare=spare)


def load(home: Path) -> Demo | None:
    """The demo of this folder; None when it holds none.

    Raises ConfigurationError when its mark cannot be read.
    """
    path = home / DEMO_MARK
    try:
        return Demo(**json.loads(path.read_text()))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as error:
        raise ConfigurationError(
            f"{path} cannot be read: {error}.",
            next_step=f"Remove the folder {home} to begin a new demo.",
        ) from error


def _password() -> str:
    """Easy to type, and different in every demo, because it opens a web page on this machine."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(4)) for _ in range(4))
