"""Worlds, the protocols that are played in them, the sandbox behind the tools, and the checks.

`ptool.environments.runner` drives a protocol through AutoGen agents and is imported by name.
"""

from .behaviour import Behaviour
from .checks import CHECKS, CODES, choose_checks, trace
from .checks.case import Case
from .dialogue import Dialogue
from .sandbox import CallOutcome, SandboxState, execute_call
from .world import World

__all__ = [
    "CHECKS",
    "CODES",
    "Behaviour",
    "CallOutcome",
    "Case",
    "Dialogue",
    "SandboxState",
    "World",
    "choose_checks",
    "execute_call",
    "trace",
]
