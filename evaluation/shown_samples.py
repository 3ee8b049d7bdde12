"""What an evaluation showed of every sample, and what it expected: shown.jsonl, for readers of its report.

Prompts of one benchmark differ little: a user's profile and a platform's tools stand in many of them. So a
prompt is a list of numbers of pieces, and every piece is written once, before the first sample that has it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from ..benchmark import Item
from ..errors import StoreError
from ..store import read_jsonl
from .scoring import to_json

SHOWN = "shown.jsonl"
_STARTS = ('{"type":"function"', '{"name":')
"""How the members of a list begin: of tools, and of platforms."""


class _Lines(Protocol):
    def write(self, data: bytes, /) -> object:
        """Take some lines."""


class ShownWriter:
    """Writes shown.jsonl, sample by sample. Memory grows with the pieces, never with the samples."""

    def __init__(self, lines: BinaryIO | _Lines) -> None:
        self._lines = lines
        self._numbers: dict[bytes, int] = {}

    def add(self, item: Item, prompt: str) -> None:
        """Write down one sample. Args: prompt: its system text, tools included."""
        numbers = [self._number(piece) for piece in _pieces(prompt)]
        self._lines.write(to_json({"id": item.id, "gold": _gold(item), "prompt": numbers}) + b"\n")

    def _number(self, piece: str) -> int:
        digest = blake2b(piece.encode("utf-8", "replace"), digest_size=16).digest()
        if digest not in self._numbers:
            self._numbers[digest] = len(self._numbers)
            self._lines.write(to_json({"piece": piece}) + b"\n")
        return self._numbers[digest]


@dataclass
class ShownSamples:
    """What shown.jsonl says."""

    pieces: list[str] = field(default_factory=list)
    gold: dict[str, list[Any]] = field(default_factory=dict)
    """sample -> its calls, (function, parameter -> accepted values, parameter -> origin)"""
    prompts: dict[str, list[int]] = field(default_factory=dict)
    """sample -> the numbers of its pieces"""


def _pieces(prompt: str) -> Iterator[str]:
    """A prompt cut into its lines, and these before each tool or platform of a list."""
    for line in prompt.splitlines(keepends=True):
        start = next((start for start in _STARTS if f"}},{start}" in line), None)
        members = line.split(f"}},{start}") if start else [line]
        for number, member in enumerate(members):
            yield (start or "") * (number > 0) + member + "}," * (number < len(members) - 1)


def read_shown(folder: Path, most: int) -> ShownSamples:
    """What an evaluation's folder says of its first samples; nothing where an older ptool made it.

    Raises StoreError for a damaged file.
    """
    file, shown = folder / SHOWN, ShownSamples()
    if not file.is_file():
        return shown
    for number, raw in enumerate(read_jsonl(file), 1):
        if not _add(shown, raw):
            raise StoreError(f"{file}:{number}: no sample of an evaluation; evaluate again")
        if len(shown.gold) >= most:
            break
    return shown


def _add(shown: ShownSamples, raw: Any) -> bool:
    if not isinstance(raw, Mapping):
        return False
    if isinstance(piece := raw.get("piece"), str):
        shown.pieces.append(piece)
        return True
    id, gold, prompt = raw.get("id"), raw.get("gold"), raw.get("prompt")
    whole = isinstance(prompt, list) and all(
        isinstance(number, int) and 0 <= number < len(shown.pieces) for number in prompt
    )
    if not isinstance(id, str) or not isinstance(gold, list) or not whole:
        return False
    shown.gold[id], shown.prompts[id] = gold, prompt  # type: ignore[assignment]
    return True


def _gold(item: Item) -> list[Any]:
    return [
        [call.name, {name: list(values) for name, values in call.accepted.items()}, call.origins]
        for call in item.calls
    ]
