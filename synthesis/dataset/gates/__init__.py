"""Quality gates: what an accepted episode has to be to become a sample, chosen by name (`gates=[…]`).

Rule checks object while an episode can still be mended; gates judge what came out, whatever checks and
judges there were.
"""

from __future__ import annotations

from .agreement import ConsistencyGate, RoundTripGate
from .gate import Candidate, Gate, SampleGate
from .grounding import GroundingGate
from .leak import LeakGate
from .near_duplicates import NearDuplicateGate
from .necessity import InterchangeabilityGate, NecessityGate
from .used_up import UsedUpGate

__all__ = ["GATES", "Candidate", "Gate", "SampleGate"]

GATES: dict[str, type[Gate]] = {
    "round_trip": RoundTripGate,
    "consistency": ConsistencyGate,
    "grounding": GroundingGate,
    "leak": LeakGate,
    "necessity": NecessityGate,
    "interchangeability": InterchangeabilityGate,
    "used_up": UsedUpGate,
    "near_duplicates": NearDuplicateGate,
}
"""name -> gate, in the order they run."""
