"""What PTBench scores: a gold item, a prediction, how they match, and the score.

Plain values, made by the million. Nothing here reads a file, parses an answer or compares a value.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

Origin = Literal["query", "profile", "default"]
"""Where a gold argument's value comes from (Appendix B.2, and the schema's own default)."""
Group = Literal["trained", "untrained", "unseen"]
"""Whether a sample's user (or its whole scenario) was part of training (§5.1)."""
Source = Literal["ptool", "published", "acebench", "bfcl", "toolspectrum"]
"""Which kind of dataset an item was read from."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What a dataset says about comparing values. The default is ptool's: values are typed and exact.

    Whether a list is a set (`uniqueItems`) and what a left-out parameter means (`default`) stand in the
    function's own schema and are read from there.
    """

    normalise: frozenset[str] = frozenset()
    """schema `format`s whose texts are compared by meaning: any of 'date', 'date-time', 'time', 'phone'"""
    text: Literal["exact", "folded"] = "exact"
    """folded: case, spaces and the punctuation `,./-_*^` do not count (BFCL's protocol)"""
    extra: Literal["error", "ignored"] = "error"
    """ignored: arguments the gold does not have are no mistake"""


STRICT_RULES = Rules()
"""Nothing normalised; shared by every item whose dataset says nothing."""


@dataclass(frozen=True, slots=True)
class GoldCall:
    """One invocation of the gold answer."""

    name: str
    """the function"""
    accepted: dict[str, tuple[Any, ...]]
    """parameter -> every accepted value (JSON values), the first one being the canonical one"""
    origins: dict[str, Origin] = field(default_factory=dict)
    """parameter -> where its value comes from; a parameter without an entry counts for neither"""
    published: dict[str, Any] = field(default_factory=dict)
    """parameter -> what the record has in place of a list of accepted values (a bare string); `official`
    only"""
    optional: frozenset[str] = frozenset()
    """parameters that may be left out (BFCL's ""); those of origin `default` need not stand here"""


@dataclass(frozen=True, slots=True)
class Item:
    """One benchmark sample with its gold answer."""

    id: str
    user: str
    """whose profile it is; users are what the bootstrap draws"""
    scenario: str
    group: Group | None
    """None: the dataset does not say"""
    platform: str | None
    """the platform to choose; None: this dataset has no platforms, and the flag is not applicable"""
    calls: tuple[GoldCall, ...]
    query_params: tuple[str, ...] = ()
    """names of arguments found in the query, flat and with repetition, as published"""
    profile_params: tuple[str, ...] = ()
    """names of arguments found in the profile, flat and with repetition, as published"""
    tools: dict[str, dict[str, Any]] = field(default_factory=dict)
    """function -> its schema {name, description, parameters}; shared between the items of a scenario"""
    platforms: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """platform -> its functions; empty: there are no platforms"""
    query: str = ""
    source: Source = "ptool"
    rules: Rules = STRICT_RULES
    capabilities: dict[str, str] = field(default_factory=dict)
    """function -> what it does whatever the platform; empty: the dataset does not say"""
    user_profile: dict[str, Any] = field(default_factory=dict)
    """{basic_features, user_history}, what a model may see of the user; for prompts and baselines"""
    characteristics: dict[str, dict[str, str]] = field(default_factory=dict)
    """platform -> characteristic -> text; for prompts"""
    published: dict[str, Any] = field(default_factory=dict)
    """'platform' -> what the record has in place of a name; no answer is `strict`ly right then"""
    flaw: str = ""
    """why the gold answer is none that could be given: no answer is right then; empty: it is one"""

    may_decline: bool = False
    """an answer may make no call, and name no platform: in this dataset that is the gold of some samples"""

    @property
    def names_platforms(self) -> bool:
        """Whether the dataset has platforms; a sample whose gold makes no call has none to choose."""
        return self.platform is not None or bool(self.platforms)

    def count_arguments(self, origin: Origin) -> int:
        """Gold arguments from the query, or from the profile: denominators of equations 4 and 5."""
        return sum(known == origin for call in self.calls for known in call.origins.values())


