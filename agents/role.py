"""A role: who speaks, what it sees, what it must answer. Built from `conf/agent/<name>.yaml` by Hydra.

A role is a plain object. It knows its prompt and its record; it knows neither AutoGen nor files of a run, nor
which model answers it.
A role of your own is a YAML file, a prompt, and where wanted a subclass that overrides `accept` (refuse a
record, so that the model is corrected) or `respond` (answer without any model).
"""

from __future__ import annotations

from collections.abc import Awaitable, Iterable, Iterator, Mapping
from importlib import import_module
from typing import Any, ClassVar, Protocol

from pydantic import BaseModel

from ..errors import ConfigError
from ..models import prompt_blocks as blocks
from ..models.request import Reply, Request
from ..records import Record
from .prompt_loader import PromptLoader
from .views import check_views


class Observation(Record):
    """What a role is shown for one turn."""

    role: str
    """Who is asked."""
    turn: str
    """Deterministic id of the turn, such as 'episodes/shopping-u0001-0003/user/0'."""
    seed: int
    """Seed of the turn."""
    views: dict[str, Any]
    """View -> its value, or the value's `Json` text; exactly the views the role sees."""


class Views(Mapping[str, Any]):
    """The views of one observation as plain values, parsed when they are looked at."""

    def __init__(self, views: Mapping[str, Any]) -> None:
        self._views = views

    def __getitem__(self, name: str) -> Any:
        return blocks.plain(self._views[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._views)

    def __len__(self) -> int:
        return len(self._views)


class Ask(Protocol):
    """How a role asks a model: `Gateway.ask`, or anything that behaves like it."""

    def __call__(self, request: Request, *, accept: Any = None) -> Awaitable[Reply]: ...


class Role:
    """One role of the simulation.

    Args:
        name: Python identifier, unique in the run; the key in `conf/agent`.
        prompt: file name of the prompt; None for a role that is code alone.
        output: dotted name of the record it answers.
        sees: names of the views it is given.
        sampling: arguments of the model for this role, such as {"temperature": 0.7}.
        player: dotted name of what plays this role under the scripted model; None: ptool's own script.
        prompts: where prompts are found; None: ptool's own folder.

    Raises:
        ConfigError: the name, the output or a view is not usable.
        PromptError: the prompt is missing or asks for what the role does not see.
    """

    shows: ClassVar[tuple[str, ...]] = ()
    """Views that are the role's own to show in its prompt; the environment has none of them."""

    def __init__(
        self,
        name: str,
        prompt: str | None = None,
        output: str = "ptool.records.Verdict",
        sees: Iterable[str] = (),
        sampling: Mapping[str, Any] | None = None,
        player: str | None = None,
        prompts: PromptLoader | None = None,
    ) -> None:
        if not name.isidentifier():
            raise ConfigError(f"agent.{name}.name: got {name!r}, expected a Python identifier")
        self.name = name
        self.sees = check_views(name, sees)
        self.output = _record_class(name, output)
        self.sampling = dict(sampling or {})
        self.player = player
        shown = (*self.sees, *self.shows)
        self.prompt = (prompts or PromptLoader()).load(prompt, name, shown) if prompt else None

    @property
    def prompt_hash(self) -> str | None:
        """SHA-256 of the prompt's file, for the manifest; None for a role that is code alone."""
        return self.prompt.sha256 if self.prompt else None

    def form(self, views: Mapping[str, Any]) -> type[BaseModel]:
        """The record this very answer must be: the role's output, or a narrower form of it (`narrow_form`).

        Args: views: what the role is shown, as plain values.
        """
        del views
        return self.output

    def accept(self, record: Any, views: Mapping[str, Any]) -> Any:
        """Return the record, or raise ValueError to have the model corrected.

        Args:
            record: what the model answered, already of the role's output type.
            views: what the role was shown, as plain values.
        """
        del views
        return record

    async def respond(self, observation: Observation, ask: Ask) -> Reply | BaseModel:
        """Answer one observation: render the prompt and ask the model.

        A role that is code alone overrides this and returns its record.
        """
        request = self.request(observation)
        if type(self).accept is Role.accept:
            return await ask(request)
        views = Views(observation.views)
        return await ask(request, accept=lambda record: self.accept(record, views))

    def request(self, observation: Observation) -> Request:
        """Render the prompt into the question a model is asked."""
        if self.prompt is None:
            raise ConfigError(
                f"agent.{self.name}.prompt: missing; only a role with its own respond() needs none"
            )
        system, user = self.prompt.render(observation.views)
        always_output = type(self).form is Role.form  # spares most roles the parsing of their views
        form = self.output if always_output else self.form(Views(observation.views))
        return Request(self.name, observation.turn, system, user, form, observation.seed, self.sampling)


def _record_class(role: str, dotted: str) -> type[BaseModel]:
    module, _, attribute = dotted.rpartition(".")
    try:
        record = getattr(import_module(module), attribute)
    except (ImportError, AttributeError, ValueError):
        record = None
    if not (isinstance(record, type) and issubclass(record, BaseModel)):
        raise ConfigError(
            f"agent.{role}.output: got {dotted!r}, expected the dotted name of a pydantic record, "
            "such as 'ptool.records.Verdict'"
        )
    return record
