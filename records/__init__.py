"""Frozen records of everything ptool makes; they know no file, no model and no agent."""

from .base import JsonObject, Record
from .dialogue import (
    Call, Episode, Finding, Intent, Origin, Phrase, Query, Reason, Solution, Task, TaskCall, Turn, Usage,
    Verdict,
)
from .people import (
    Action, Actions, Bundles, Cluster, Clusters, Feature, History, Kind, Preference, Preferences, Profile,
)
from .sample import ArgumentOrigin, Evidence, RejectedSample, Sample, UserProfile, VisiblePlatform
from .scenario import Api, Category, Characteristic, Context, Expansion, Platform, ScenarioWorld

__all__ = [
    "Action", "Actions", "Api", "ArgumentOrigin", "Bundles", "Call", "Category", "Characteristic", "Cluster",
    "Clusters", "Context", "Episode", "Evidence", "Expansion", "Feature", "Finding", "History", "Intent",
    "JsonObject", "Kind", "Origin", "Phrase", "Platform", "Preference", "Preferences", "Profile", "Query",
    "Reason", "Record", "RejectedSample", "Sample", "ScenarioWorld", "Solution", "Task", "TaskCall", "Turn",
    "Usage", "UserProfile", "Verdict", "VisiblePlatform",
]
