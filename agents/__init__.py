"""The roles, their prompts and views; AutoGen is met in `ptool.agents.chat` alone, imported by name."""

from .prompting import Prompt, Prompts
from .role import Ask, Observation, Role, Views
from .views import VIEWS

__all__ = ["VIEWS", "Ask", "Observation", "Prompt", "Prompts", "Role", "Views"]
