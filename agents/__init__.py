"""The roles, their prompts and views; AutoGen is met in `autogen` and `own_agent` alone, imported by name."""

from .closed_choice import ClosedChooser
from .closed_questions import CallRecogniser, ClosedJudge, ClosedQuestion, NeedRecogniser, YesNoJudge
from .output_forms import (
    Actor,
    Chooser,
    Clusterer,
    Designer,
    DraftDesigner,
    FactClusterer,
    ProfileWriter,
    WantedList,
    narrow_form,
)
from .phrasing import PhrasingActor, PhrasingUser
from .prompt_loader import PromptLoader, RolePrompt
from .role import Ask, Observation, Role, Views
from .tool_matcher import ToolMatcher
from .views import VIEWS

__all__ = [
    "VIEWS",
    "Actor",
    "Ask",
    "CallRecogniser",
    "Chooser",
    "ClosedChooser",
    "ClosedJudge",
    "ClosedQuestion",
    "Clusterer",
    "Designer",
    "DraftDesigner",
    "FactClusterer",
    "NeedRecogniser",
    "Observation",
    "PhrasingActor",
    "PhrasingUser",
    "ProfileWriter",
    "PromptLoader",
    "Role",
    "RolePrompt",
    "ToolMatcher",
    "Views",
    "WantedList",
    "YesNoJudge",
    "narrow_form",
]
