"""The gateway: every question of every role, asked once, paced, paid once, kept, read and corrected."""

from .budget import Budget
from .call import Retries
from .gateway import MAX_ANSWER, Accept, Gateway

__all__ = ["MAX_ANSWER", "Accept", "Budget", "Gateway", "Retries"]
