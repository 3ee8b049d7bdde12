"""The gateway: every question of every role, asked once, paced, paid once, kept, parsed and corrected."""

from .client import CallScope, GatewayClient, bound
from .gateway import CORRECTIONS, RESTARTS, Gateway
from .parse import MAX_ANSWER, Accept

__all__ = [
    "CORRECTIONS",
    "MAX_ANSWER",
    "RESTARTS",
    "Accept",
    "CallScope",
    "Gateway",
    "GatewayClient",
    "bound",
]
