"""manifest.json: what a run was made with and what became of it, so that it can be made again.

It only gathers: who calls it hands over counts, hashes and timings. It holds no secret: settings
hold none.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Any

from .files import write_json

FORMAT = 1


@dataclass(frozen=True)
class Manifest:
    """Everything there is to say about a finished run."""

    settings: Mapping[str, Any]
    """the configuration, as JSON"""
    digest: str
    """of the settings"""
    seeds: Mapping[str, int]
    """name of a draw -> its seed; 'run' at least"""
    model: str
    """what answered, in the model's own words, such as 'scripted: …'"""
    prompts: Mapping[str, str]
    """role -> SHA-256 of its prompt"""
    counts: Mapping[str, int]
    """what was made -> how many"""
    funnel: Mapping[str, int]
    """episodes made, rule_rejected, judge_rejected, kept"""
    timings: Mapping[str, float]
    """stage -> seconds of wall time, of this process only"""
    notes: Mapping[str, Any] = field(default_factory=dict)
    """whatever else a stage wants to be known: usage, hashes of libraries"""


def write_manifest(path: Path, manifest: Manifest) -> None:
    """Write a manifest with the versions of ptool, Python and the dependencies. Raises StoreError."""
    body = {
        "format": FORMAT,
        "versions": versions(),
        **vars(manifest),
        "timings": {name: round(seconds, 3) for name, seconds in manifest.timings.items()},
    }
    write_json(path, body)


def versions() -> dict[str, str]:
    """The versions of Python, ptool and ptool's own dependencies, as installed."""
    installed = {"python": platform.python_version()}
    for name in ("ptool", *_dependencies()):
        installed[name] = installed_version(name)
    return installed


def installed_version(name: str) -> str:
    """The version of one package."""
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def _dependencies() -> list[str]:
    try:
        lines = requires("ptool") or []
    except PackageNotFoundError:
        return []
    core = (line for line in lines if "extra ==" not in line)
    return sorted("".join(_name(line)) for line in core)


def _name(requirement: str) -> str:
    stop = next((i for i, c in enumerate(requirement) if not (c.isalnum() or c in "-_.")), len(requirement))
    return requirement[:stop]
