"""The gateway: every question of every role, asked once, paced, paid once, kept, parsed and corrected."""

from .gateway import Gateway
from .parse import MAX_ANSWER, Accept

__all__ = ["MAX_ANSWER", "Accept", "Gateway"]
