"""The only place that talks to a model: gateway, clients, seeds, and the blocks a prompt is made of.

`ptool.models.gateway` imports AutoGen, which takes 0.6 s; it is therefore imported by name, not from here.
"""

from .prompt_blocks import Json
from .seeds import derive

__all__ = ["Json", "derive"]
