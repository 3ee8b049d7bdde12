"""What an evaluation says where its data is a run's verified dataset, and whether that is still the run's.

It knows the manifest that `ptool.review export` leaves, and nothing of reviews.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import orjson

from ..errors import ConfigError
from ..settings.evaluation import VERIFIED


def verified_remark(data: Path) -> str | None:
    """One line that says that a verified dataset is evaluated, and what takes the original; None: it is not.

    Raises ConfigError: the run made another dataset since.
    """
    index = data.parent / "dataset" / "index.jsonl"
    if data.name != VERIFIED or not index.is_file():
        return None
    manifest = _manifest(data)
    if manifest.get("index") != hashlib.sha256(index.read_bytes()).hexdigest():
        raise ConfigError(
            f"data: {data} was exported before the run made its dataset anew; export it again "
            f"(ptool.review export run={data.parent}), or take the original with data={index.parent}"
        )
    states = manifest.get("states") or {}
    kept = ", ".join(f"{states[state]:,} {state}" for state in ("accepted", "corrected") if states.get(state))
    return (
        f"the verified set: {kept} by people of {sum(states.values()):,} samples; "
        f"data={index.parent} takes the original"
    )


def _manifest(data: Path) -> dict[str, Any]:
    try:
        found = orjson.loads((data / "manifest.json").read_bytes())["verified"]
        return {"index": found["index"], "states": {str(key): int(n) for key, n in found["states"].items()}}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