class UntypedText(str):
    """A value that was written without its type (`<parameter=count>5</parameter>`); the schema tells it."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class PredictedCall:
    """One invocation of an answer."""

    name: str
    arguments: dict[str, Any]
    """parameter -> JSON value"""


@dataclass(frozen=True, slots=True)
class Prediction:
    """An answer that could be read."""

    platform: str | None
    """None: the answer names none, or (native tool calls) no single platform owns every called function"""
    calls: tuple[PredictedCall, ...]
    ambiguous: bool = field(default=False, compare=False)
    """whether the reply holds another readable answer that differs; the last one counts"""


@dataclass(frozen=True, slots=True)
class ParseError:
    """Why an answer could not be read. Data, not an exception: most answers of a weak model end here."""

    position: int
    """where, in characters from the start of the answer"""
    reason: str
    """what was met and what was expected, one bounded line"""


ErrorCode = Literal[
    "parse",
    "platform",
    "tool.wrong",
    "tool.missing",
    "tool.excessive",
    "parameter.missing",
    "parameter.excessive",
    "parameter.wrong",
    "origin.query",
    "origin.profile",
]
"""The six types of §5.4 / Fig. 4 (`tool.*`: T-wrong, T-missing, T-excessive; `parameter.*`: P-missing,
P-excessive, and P-error = wrong) and ours: the answer cannot be read, the platform is not the user's, and a
value that stands in the query or in the profile was not given."""


@dataclass(frozen=True, slots=True)
class CodedError:
    """One mistake of one answer."""

    code: ErrorCode
    path: str = ""
    """where: 'findPlaces', 'findPlaces.town'; empty: the whole"""
    expected: str = ""
    """bounded text of what the gold has; empty: nothing"""
    got: str = ""
    """bounded text of what the answer has; empty: nothing"""


@dataclass(slots=True)
class MatchResult:
    """What matching says of one answer: the flags and counts of equations 2 to 8, and its mistakes."""

    format_ok: bool
    platform: bool | None
    tool_name: bool
    tool_param: bool
    tool_value: bool
    query_hits: int
    query_total: int
    profile_hits: int
    profile_total: int
    errors: list[CodedError]

    @classmethod
    def unreadable(cls, item: Item, error: ParseError, query_total: int, profile_total: int) -> MatchResult:
        """Of an answer that could not be read: nothing is right, and every parameter still counts."""
        platform = None if item.platform is None else False
        coded = CodedError("parse", f"character {error.position}", "", error.reason)
        return cls(False, platform, False, False, False, 0, query_total, 0, profile_total, [coded])


@dataclass(frozen=True, slots=True)
class SampleScore:
    """Everything the metrics need of one scored answer; None = not applicable."""

    id: str
    format_ok: bool
    """equation 2"""
    platform: bool | None
    """equation 3; None: the dataset has no platforms"""
    tool_name: bool
    """equation 6"""
    tool_param: bool
    """equation 7; implies tool_name"""
    tool_value: bool
    """equation 8; implies tool_param"""
    overall: bool
    """equations 9-11: platform (where there is one) and tool_value"""
    query_param_hits: int
    query_param_total: int
    """equation 4"""
    profile_param_hits: int
    profile_param_total: int
    """equation 5"""
    errors: tuple[CodedError, ...] = ()
    reason: str = ""
    """why it is not fully correct, one bounded line; empty: it is"""
    user: str = ""
    scenario: str = ""
    group: Group | None = None
    gold_platform: str | None = None
    capabilities: tuple[str, ...] = ()
    """of the gold calls, in order"""
    n_calls: int = 0
    """of the gold answer"""
    ambiguous: bool = False
    """whether the reply holds another readable answer that differs (tolerant reading)"""
