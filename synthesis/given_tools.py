"""Functions that are brought along (`tools.file`): from the documents to what a run works with.

They are read and put together (`trees.documents`); where words for them are given, they become a kit of the
scripted model. It makes nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from ..errors import ConfigError
from ..models.scripted.kit import Kit
from ..models.scripted.tool_kit import SaidTools, check_personal, kit_of_tools
from ..models.scripted.tool_lexicon import read_lexicon
from ..settings import Settings
from ..trees.documents.capabilities import (
    capabilities_yaml,
    check_shared,
    control_pairs,
    describe,
    doubtful_pairs,
    read_capabilities,
    with_capabilities,
)
from ..trees.documents.functions import LeftOut
from ..trees.documents.toolset import PairDecision, Toolset, read_toolset
from ..trees.given_apis import GivenApi
from ..trees.naming import snake_case


@dataclass(frozen=True)
class GivenTools:
    """The functions of a run that brings its own, and its settings with what follows from them."""

    toolset: Toolset
    settings: Settings

    @cached_property
    def apis(self) -> dict[str, tuple[GivenApi, ...]]:
        """Platform -> its APIs, each in the category that its document gives it."""
        return {
            platform: tuple(
                GivenApi(
                    name := snake_case(function.category, "functions"),
                    function.category_text or f"Functions for {name.replace('_', ' ')}.",
                    function.api,
                )
                for function in own
            )
            for platform, own in self.toolset.platforms.items()
        }

    @cached_property
    def doubtful(self) -> list[PairDecision]:
        """The pairs that a model is asked about; none where nobody is, or a person has said it."""
        return doubtful_pairs(self.toolset) if self.settings.matches_tools else []

    @cached_property
    def controls(self) -> list[PairDecision]:
        """Pairs that a model is asked about as well, though they are known to differ."""
        return control_pairs(self.toolset, len(self.doubtful)) if self.doubtful else []

    def decided(self, decisions: Sequence[PairDecision]) -> GivenTools:
        """The same functions with the capabilities that somebody's word on pairs in doubt gives them.

        Raises ConfigError: no two platforms have a function that does the same.
        """
        toolset = with_capabilities(self.toolset, decisions)
        check_shared(toolset, "tools.file")
        return GivenTools(toolset, self.settings)

    def content(self) -> dict[str, Any]:
        """What the functions are, wherever their documents lie."""
        return {
            platform: [function.api.model_dump(mode="json") for function in own]
            for platform, own in self.toolset.platforms.items()
        }

    def yaml(self) -> str:
        """What was understood, for people to correct."""
        return capabilities_yaml(self.toolset)

    def describe(self) -> list[str]:
        """The same in some lines."""
        return list(describe(self.toolset))

    def check_kit(self, kit: Kit) -> None:
        """Refuse a kit that is of other functions. Raises ConfigError."""
        known = {
            (platform, name)
            for capability in kit.capabilities.values()
            for platform, name in zip(kit.platforms, capability.apis, strict=True)
        }
        for platform, own in self.toolset.platforms.items():
            for function in own:
                if (platform, function.api.name) not in known:
                    raise ConfigError(
                        f"tools.file: the scripted model has no words for {platform}.{function.api.name}: "
                        "give it some with tools.lexicon=FILE (docs/bring_your_own_tools.md), or take "
                        "another model"
                    )


def load_given_tools(settings: Settings) -> GivenTools | None:
    """The functions of `tools.file`; None where the run invents its own.

    Raises:
        ConfigError: a document, the capabilities or the lexicon cannot be used; says where and why.
    """
    tools = settings.tools
    if not tools.files:
        return None
    toolset = read_toolset(tools.files, (tools.capabilities, tools.lexicon))
    if tools.capabilities is None:
        toolset = with_capabilities(toolset)
    else:
        toolset = read_capabilities(Path(tools.capabilities), toolset)
    if not GivenTools(toolset, settings).doubtful:
        check_shared(
            toolset,
            "tools.file" if tools.capabilities is None else f"tools.capabilities: {tools.capabilities}",
        )
    update: dict[str, Any] = {
        "platforms": len(toolset.platforms), "apis": max(map(len, toolset.platforms.values()))
    }  # fmt: skip
    if tools.lexicon is not None:
        lexicon = read_lexicon(Path(tools.lexicon))
        said = kit_of_tools(toolset.apis(), lexicon, settings.scenario.name, tools.lexicon)
        toolset = _as_said(toolset, said)
        check_shared(toolset, f"tools.lexicon: {tools.lexicon}")
        if settings.gates is None or "necessity" in settings.gates:
            check_personal(said, tools.lexicon)
        place = {"name": said.name, "description": lexicon.description or settings.scenario.description}
        update["scenario"] = settings.scenario.model_copy(update={**place, "kit": said.kit})
    return GivenTools(toolset, settings.model_copy(update=update))


def run_folder_of(settings: Settings) -> Path:
    """Where a run is kept: it is called after the scenario of its tools' lexicon, where there is one.

    Raises ConfigError: as of `load_given_tools`.
    """
    tools = load_given_tools(settings) if settings.tools.lexicon else None
    return (tools.settings if tools else settings).run_folder()


def _as_said(toolset: Toolset, said: SaidTools) -> Toolset:
    """The functions that the lexicon has words for, with the parameters it has words for."""
    left_out: list[LeftOut] = list(toolset.left_out)
    platforms: dict[str, Any] = {}
    for platform, own in toolset.platforms.items():
        kept = []
        for function in own:
            api = said.apis.get((platform, function.api.name))
            if api is None:
                reason = said.unsaid[platform, function.api.name]
                left_out.append(LeftOut(function.api.name, function.source, f"{platform}: {reason}"))
                continue
            lost = [name for name in function.api.properties() if name not in api.properties()]
            cut = tuple((function.source, f"the lexicon has no words for {name!r}") for name in lost)
            kept.append(replace(function, api=api, cut=(*function.cut, *cut)))
        platforms[platform] = tuple(kept)
    return replace(toolset, platforms=platforms, left_out=tuple(left_out))
