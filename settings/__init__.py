"""The composed configuration becomes one validated object, here and only here.

It knows nothing of Hydra, models or stages: it refuses what is misspelt, of a wrong type or out of range, and
says which keys there are.
"""

from .base import (
    BudgetSettings,
    LimitSettings,
    ModelSettings,
    ObjectSettings,
    Part,
    PriceSettings,
    RetrySettings,
    RunSettings,
)
from .dataset import AuditSettings, CardSettings, MostSettings, SplitSettings, UnseenSettings
from .evaluation import Baseline, CompareSettings, EvaluateSettings, ExportSettings
from .run import (
    HARMLESS,
    PLAIN_ROLE,
    FeatureSettings,
    HistorySettings,
    RoleSettings,
    Settings,
    TaskSettings,
    TreeSettings,
)
from .scenario import PlaceSettings, ScenarioSettings
from .server import ServerSettings, ServeSettings, SpellSettings
from .validation import Schema, keys, validated
from .viewing import DiffSettings, ExplainSettings, ReportSettings, StatusSettings

__all__ = [
    "HARMLESS",
    "PLAIN_ROLE",
    "AuditSettings",
    "Baseline",
    "BudgetSettings",
    "CardSettings",
    "CompareSettings",
    "DiffSettings",
    "EvaluateSettings",
    "ExplainSettings",
    "ExportSettings",
    "FeatureSettings",
    "HistorySettings",
    "LimitSettings",
    "ModelSettings",
    "MostSettings",
    "ObjectSettings",
    "Part",
    "PlaceSettings",
    "PriceSettings",
    "ReportSettings",
    "RetrySettings",
    "RoleSettings",
    "RunSettings",
    "ScenarioSettings",
    "Schema",
    "ServeSettings",
    "ServerSettings",
    "Settings",
    "SpellSettings",
    "SplitSettings",
    "StatusSettings",
    "TaskSettings",
    "TreeSettings",
    "UnseenSettings",
    "keys",
    "validated",
]
