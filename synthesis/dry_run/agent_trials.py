"""Agents of the user's before a run: each answers one question of a rehearsal, as it would in the run.

How good its answer is, nobody judges here; what it takes to be one is the role's business.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ...errors import PtoolError
from ...models.request import NO_USAGE, Request
from ...records import Usage
from ..roles import Participants


@dataclass(frozen=True)
class AgentTrial:
    """What came of one question to an agent."""

    role: str
    kind: str
    """its class"""
    votes: bool
    """whether its word counts in the run, untried as it is"""
    usage: Usage | None = None
    """of its answer; None: it was not asked, its endpoint did not answer"""
    fault: str = ""
    """why it gave none"""

    def __str__(self) -> str:
        """It in a line."""
        vote = "; it votes without having been tried" if self.votes else ""
        who = f"{self.role} is played by your {self.kind}"
        if self.fault:
            return f"{who}, which FAILS: {self.fault}"
        if self.usage is None:
            return f"{who}, which was not asked; one call is counted for each answer{vote}"
        calls = f"{self.usage.calls} call{'s' if self.usage.calls != 1 else ''} of models"
        tokens = f"{self.usage.prompt_tokens:,} tokens sent, {self.usage.completion_tokens:,} received"
        return f"{who}: it answered one question in {calls} ({tokens}); the estimate counts one call{vote}"


async def try_own_agents(
    participants: Participants, requests: Mapping[str, Request]
) -> tuple[AgentTrial, ...]:
    """One question to every agent of the user's. Args: requests: role -> what it is asked; others are not."""
    settings = participants.settings
    trials: list[AgentTrial] = []
    for role, agent in participants.own_agents.items():
        votes = role in (*settings.judges, *settings.query_judges)
        usage, fault = None, ""
        if role in requests:
            conversation = agent.conversation()
            try:
                usage = NO_USAGE + (await conversation.ask(requests[role])).usage
            except PtoolError as error:
                fault = " ".join(str(error).split())
            finally:
                await conversation.close()
        trials.append(AgentTrial(role, agent.kind, votes, usage, fault))
    return tuple(trials)
