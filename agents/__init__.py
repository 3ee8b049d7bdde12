"""The roles, their prompts and views; AutoGen is met in `ptool.agents.chat` alone, imported by name."""

from .forms import Actor, Chooser, Clusterer, Designer, ProfileWriter
from .narrowing import Wanted, narrowed
from .prompting import Prompt, Prompts
from .role import Ask, Observation, Role, Views
from .views import VIEWS

__all__ = [
    "VIEWS",
    "Actor",
    "Ask",
    "Chooser",
    "Clusterer",
    "Designer",
    "Observation",
    "ProfileWriter",
    "Prompt",
    "Prompts",
    "Role",
    "Views",
    "Wanted",
    "narrowed",
]
