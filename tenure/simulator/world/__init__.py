"""The business behind the simulator: made-up customers who subscribe, pay, fail, grow and leave."""

from tenure.simulator.world.state import SiteSpec
from tenure.simulator.world.world import DEMO_SITES, SPARE_SITE, World, build

__all__ = ["DEMO_SITES", "SPARE_SITE", "SiteSpec", "World", "build"]
