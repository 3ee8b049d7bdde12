"""What a harness needs of a dataset: the drawn samples with their prompts, and gold answers as text.

It asks nobody and scores nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ...benchmark import Format, GoldCall, Group, Item, Rules
from ...benchmark.reading import items
from ..prompting import Prompt, Prompter, Variant, check_native, check_variant, visible
from ..survey import survey

_ONLY_FOR_PROMPTS = ("user_profile", "characteristics")


@dataclass(frozen=True, slots=True)
class Choice:
    """Which samples, and how they are asked."""

    data: str
    """a run folder, a dataset folder or a file"""
    kind: str | None = None
    """which kind of dataset; None: found out"""
    group: Group | None = None
    """of samples that do not say their own"""
    variant: Variant = "all"
    format: Format = "python"
    n: int | None = None
    """samples to draw; None: all"""
    seed: int = 0
    """of the draw"""


def questions(choice: Choice) -> Iterator[tuple[Item, Prompt]]:
    """The chosen samples with their prompts (Fig. 7), those that `ptool.evaluate` would ask.

    Raises PtoolError for data that cannot be evaluated so, before the first sample.
    """

    def check(item: Item) -> None:
        check_variant(item, choice.variant)
        if choice.format == "native":
            check_native(item)

    def read() -> Iterator[Item]:
        return items(Path(choice.data), choice.kind, choice.group)

    found, prompter = survey(read(), choice.data, choice.n, choice.seed, check), Prompter(choice.format)
    return ((one, prompter.prompt(visible(one, choice.variant))) for one in read() if found.chosen(one))


def packed(item: Item) -> str:
    """Everything of a sample that scoring needs, as JSON; what only prompts show is left out."""
    plain = {key: value for key, value in asdict(item).items() if key not in _ONLY_FOR_PROMPTS}
    return json.dumps(plain, default=sorted)  # sets, whose order must not change the bytes


def unpacked(text: str) -> Item:
    """The sample of a text that `packed` made."""
    plain: dict[str, Any] = json.loads(text)
    for name in ("query_params", "profile_params"):
        plain[name] = tuple(plain[name])
    plain["platforms"] = {name: tuple(functions) for name, functions in plain["platforms"].items()}
    plain["calls"] = tuple(_call(**one) for one in plain["calls"])
    rules = plain["rules"]
    plain["rules"] = Rules(**{**rules, "normalise": frozenset(rules["normalise"])})
    return Item(**plain)


def _call(name: str, accepted: dict[str, list[Any]], optional: list[str], **rest: Any) -> GoldCall:
    values = {parameter: tuple(some) for parameter, some in accepted.items()}
    return GoldCall(name, values, optional=frozenset(optional), **rest)
