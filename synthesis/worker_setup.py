"""What the workers of a run are sent: what they make everything from, and worlds, as soon as there are some.

Each builds roles, checks and a gateway of its own from the settings and the user's folders, opens the run's
ledger, and asks the process it works for before every call, where there are limits to share. It does so while
the run is still at its trees.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..environments.world import World
from ..executors import WorkerLink
from ..models.context_window import ContextWindow
from ..settings import Settings
from .context import ItemContext, PopulationLedger, RunContext
from .extensions import choose_extensions
from .given_tools import load_given_tools
from .items import PopulationItems
from .roles import Participants

if TYPE_CHECKING:
    from ..cli.compose import Sources


class WorkerItems(dict[str, PopulationItems]):
    """The populations that a worker has been sent. Args: context: of the run's own."""

    def __init__(self, context: ItemContext) -> None:
        super().__init__()
        self.context = context


@dataclass(frozen=True)
class SentPopulation:
    """A population on its way to a worker."""

    name: str
    settings: Settings
    worlds: Mapping[str, World]

    def add_to(self, state: WorkerItems) -> None:
        """As `Addition.add_to`."""
        context = replace(state.context, settings=self.settings, population=self.name)
        if self.name:
            assert not isinstance(context.ledger, PopulationLedger)
            context = replace(context, ledger=PopulationLedger(context.ledger, self.name))
        state[self.name] = PopulationItems(context, self.worlds)


@dataclass(frozen=True)
class WorkerSetup:
    """What a worker is sent once."""

    settings: Settings
    """as they were composed"""
    sources: Sources
    ledger: Path
    """where what is finished is kept, and looked for"""
    shares_limits: bool
    """whether attempts need leave of the process that the worker works for"""
    windows: Mapping[str, ContextWindow]
    """endpoint, by the first role it answers for -> its context"""
    silent_judges: Mapping[str, str]

    def open(self, link: WorkerLink) -> AbstractAsyncContextManager[WorkerItems]:
        """As `Setup.open`."""
        return self._opened(link)

    @asynccontextmanager
    async def _opened(self, link: WorkerLink) -> AsyncIterator[WorkerItems]:
        tools = load_given_tools(self.settings)
        participants = Participants(
            tools.settings if tools else self.settings,
            self.sources.folders,
            self.sources.prompts(),
            limiter=link.limiter if self.shares_limits else None,
        )
        for name, window in self.windows.items():
            participants.endpoints[name].window.become(window)
        checks = choose_extensions(self.settings, self.sources.choices).checks
        link.watch(participants.gateway.figures)
        with link.open_ledger(self.ledger) as ledger:
            participants.gateway.log = ledger
            try:
                yield WorkerItems(
                    ItemContext(
                        participants.settings, participants, checks, ledger, silent_judges=self.silent_judges
                    )
                )
            finally:
                await participants.gateway.close()


def worker_setup(context: RunContext, settings: Settings, sources: Sources) -> WorkerSetup:
    """What a worker of this run is sent first. Args: context: of the whole run; settings: as composed."""
    participants = context.participants
    return WorkerSetup(
        settings=settings,
        sources=sources,
        ledger=context.ledger.path.absolute(),
        shares_limits=participants.gateway.has_limits,
        windows={name: endpoint.window for name, endpoint in participants.endpoints.items()},
        silent_judges=context.silent_judges,
    )
