"""The tables of sync: runs, how far streams are read, raw records."""

from tenure.sync.models.plan import Plan, PlanEntry, PlanState
from tenure.sync.models.reading import Mark, Phase, Seen, WindowRead
from tenure.sync.models.record import Quarantined, RawPayload, Skeleton
from tenure.sync.models.replay import Replay
from tenure.sync.models.run import ACTIVE, Run, RunState, StreamRun, StreamState, Trigger

__all__ = [
    "ACTIVE",
    "Mark",
    "Phase",
    "Plan",
    "PlanEntry",
    "PlanState",
    "Quarantined",
    "RawPayload",
    "Replay",
    "Run",
    "RunState",
    "Seen",
    "Skeleton",
    "StreamRun",
    "StreamState",
    "Trigger",
    "WindowRead",
]
