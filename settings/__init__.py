"""The composed configuration becomes one validated object, here and only here, and that object is used.

It knows nothing of Hydra, models or stages: it refuses what is misspelt, of a wrong type or out of range, and
says which keys there are.
"""

from .base import (
    Budget,
    ExecutorName,
    Limits,
    ModelSettings,
    ObjectSettings,
    Price,
    Retries,
    RunFolderSettings,
    StrictModel,
)
from .commands import (
    DiffSettings,
    ExplainSettings,
    MergeSettings,
    MockServerOptions,
    ReportSettings,
    ServeSettings,
    Spell,
    StatusSettings,
)
from .evaluation import Baseline, CompareSettings, EvaluateSettings
from .experiments import ExperimentSettings, Sequence
from .export import ExportFormat, ExportSettings, Negatives
from .review import ReviewFormat, ReviewSettings
from .roles import PLAIN_ROLE, RECOGNISERS, TOOL_MATCHER, AgentLimits, RoleSettings
from .run import NOT_HASHED, ClusteringLimits, Settings, Shard, TaskSettings
from .scenario import CompositeScenarioSettings, ScenarioSettings
from .splits import SplitSettings, UnseenSettings
from .tools import ToolSettings
from .training import TrainingMethod, TrainSettings
from .validation import (
    Schema,
    bare_key,
    choices,
    explained,
    is_text,
    keys,
    may_be_left_out,
    takes_any_key,
    validated,
)

__all__ = [
    "NOT_HASHED",
    "PLAIN_ROLE",
    "RECOGNISERS",
    "TOOL_MATCHER",
    "AgentLimits",
    "Baseline",
    "Budget",
    "ClusteringLimits",
    "CompareSettings",
    "CompositeScenarioSettings",
    "DiffSettings",
    "EvaluateSettings",
    "ExecutorName",
    "ExperimentSettings",
    "ExplainSettings",
    "ExportFormat",
    "ExportSettings",
    "Limits",
    "MergeSettings",
    "MockServerOptions",
    "ModelSettings",
    "Negatives",
    "ObjectSettings",
    "Price",
    "ReportSettings",
    "Retries",
    "ReviewFormat",
    "ReviewSettings",
    "RoleSettings",
    "RunFolderSettings",
    "ScenarioSettings",
    "Schema",
    "Sequence",
    "ServeSettings",
    "Settings",
    "Shard",
    "Spell",
    "SplitSettings",
    "StatusSettings",
    "StrictModel",
    "TaskSettings",
    "ToolSettings",
    "TrainSettings",
    "TrainingMethod",
    "UnseenSettings",
    "bare_key",
    "choices",
    "explained",
    "is_text",
    "keys",
    "may_be_left_out",
    "takes_any_key",
    "validated",
]
