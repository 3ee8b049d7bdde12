"""The prompt of Fig. 7: profile, platforms, functions and how to answer as system text, then the query.

`format=python` has the paper's words; `json` and `native` say the same with another answer format. Sections a
dataset has nothing for are left out. Beyond the figure, a platform names its functions where the dataset says
which they are: otherwise nobody could tell. It knows no model and never sees an answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

import orjson
from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.sandbox import SandboxedEnvironment

from ..benchmark import Format
from .native import Naming, naming
from .visible import Visible

FOLDER = Path(__file__).parent / "prompts"


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a model is sent for one sample."""

    system: str
    user: str
    tools: tuple[dict[str, Any], ...] = ()
    """function schemas, of format `native` only"""
    naming: Naming | None = None
    """what the tools are called, of format `native` only"""


class Prompter:
    """Writes the prompts of one answer format.

    Args: format: how the model is asked to answer.
    """

    def __init__(self, format: Format) -> None:
        # No autoescaping: a prompt is plain text. What a sample says is JSON on one line of its own.
        jinja = SandboxedEnvironment(
            loader=FileSystemLoader(FOLDER), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
        )
        self._template = jinja.get_template(f"{format}.jinja")
        self._native = format == "native"
        sources = [(FOLDER / name).read_bytes() for name in ("base.jinja", f"{format}.jinja")]
        self.fingerprint = blake2b(b"\0".join(sources), digest_size=8).hexdigest()
        """stands for the words of the prompt"""

    def prompt(self, shown: Visible) -> Prompt:
        """The prompt for a sample."""
        named = naming(shown) if self._native else None
        system = self._template.render(
            profile=None if shown.profile is None else _json(shown.profile),
            platforms=None if shown.platforms is None else _json(_platforms(shown, named)),
            tools=_json([_tool(one) for one in shown.tools.values()]) if named is None else None,
        ).strip()
        return Prompt(system, shown.query, named.tools if named else (), named)


def _platforms(shown: Visible, named: Naming | None) -> list[dict[str, Any]]:
    """[{name, profile, apis}]; no `profile` or `apis` where the dataset has none."""
    listed = []
    for name, functions in (shown.platforms or {}).items():
        apis = [named.wire(name, one) for one in functions] if named else list(functions)
        one = {"name": name, "profile": shown.characteristics.get(name), "apis": apis}
        listed.append({key: value for key, value in one.items() if value})
    return listed


def _tool(schema: dict[str, Any]) -> dict[str, Any]:
    return {"type": "function", "function": schema}


def _json(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS).decode()
