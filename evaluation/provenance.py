"""With what, when and at what cost an evaluation was made, as its manifest.json says.

A report can be written without: an evaluation whose manifest is gone, or is none, says less about itself.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from ..rendering.text import json_text


@dataclass(frozen=True, slots=True)
class Provenance:
    """What is said of how an evaluation was made."""

    version: str
    """of ptool"""
    date: str
    """day on which it ended, UTC; empty: unknown"""
    prompt: str
    """answer format and digest of the prompt's words"""
    sampling: str
    """what was sent with every call"""
    asked: bool
    """whether a model was asked; otherwise there is neither sampling nor cost"""
    sent: int = 0
    """tokens of all prompts"""
    received: int = 0
    """tokens of all answers"""
    usd: float = 0.0
    """of the calls whose price is known"""
    unpriced: int = 0
    """answers whose price is not known"""
    median: float | None = None
    """seconds of an answer; None: unknown"""
    p95: float | None = None

    def cost(self) -> str:
        """In US dollars, or that the price is not known."""
        if self.unpriced:
            return (
                f"${self.usd:,.4f}, and {self.unpriced:,} answers of unknown price" if self.usd else "unknown"
            )
        return f"${self.usd:,.4f}"


def day() -> str:
    """Today as YYYY-MM-DD, UTC; SOURCE_DATE_EPOCH (seconds), as reproducible builds have it, goes before."""
    given = os.environ.get("SOURCE_DATE_EPOCH", "")
    now = (
        datetime.fromtimestamp(int(given), UTC)
        if given.isdecimal() and len(given) < 12
        else datetime.now(UTC)
    )
    return now.date().isoformat()


def read_provenance(folder: Path) -> Provenance | None:
    """What the manifest in an evaluation's folder says; None where there is none that can be read."""
    try:
        manifest = orjson.loads((folder / "manifest.json").read_bytes())
        return _provenance(manifest)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _provenance(manifest: Mapping[str, Any]) -> Provenance:
    notes = manifest["notes"]
    usage = [dict(each) for each in notes.get("usage", {}).values()]
    sampling = manifest["settings"].get("sampling", {})
    given = [f"{name} {json_text(value)}" for name, value in sampling.items() if value is not None]
    latency = notes.get("latency", {})
    return Provenance(
        version=str(manifest["versions"]["ptool"]),
        date=str(notes.get("date", "")),
        prompt=", ".join(f"{name} {digest}" for name, digest in manifest["prompts"].items()),
        sampling=", ".join([*given, f"seed {manifest['seeds']['run']}"]),
        asked=bool(usage),
        sent=sum(int(each["prompt_tokens"]) for each in usage),
        received=sum(int(each["completion_tokens"]) for each in usage),
        usd=sum(float(each["usd"]) for each in usage),
        unpriced=sum(int(each["unpriced"]) for each in usage),
        median=latency.get("median"),
        p95=latency.get("p95"),
    )
