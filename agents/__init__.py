"""The roles, their prompts and views; AutoGen is met in `ptool.agents.autogen` alone, imported by name."""

from .output_forms import Actor, Chooser, Clusterer, Designer, ProfileWriter, WantedList, narrow_form
from .prompt_loader import PromptLoader, RolePrompt
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
    "PromptLoader",
    "Role",
    "RolePrompt",
    "Views",
    "WantedList",
    "narrow_form",
]
