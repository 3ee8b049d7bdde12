"""The composed configuration becomes one validated object, here and only here.

It knows nothing of Hydra, models or stages: it refuses what is misspelt, of a wrong type or out of range, and
says which keys there are.
"""

from .benchmark import Baseline, CompareSettings, EvaluateSettings, ExportSettings
from .looking import DiffSettings, ExplainSettings, ReportSettings, StatusSettings
from .parts import (
    BudgetSettings,
    LimitSettings,
    ModelSettings,
    ObjectSettings,
    Part,
    PriceSettings,
    RetrySettings,
    RunSettings,
)
from .places import PlaceSettings, ScenarioSettings
from .quality import AuditSettings, CardSettings, MostSettings, SplitSettings, UnseenSettings
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
from .serving import ServerSettings, ServeSettings, SpellSettings
from .validation import Schema, keys, validated

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
