"""What the matcher of tools will be asked (`tool_matching`): its prompts are known before a run begins."""

from __future__ import annotations

from ...models.context_window import text_size
from ...models.request import CHARACTERS_A_TOKEN
from ...settings import TOOL_MATCHER
from ..given_tools import GivenTools
from ..roles import Participants
from ..tool_matching import STAGE, matching_views, shown_functions
from .counters import CallCount, CallGroup

_ANSWER_TOKENS = 6
"""Of `{"letter":"yes"}`."""


def matching_calls(participants: Participants, tools: GivenTools | None) -> dict[CallGroup, CallCount]:
    """The calls that a matcher is asked by; empty where nobody is."""
    pairs = [*tools.doubtful, *tools.controls] if tools else ()
    prompt = participants.roles[TOOL_MATCHER].prompt if pairs else None
    if tools is None or prompt is None:
        return {}
    role, functions = participants.roles[TOOL_MATCHER], shown_functions(tools)
    times, count = getattr(role, "orders", 1), CallCount()
    for pair in pairs:
        views = matching_views(participants.settings, functions, pair)
        texts = prompt.render({**{view: [] for view in role.shows}, **views})
        count.calls += times
        count.prompt_tokens += times * (sum(map(text_size, texts)) // CHARACTERS_A_TOKEN)
        count.completion_tokens += times * _ANSWER_TOKENS
    return {CallGroup(STAGE, TOOL_MATCHER): count}
