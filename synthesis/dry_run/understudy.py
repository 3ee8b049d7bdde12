"""Who plays every role in a rehearsal: the scripted model, remembering the shortest and the longest question.

A role nobody has a script for agrees with everything, and a record that asks for more than a script says is
filled up with made-up values: a rehearsal is about how much is asked, not about what comes out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from pydantic import BaseModel

from ...environments.mock_responses import value_for_schema
from ...errors import UnknownPartError
from ...models.clients.base import role_of
from ...models.scripted import Library, Player, ScriptedModel


@dataclass(frozen=True, slots=True)
class Question:
    """One prompt as it was really rendered, and the form its answer had to have."""

    system: str
    user: str
    output: type[BaseModel]


@dataclass(slots=True)
class Heard:
    """What one role was asked, at its shortest and its longest; tokens at four characters each."""

    longest: int = 0
    """tokens of the longest prompt"""
    shortest: tuple[int, int] | None = None
    """(completion tokens, prompt tokens) of `question`"""
    question: Question | None = None
    """the one with the shortest answer, and of these with the shortest prompt"""

    def note(self, prompt_tokens: int, completion_tokens: int, question: Question | None) -> None:
        """Take note of one call; `question` is None for one that corrects an earlier answer."""
        self.longest = max(self.longest, prompt_tokens)
        size = (completion_tokens, prompt_tokens)
        if question is not None and (self.shortest is None or size < self.shortest):
            self.shortest, self.question = size, question


class Understudy(ScriptedModel):
    """The scripted model in the place of every model of a run.

    Args: library, players, slips: as for the scripted model.
    """

    def __init__(
        self, library: Library, *, players: Mapping[str, Player] | None = None, slips: float = 0.0
    ) -> None:
        super().__init__(library, players=players, slips=slips)
        self.heard: dict[str, Heard] = {}
        """role -> what it was asked"""

    def player(self, role: str) -> Player:
        """Who plays a role; whoever has no script agrees."""
        try:
            return super().player(role)
        except UnknownPartError:
            return _agreeing

    async def create(self, messages: Sequence[Any], *, json_output: Any = None, **options: Any) -> Any:
        """Answer as the scripted model does, and take note of it."""
        result = await super().create(messages, json_output=json_output, **options)
        texts = [str(message.content) for message in messages]
        if isinstance(json_output, type) and issubclass(json_output, BaseModel):
            result.content = _completed(str(result.content), json_output)
            question = Question(texts[0], texts[1], json_output) if len(texts) == 2 else None
            heard = self.heard.setdefault(role_of(texts) or "", Heard())
            heard.note(result.usage.prompt_tokens, result.usage.completion_tokens, question)
        return result


def _agreeing(_part: Any) -> dict[str, Any]:
    return {"ok": True, "reasons": []}


def _completed(content: str, output: type[BaseModel]) -> str:
    """The answer with made-up values for required fields that it lacks."""
    required = [name for name, field in output.model_fields.items() if field.is_required()]
    said = orjson.loads(content)
    if not isinstance(said, dict) or all(name in said for name in required):
        return content
    made_up = value_for_schema(output.model_json_schema(), output.__name__, {}, ())
    return orjson.dumps({**made_up, **said}).decode()
