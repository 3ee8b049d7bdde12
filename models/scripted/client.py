"""The scripted model: a deterministic `ChatCompletionClient` without any LLM.

It receives exactly the messages a model would, takes the role from the system message's first line and the
data from the prompt's blocks, and lets that role's player answer. A role it has no player for is an error
that names those it can play; it never invents an answer. A prompt of the benchmark it answers as an examinee.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import orjson
from autogen_core.tools import Tool, ToolSchema
from pydantic import BaseModel

from ...errors import ConfigError, ModelError, PtoolError, UnknownPartError, names
from ..clients.base import OfflineModel, role_of
from ..prompt_blocks import read
from .heuristic import Examinee
from .library import Library
from .role_request import Part, Player
from .roles import PLAYERS

NOTE = "scripted: no language model took part; every text comes from kits and a known preference model"
"""What manifest and report say of data made with it."""


class ScriptedModel(OfflineModel):
    """Plays every role from kits.

    Args:
        library: what it knows.
        players: further roles it can play, by name.
        slips: probability of a human slip in a query or a solution, 0 to 1; the checks must catch it.

    Raises:
        ConfigError: slips is no such number.
    """

    note = NOTE

    def __init__(
        self, library: Library, *, players: Mapping[str, Player] | None = None, slips: float = 0.0
    ) -> None:
        super().__init__()
        if isinstance(slips, bool) or not isinstance(slips, (int, float)) or not 0 <= slips <= 1:
            raise ConfigError(f"model.slips: got {slips!r}, expected a number from 0 to 1")
        self._library = library
        self._players = {**PLAYERS, **(players or {})}
        self._slips = slips
        self._examinee = Examinee(library)

    def answer(self, texts: Sequence[str], seed: int) -> str:
        """The JSON text of one answer.

        Raises:
            UnknownPartError: it cannot play the role, or does not know the scenario.
            ModelError: the role's player failed.
        """
        role = role_of(texts)
        if role is None and (sat := self._examinee.answer(texts, (), seed)) is not None:
            return sat
        if role is None:
            got = texts[0][:80] if texts else ""
            raise UnknownPartError(
                "the scripted model needs 'Role: <name>' as the first line of the system message, "
                f"got {got!r}"
            )
        player = self.player(role)
        blocks = read("\n".join(texts[:2]))  # correction turns quote answers: no data of the world is there
        try:
            record = player(Part(role, blocks, seed, self._library, self._slips))
        except PtoolError:
            raise
        except Exception as error:  # a player may be anybody's
            said = " ".join(f"{type(error).__name__}: {error}".split())[:300]
            raise ModelError(f"role {role!r}: its player failed: {said}") from error
        return record.model_dump_json() if isinstance(record, BaseModel) else orjson.dumps(record).decode()

    def answer_with(self, tools: Sequence[Tool | ToolSchema], texts: Sequence[str], seed: int) -> str:
        """The text of an answer to a prompt of the benchmark that offers its functions as tools."""
        schemas = [one.schema if isinstance(one, Tool) else one for one in tools]
        sat = self._examinee.answer(texts, schemas, seed) if role_of(texts) is None else None
        return self.answer(texts, seed) if sat is None else sat

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
