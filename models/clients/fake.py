"""A test double for every model: a client that answers by content, so that concurrency cannot confuse it.

What it is asked is handed to one function as the role's name, the blocks and the seed, the same three things
the scripted model reads.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from pydantic import BaseModel

from .. import prompt_blocks as blocks
from .base import OfflineModel, role_of

AnswerFunction = Callable[[str, Mapping[str, str], int], BaseModel | str]
"""(role, block name -> JSON text, seed) -> a record, or the raw text of an answer."""


class FakeModel(OfflineModel):
    """Answers with `reply(role, blocks, seed)`; what the function raises, the client raises.

    `prompts` keeps the messages of every call when `keep` is set.
    """

    def __init__(self, reply: AnswerFunction, *, keep: bool = False) -> None:
        super().__init__()
        self._reply = reply
        self._keep = keep
        self.calls = 0
        self.prompts: list[list[str]] = []

    def answer(self, texts: Sequence[str], seed: int) -> str:
        """What the function says to the prompt; correction turns hold no blocks of their own."""
        self.calls += 1
        if self._keep:
            self.prompts.append(list(texts))
        answer = self._reply(role_of(texts) or "", blocks.read("\n".join(texts[:2])), seed)
        return answer.model_dump_json() if isinstance(answer, BaseModel) else answer
