"""The folder of a finished evaluation, read back: its scores and its samples.

It reads scores.json and per_sample.jsonl and nothing else, so that what is made from them holds no time and
no place. Both may have been edited or cut since: whatever does not fit is refused in one line.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from ..benchmark import CodedError, SampleScore
from ..errors import StoreError
from ..store import read_jsonl

SAMPLES, SCORES = "per_sample.jsonl", "scores.json"
FORMAT = 1
"""Of scores.json."""

_FLAGS = ("format_ok", "tool_name", "tool_param", "tool_value", "overall")
_HITS = ("query_param_hits", "query_param_total", "profile_param_hits", "profile_param_total")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of per_sample.jsonl."""

    id: str
    about: tuple[Any, ...]
    """what tells one sample from another besides its query: user, scenario, platform, calls"""
    score: SampleScore | None
    """None: not scored"""
    query: str
    answer: str
    """as the model gave it, bounded; empty: none"""


@dataclass(frozen=True)
class Kept:
    """A finished evaluation."""

    folder: Path
    scores: dict[str, Any]
    """scores.json, as `ptool.evaluation.results` writes it"""

    @property
    def evaluated(self) -> dict[str, Any]:
        """What was evaluated and how."""
        return self.scores["evaluated"]

    def lines(self) -> Iterator[Line]:
        """Its samples, in order, one at a time. Raises StoreError for a line that is none of them."""
        file = self.folder / SAMPLES
        for number, raw in enumerate(read_jsonl(file), 1):
            try:
                yield _line(raw)
            except (KeyError, TypeError, ValueError) as error:
                raise StoreError(f"{file}:{number}: no sample of an evaluation: {_said(error)}") from None


def kept(folder: Path) -> Kept:
    """Open the folder of a finished evaluation.

    Raises StoreError: no folder, no evaluation, one that has not ended, damaged, or of another format.
    """
    if not folder.is_dir():
        raise StoreError(f"{folder}: no such folder, expected one that ptool.evaluate made")
    file = folder / SCORES
    if not file.is_file() or not (folder / SAMPLES).is_file():
        raise StoreError(
            f"{folder}: holds no {SCORES} with {SAMPLES}, expected the folder of an evaluation that has ended"
        )
    try:
        scores = orjson.loads(file.read_bytes())
        version = scores["format"]
    except (OSError, orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise StoreError(f"{file}: damaged ({_said(error)}); evaluate again") from None
    if version != FORMAT:
        raise StoreError(f"{file}: of format {version!r:.40}, expected {FORMAT}; evaluate again")
    for part, kind in _PARTS.items():
        if not isinstance(scores.get(part), kind):
            raise StoreError(f"{file}: damaged (no {part}); evaluate again")
    for name in ("answers", "by", "data", "variant", "format", "scorer", "digest"):
        if not isinstance(scores["evaluated"].get(name), str):
            raise StoreError(f"{file}: damaged (no evaluated.{name}); evaluate again")
    return Kept(folder, scores)


_PARTS = {
    "evaluated": dict,
    "samples": dict,
    "scores": dict,
    "scorers": dict,
    "by": dict,
    "errors": dict,
    "baselines": dict,
    "obstacles": dict,
}


def _line(raw: dict[str, Any]) -> Line:
    id, query = _text(raw["id"]), _text(raw["query"])
    about = tuple(raw[name] for name in ("user", "scenario", "gold_platform", "n_calls"))
    if raw["status"] != "scored":
        return Line(id, about, None, query, "")
    score = SampleScore(
        **_marks(raw),
        id=id,
        user=_text(raw["user"]),
        scenario=_text(raw["scenario"]),
        group=raw["group"],
        gold_platform=raw["gold_platform"],
        capabilities=tuple(map(_text, raw["capabilities"])),
        n_calls=_number(raw["n_calls"]),
        platform=None if raw["platform"] is None else _flag(raw["platform"]),
        errors=tuple(CodedError(**error) for error in raw["errors"]),
        reason=_text(raw["reason"]),
    )
    return Line(id, about, score, query, _text(raw["answer"]))


def _marks(raw: dict[str, Any]) -> dict[str, Any]:
    return {name: _flag(raw[name]) for name in _FLAGS} | {name: _number(raw[name]) for name in _HITS}


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"got {value!r:.40}, expected a text")
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"got {value!r:.40}, expected true or false")
    return value


def _number(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise TypeError(f"got {value!r:.40}, expected a count")
    return value


def _said(error: Exception) -> str:
    """An error in a few words; of a missing key, its name."""
    if isinstance(error, KeyError):
        return f"no {error.args[0]!r:.40}"
    return " ".join(str(error).split())[:120]
