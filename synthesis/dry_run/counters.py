"""The model and the call log of a small run: one answers every role, the other counts the calls.

The model is the scripted one. A role without a script agrees with everything, and required fields that a
script leaves out are filled with made-up values: a small run is about how much is asked, not what comes out.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, NamedTuple

import orjson
from pydantic import BaseModel

from ...environments.mock_responses import value_for_schema
from ...errors import UnknownPartError
from ...models.clients.base import role_of
from ...models.context_window import text_size
from ...models.output_schema import schema_size
from ...models.request import CHARACTERS_A_TOKEN
from ...models.scripted import Library, Player, ScriptedModel
from ...records.model_calls import Answer, Failure, Spent


@dataclass(frozen=True, slots=True)
class Question:
    """One prompt as it was rendered, and the record it asks for."""

    system: str
    user: str
    output: type[BaseModel]
    answer: int = 0
    """tokens of the scripted model's answer, at four characters each"""


MOST_QUESTIONS = 20
"""Questions of a role that are kept."""
_LATEST = 4
"""Prompts of a role that a prefix cache is taken to remember."""


@dataclass(slots=True)
class RolePrompts:
    """The longest and the cheapest prompt of one role, and some of all."""

    size: int = 0
    """characters of the longest prompt (`text_size`)"""
    schema: int = 0
    """characters of the largest output schema: some endpoints need it in the prompt"""
    answer: int = 0
    """characters of the longest answer"""
    shortest: tuple[int, int] | None = None
    """(characters of the answer, of the prompt) of `question`"""
    question: Question | None = None
    """the one with the shortest answer, and of these with the shortest prompt"""
    some: dict[bytes, Question] = field(default_factory=dict)
    """digest -> question: those with the lowest digests, whatever the order they were asked in"""
    characters: int = 0
    """of all prompts"""
    repeated: int = 0
    """of these, how many stand at the beginning of one of the latest, too"""
    _latest: deque[str] = field(default_factory=lambda: deque(maxlen=_LATEST))

    def add(self, texts: Sequence[str], answer: str, output: type[BaseModel]) -> None:
        """Take account of one call; one of more than two texts corrects an earlier answer."""
        size = sum(map(text_size, texts))
        prompt = "\n".join(texts)
        self.characters += len(prompt)
        self.repeated += max((common_beginning(prompt, other) for other in self._latest), default=0)
        self._latest.append(prompt)
        self.size = max(self.size, size)
        self.schema = max(self.schema, schema_size(output))
        self.answer = max(self.answer, text_size(answer))
        sizes = (text_size(answer), size)
        if len(texts) == 2 and (self.shortest is None or sizes < self.shortest):
            self.shortest, self.question = sizes, Question(texts[0], texts[1], output)
        if len(texts) == 2:
            self._keep(Question(texts[0], texts[1], output, text_size(answer) // CHARACTERS_A_TOKEN))

    @property
    def repeated_share(self) -> float:
        """Share of its prompts that an endpoint with a prefix cache need not read again, 0 to 1."""
        return self.repeated / max(self.characters, 1)

    @property
    def questions(self) -> tuple[Question, ...]:
        """At most `MOST_QUESTIONS` different questions, the same ones in every small run."""
        return tuple(self.some[digest] for digest in sorted(self.some))

    def _keep(self, question: Question) -> None:
        digest = blake2b(
            f"{question.system}\n{question.user}".encode("utf-8", "surrogatepass"), digest_size=16
        ).digest()
        self.some[digest] = question
        if len(self.some) > MOST_QUESTIONS:
            del self.some[max(self.some)]


def common_beginning(one: str, other: str) -> int:
    """Characters with which both texts begin."""
    least, most = 0, min(len(one), len(other))
    while least < most:
        middle = (least + most + 1) // 2
        least, most = (middle, most) if one[:middle] == other[:middle] else (least, middle - 1)
    return least


class StandInModel(ScriptedModel):
    """The scripted model in the place of every model of a run.

    Args: library, players, slips: as for the scripted model.
    """

    def __init__(
        self, library: Library, *, players: Mapping[str, Player] | None = None, slips: float = 0.0
    ) -> None:
        super().__init__(library, players=players, slips=slips)
        self.prompts: dict[str, RolePrompts] = {}
        """role -> what it was asked"""

    def player(self, role: str) -> Player:
        """Who plays a role; one without a script agrees."""
        try:
            return super().player(role)
        except UnknownPartError:
            return lambda _: {"ok": True, "reasons": []}

    async def create(self, messages: Sequence[Any], *, json_output: Any = None, **options: Any) -> Any:
        """Answer as the scripted model does, and keep the prompt where it is the longest or cheapest."""
        result = await super().create(messages, json_output=json_output, **options)
        texts = [str(message.content) for message in messages]
        if isinstance(json_output, type) and issubclass(json_output, BaseModel):
            result.content = _with_required_fields(str(result.content), json_output)
            prompts = self.prompts.setdefault(role_of(texts) or "", RolePrompts())
            prompts.add(texts, str(result.content), json_output)
        return result


def _with_required_fields(content: str, output: type[BaseModel]) -> str:
    """The answer with made-up values for required fields that it lacks."""
    required = [name for name, field in output.model_fields.items() if field.is_required()]
    answer = orjson.loads(content)
    if not isinstance(answer, dict) or all(name in answer for name in required):
        return content
    made_up = value_for_schema(output.model_json_schema(), output.__name__, {}, ())
    return orjson.dumps({**made_up, **answer}).decode()


class CallGroup(NamedTuple):
    """Calls that are counted together because they grow together."""

    stage: str
    role: str
    hidden: bool = False
    """an instruction was hidden in an audited sample: so many there are, whatever the number of samples"""


@dataclass(slots=True)
class CallCount:
    """Calls and their lengths; tokens at four characters each."""

    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0


class CallCounter:
    """The call log of a small run (`models.endpoint.CallLog`): sums by stage and role instead of items.

    As in a ledger, a call that was answered before is not made again, so it counts what a run would pay for.
    """

    def __init__(self) -> None:
        self.totals: dict[CallGroup, CallCount] = {}
        self._answers: dict[bytes, Answer] = {}

    def find_answer(self, key: bytes) -> Answer | None:
        """As `Ledger.find_answer`."""
        return self._answers.get(key)

    async def save_answer(self, answer: Answer, messages: Sequence[tuple[str, str]] = ()) -> None:
        """Count an answer."""
        del messages
        self._answers[answer.key] = answer
        # '+' stands in the turns of audited samples that an instruction is hidden in, and in no id.
        hidden = answer.stage == "audit" and "+" in answer.turn
        totals = self.totals.setdefault(CallGroup(answer.stage, answer.role, hidden), CallCount())
        totals.calls += 1
        totals.prompt_tokens += answer.prompt_tokens
        totals.completion_tokens += answer.completion_tokens

    def set_answer_status(self, key: bytes, status: str) -> None:
        """Nobody asks what the answers were good for."""

    def save_failure(self, failure: Failure, messages: Sequence[tuple[str, str]] = ()) -> None:
        """The scripted model does not fail."""

    def spent(self) -> Spent:
        """Nothing: a small run is free."""
        return Spent()
