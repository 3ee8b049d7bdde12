"""An OpenAI-compatible endpoint on loopback for a model that answers in this process.

`app` is the way in (`make_app`, `serving`); it imports aiohttp and is therefore imported by name. Nothing
here knows AutoGen, roles or prompts: a model is a function of the messages' texts and a seed.
"""

from .behaviour import Options, Spell
from .handler import Stats

__all__ = ["Options", "Spell", "Stats"]
