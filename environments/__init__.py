"""Worlds, the protocols that are played in them, the sandbox behind the tools, and the checks.

`ptool.environments.runner` drives a protocol through AutoGen agents and is imported by name.
"""

from .behaviour import Behaviour
from .checks import CHECKS, Case, Check, Checks, choose_checks, trace
from .dialogue import Dialogue
from .sandbox import CallOutcome, SandboxState, execute_call
from .world import World

__all__ = [
    "CHECKS",
    "Behaviour",
    "CallOutcome",
    "Case",
    "Check",
    "Checks",
    "Dialogue",
    "SandboxState",
    "World",
    "choose_checks",
    "execute_call",
    "trace",
]
