"""What the workers of a run are sent: worlds, and what they make everything else from.

Each builds roles, checks and a gateway of its own from the settings and the user's folders, opens the run's
ledger, and asks the process it works for before every call, where there are limits to share.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..environments.world import World
from ..executors import WorkerLink
from ..models.context_window import ContextWindow
from ..settings import Settings
from .context import ItemContext, PopulationLedger, RunContext
from .extensions import choose_extensions
from .given_tools import load_given_tools
from .items import ItemState, PopulationItems
from .roles import Participants

if TYPE_CHECKING:
    from ..cli.compose import Sources


@dataclass(frozen=True)
class SentPopulation:
    """A population on its way to a worker."""

    settings: Settings
    worlds: Mapping[str, World]


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
    populations: Mapping[str, SentPopulation]

    def open(self, link: WorkerLink) -> AbstractAsyncContextManager[ItemState]:
        """As `Setup.open`."""
        return self._opened(link)

    @asynccontextmanager
    async def _opened(self, link: WorkerLink) -> AsyncIterator[ItemState]:
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
                yield {
                    name: PopulationItems(
                        ItemContext(
                            sent.settings,
                            participants,
                            checks,
                            PopulationLedger(ledger, name) if name else ledger,
                            population=name,
                            silent_judges=self.silent_judges,
                        ),
                        sent.worlds,
                    )
                    for name, sent in self.populations.items()
                }
            finally:
                await participants.gateway.close()


def worker_setup(
    context: RunContext, settings: Settings, sources: Sources, populations: ItemState
) -> WorkerSetup:
    """What a worker of this run is sent.

    Args: context: of the whole run; settings: as they were composed; populations: of this process.
    """
    participants = context.participants
    return WorkerSetup(
        settings=settings,
        sources=sources,
        ledger=context.ledger.path.absolute(),
        shares_limits=participants.gateway.has_limits,
        windows={name: endpoint.window for name, endpoint in participants.endpoints.items()},
        silent_judges=context.silent_judges,
        populations={
            name: SentPopulation(items.context.settings, items.worlds) for name, items in populations.items()
        },
    )
