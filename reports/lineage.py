"""Where one sample comes from, as plain data: what was drawn, who asked, what proves it, who said what.

`lineage_gathering` fills it from a run folder, `lineage_page` shows it; it knows neither.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Fate:
    """What became of it."""

    status: str
    """kept | rejected | dropped (accepted, but refused for the dataset) | accepted (in none yet) | waiting"""
    reasons: tuple[dict[str, Any], ...] = ()
    """objections that ended it: code, path, message, source, blames"""
    file: str | None = None
    """its file below dataset/; None: in none"""
    split: str | None = None
    group: str | None = None
    twin_of: str | None = None
    """the sample it is the counterfactual twin of"""
    twin: str | None = None
    """the counterfactual twin that was made of it"""
    gates: tuple[str, ...] | None = None
    """gates it had to pass; None: all there are, or the run is older than gates"""


@dataclass(frozen=True)
class UsedFeature:
    """A basic feature that fills an argument."""

    name: str
    value: Any
    path: tuple[str, ...]
    """names from the persona's themes down to the feature; empty where there is no feature tree"""
    description: str
    themes: tuple[str, ...]
    """what the layers above were for this user, from the top"""


@dataclass(frozen=True)
class Person:
    """Who asks."""

    id: str
    persona: str
    """who it is, in a sentence, before any feature had a value"""
    features: tuple[UsedFeature, ...]
    made_in: tuple[str, ...]
    """ledger items that its layers came from; empty where they cannot be told"""


@dataclass(frozen=True)
class Visits:
    """What the visible history says of one platform."""

    platform: str
    in_context: int
    """visits for the task's kind of need"""
    in_all: int
    serves: bool
    """whether it offers every capability the answer needs"""


@dataclass(frozen=True)
class Place:
    """The platform that was right, and its rivals."""

    name: str
    context: str
    preferred: str | None
    """what the user prefers for that need; None: the history is not there"""
    characteristics: dict[str, str]
    visits: tuple[Visits, ...]


@dataclass(frozen=True)
class Tool:
    """One call of the answer."""

    api: str
    capability: str
    description: str
    path: tuple[str, ...]
    """names down the API tree; empty where there is no such function"""
    response: Any
    """what the sandbox answered; None: nothing"""


@dataclass(frozen=True)
class Proof:
    """One argument and where it comes from."""

    call: int
    api: str
    parameter: str
    value: Any
    origin: str
    """query | profile | default | unknown"""
    words: str | None
    span: tuple[int, int] | None
    path: str | None
    """'basic_features.home_address'"""
    feature_path: tuple[str, ...]
    """names down the feature tree to the parameter; for arguments from the profile"""
    proven: bool
    """true: as the dataset proves it; false: as the task was drawn, no sample tells"""


@dataclass(frozen=True)
class Said:
    """One call of a model, or an attempt that brought no answer."""

    stage: str
    role: str
    item: str
    round: int | None
    """of feedback; None: asked outside of a conversation"""
    attempt: int
    """0 for the first answer of a turn, then one more for every correction"""
    endpoint: str
    seed: int | None
    """that was sent; None: it cannot be told"""
    finish: str
    """why it ended; of an attempt without an answer the kind of fault"""
    status: str
    """ok, or what was wrong with it"""
    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int | None
    usd: float | None
    """None: the price is not known"""
    seconds: float
    content: str
    """what was said, or why there was no answer"""


@dataclass(frozen=True)
class Lineage:
    """Everything a run knows of one sample; `format=json` prints these fields."""

    run: str
    id: str
    population: str
    """'' for the run's own people, 'unseen' for those held out"""
    fate: Fate
    task: dict[str, Any]
    """as code drew it"""
    user: Person
    platform: Place
    query: str | None
    tools: tuple[Tool, ...]
    arguments: tuple[Proof, ...]
    objections: tuple[dict[str, Any], ...]
    """every objection on the way, mended ones included"""
    turns: tuple[dict[str, Any], ...]
    """who said what, in order: role, round, output"""
    rounds: int
    calls: tuple[Said, ...]
    """model calls of the episode and of whoever judged it later, in order"""
    origins: tuple[Said, ...]
    """model calls that its history, its user and its tools came from"""
    codes: dict[str, str] = field(default_factory=dict)
    """code of a reason or objection -> the sentence that explains it"""
    further: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    """ledger stage -> what else was kept of it: other solvers, strangers"""


def as_json(lineage: Lineage) -> str:
    """A lineage for programs; ASCII, so that nothing in it moves a terminal."""
    return json.dumps(asdict(lineage), indent=2)
