"""How a run stands: what is done, what failed and why, what is left, what it cost.

It reads the run folder and changes nothing in it, also while the run is under way. It asks no model.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson
import yaml

from ..errors import ConfigError, StoreError
from ..settings import Settings, validated
from ..store.reading import CallTotals, Reading, holder, reading
from ..store.run_folder import identity_of
from .standing_stages import WITHOUT_MODEL, StageStatus, stages_of

UNREACHABLE = WITHOUT_MODEL.format("episodes")
"""Stage of the episodes that the next start plays again, as `ptool.synthesis.stages` has it."""
LAST = ("dataset/index.jsonl", "statistics.json", "manifest.json")
"""What the end of a run leaves, once nothing is asked any more."""


@dataclass(frozen=True)
class CallStatus:
    """What one role asked in one stage, at one endpoint."""

    stage: str
    role: str
    endpoint: str
    answered: int
    failed: int
    """attempts without an answer"""
    statuses: dict[str, int]
    """what was wrong with answers -> how many; of the role in the stage, whatever the endpoint"""
    prompt_tokens: int
    completion_tokens: int
    cached_share: float | None
    """of the prompt tokens, 0 to 1; None: the endpoint does not say"""
    usd: float | None
    """None: no price is known"""
    unpriced: int
    """answers without a known price, not in `usd`"""


@dataclass(frozen=True)
class Status:
    """A run as it stands; `format=json` prints these fields."""

    run: str
    settings: str
    """digest of what the run was begun with"""
    seed: int
    scenario: str
    model: str
    in_use_by: str | None
    """number of the process that works on it now; None: nobody does"""
    stages: tuple[StageStatus, ...]
    episodes: dict[str, int]
    """accepted, rejected, without_model -> how many, of those held out as well"""
    twins: dict[str, int]
    """accepted, rejected, without_model -> counterfactual twins"""
    reasons: dict[str, int]
    """code -> rejected episodes and twins, the most frequent first"""
    failures: dict[str, int]
    """kind of fault -> attempts without an answer"""
    calls: tuple[CallStatus, ...]
    usd: float | None
    """what everything cost; None: no price is known"""
    unpriced: int
    finished: bool
    """the dataset is written, and nothing is left"""
    next: str
    """what continuing the run would do"""


def as_json(status: Status) -> str:
    """A status for programs."""
    return orjson.dumps(asdict(status), option=orjson.OPT_INDENT_2).decode()


def status_of(folder: Path) -> Status:
    """How a run stands.

    Raises:
        StoreError: no run folder, damaged, or of another version.
    """
    digest = identity_of(folder).get("settings", "unknown")
    settings = _settings(folder / "config.yaml")
    pid = holder(folder)
    if not (folder / "ledger.sqlite").is_file():
        return _status(folder, digest, settings, pid, None)
    try:
        with reading(folder / "ledger.sqlite") as ledger:
            return _status(folder, digest, settings, pid, ledger)
    except StoreError:
        if pid is None and holder(folder) is not None:  # a process has begun to write while this one read
            return status_of(folder)
        raise


def _settings(file: Path) -> Settings:
    try:
        return validated(yaml.safe_load(file.read_text("utf-8")))
    except OSError as error:
        raise StoreError(f"{file}: cannot be read: {error.strerror}") from error
    except (ConfigError, yaml.YAMLError, UnicodeDecodeError, AttributeError) as error:
        reason = " ".join(str(error).split())[:200]
        raise StoreError(f"{file}: damaged, or of another version of ptool: {reason}") from error


def _status(folder: Path, digest: str, settings: Settings, pid: str | None, ledger: Reading | None) -> Status:
    found = stages_of(folder, settings, ledger)
    calls = tuple(_calls(ledger)) if ledger else ()
    failures = Counter[str]()
    for *_, kind, count in ledger.failures() if ledger else ():
        failures[kind] += count
    left = [one for one in found.stages if one.left != 0]
    finished = not left and all((folder / name).is_file() for name in LAST)
    reasons = found.episodes.reasons + found.twins.reasons
    priced = [one.usd for one in calls if one.usd is not None]
    return Status(
        run=str(folder),
        settings=digest,
        seed=settings.seed,
        scenario=settings.scenario.name,
        model=settings.model.target,
        in_use_by=pid,
        stages=found.stages,
        episodes=dict(found.episodes.fates),
        twins=dict(found.twins.fates),
        reasons=dict(sorted(reasons.items(), key=lambda item: (-item[1], item[0]))),
        failures=dict(sorted(failures.items())),
        calls=calls,
        usd=round(sum(priced), 9) if priced or not calls else None,
        unpriced=sum(one.unpriced for one in calls),
        finished=finished,
        next=_next(pid, left, finished, found.episodes.fates["without_model"]),
    )


def _calls(ledger: Reading) -> Iterator[CallStatus]:
    failed, statuses = Counter[tuple[str, str, str]](), ledger.statuses()
    for stage, role, endpoint, _, count in ledger.failures():
        failed[stage, role, endpoint] += count
    answered = {(one.stage, one.role, one.endpoint): one for one in ledger.calls()}
    for key in sorted(answered.keys() | failed.keys()):
        totals = answered.get(key) or CallTotals(*key, 0, 0, 0, 0, 0, 0.0, 0, 0.0)
        yield _call(totals, failed[key], statuses.get(key[:2], {}))


def _call(totals: CallTotals, failed: int, statuses: dict[str, int]) -> CallStatus:
    return CallStatus(
        stage=totals.stage,
        role=totals.role,
        endpoint=totals.endpoint,
        answered=totals.answers,
        failed=failed,
        statuses=statuses,
        prompt_tokens=totals.prompt_tokens,
        completion_tokens=totals.completion_tokens,
        cached_share=totals.cached_tokens / totals.cached_of if totals.cached_of else None,
        usd=None if totals.answers and totals.unpriced == totals.answers else round(totals.usd, 9),
        unpriced=totals.unpriced,
    )


def _next(pid: str | None, left: list[StageStatus], finished: bool, without_model: int) -> str:
    if pid is not None:
        return f"process {pid} is at work on it; nothing to do but wait"
    if finished:
        return "nothing is left; the same command asks no model and writes the same files"
    if not left:
        return "every answer is there; the same command asks no model and writes the dataset"
    first = left[0]
    count = "" if first.left is None else f", {first.left:,} left"
    again = f"; {without_model:,} of the episodes found no model before" if without_model else ""
    return f"the same command goes on with {first.stage}{count}{again}"
