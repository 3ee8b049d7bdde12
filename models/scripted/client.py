"""The scripted model: a deterministic `ChatCompletionClient` without any LLM.

It receives exactly the messages a model would: the role stands on the first line of the prompt, the data in
its blocks, and the role's player answers. A role it has no player for is an error that names
those it can play; it never invents an answer. A prompt of the benchmark is answered by the heuristic.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import orjson
from autogen_core.tools import Tool, ToolSchema
from pydantic import BaseModel

from ...errors import ConfigError, ModelError, PtoolError, UnknownPartError, names
from ..clients.base import OfflineModel, from_prompt, role_of
from ..prompt_blocks import read
from .heuristic import HeuristicSolver
from .kit import Library
from .role_request import Player, RoleRequest
from .roles import PLAYERS

NOTE = "scripted: no language model took part; every text comes from kits and a known preference model"
"""What manifest and report say of data made with it."""


class ScriptedModel(OfflineModel):
    """Plays every role from kits.

    Args:
        library: the kits it knows.
        players: further roles it can play, by name.
        slips: probability of a human slip in a query or a solution, 0 to 1; the checks must catch it.

    Raises:
        ConfigError: slips is no such number.
    """

    note = NOTE
    repeatable = True

    def __init__(
        self, library: Library, *, players: Mapping[str, Player] | None = None, slips: float = 0.0
    ) -> None:
        super().__init__()
        if isinstance(slips, bool) or not isinstance(slips, (int, float)) or not 0 <= slips <= 1:
            raise ConfigError(f"model.slips: got {slips!r}, expected a number from 0 to 1")
        self.library = library
        self._players = {**PLAYERS, **(players or {})}
        self._slips = slips
        self._heuristic = HeuristicSolver(library)

    def answer(self, texts: Sequence[str], seed: int) -> str:
        """The JSON text of one answer.

        Raises:
            UnknownPartError: it cannot play the role, or does not know the scenario.
            ModelError: the role's player failed.
        """
        texts = from_prompt(texts)
        role = role_of(texts)
        if role is not None:
            return self._play(role, texts, seed)
        answer = self._heuristic.answer(texts, (), seed)
        if answer is not None:
            return answer
        got = texts[0][:80] if texts else ""
        raise UnknownPartError(
            f"the scripted model needs 'Role: <name>' as the first line of the system message, got {got!r}"
        )

    def answer_with(self, tools: Sequence[Tool | ToolSchema], texts: Sequence[str], seed: int) -> str:
        """The text of an answer to a prompt of the benchmark that offers its functions as tools."""
        texts = from_prompt(texts)
        schemas = [tool.schema if isinstance(tool, Tool) else tool for tool in tools]
        answer = self._heuristic.answer(texts, schemas, seed) if role_of(texts) is None else None
        return self.answer(texts, seed) if answer is None else answer

    def _play(self, role: str, texts: Sequence[str], seed: int) -> str:
        player = self.player(role)
        blocks = read("\n".join(texts[:2]))  # correction turns quote answers: no data of the world is there
        try:
            record = player(RoleRequest(role, blocks, seed, self.library, self._slips))
        except PtoolError:
            raise
        except Exception as error:  # a player may be anybody's
            message = " ".join(f"{type(error).__name__}: {error}".split())[:300]
            raise ModelError(f"role {role!r}: its player failed: {message}") from error
        return record.model_dump_json() if isinstance(record, BaseModel) else orjson.dumps(record).decode()

    def player(self, role: str) -> Player:
        """Who plays a role.

        Raises:
            UnknownPartError: nobody; names the roles that can be played.
        """
        if role not in self._players:
            raise UnknownPartError(
                f"role {role!r}: the scripted model cannot play it; it plays {names(self._players, role)}. "
                f"Give the role a player (agent.{role}.player) or a model of its own"
            )
        return self._players[role]
