"""The jobs of the commands around a run: run, merge, check, serve."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from ..cli.main import INTERRUPTED
from ..cli.program import command_line
from ..cli.progress import Display, StreamDisplay
from ..errors import ConfigError
from ..log import logger
from ..settings import MergeSettings, MockServerOptions, ServeSettings, Settings
from ..settings.secrets import key_from

if TYPE_CHECKING:
    from ..cli.compose import Sources
    from ..executors import ForkServer
    from ..models.mock_server.handler import AnswerSource
    from .dataset.console_summary import Summary
    from .pipeline import Qualify, RunParts


def synthesise(settings: Settings, sources: Sources) -> int:
    """Synthesise the dataset, report on it, and end with the line `run folder: PATH`."""
    from .shard_folders import shard_folders

    if settings.shard is not None:
        return _play_shard(settings, sources)
    display = StreamDisplay()
    if shards := shard_folders(settings.run_folder()):
        count = f"{len(shards)} of {max(shard.of for shard in shards)}"
        display.say(
            f"{settings.run_folder()}: holds {count} shards; what is in them alone is played again here. "
            f"To join them instead: {command_line('merge', f'run={settings.run_folder()}')}"
        )
    summary = make_dataset(settings, sources, display)
    from .dataset import console_summary

    console_summary.report(summary)
    print(f"run folder: {settings.run.shown(summary.folder)}", flush=True)
    return summary.exit_status


def make_dataset(settings: Settings, sources: Sources, display: Display, words: str | None = None) -> Summary:
    """What `ptool.run` does, and `ptool.synthesise` from Python: look whether all fits, then synthesise.

    Args:
        display: where stages are shown.
        words: of the command line that makes the data again; None: that of the sources.

    Raises PtoolError: anything refused, or the run had to end.
    """
    if settings.shard is not None:
        raise ConfigError(f"shard: got {settings.shard}, and a shard has no dataset; ptool.run plays it")
    with _fork_server(settings) as server:
        from . import pipeline

        parts, qualify = _checked_parts(settings, sources, display)
        return pipeline.synthesise(parts, sources, qualify, display, words, server)


def _fork_server(settings: Settings) -> AbstractContextManager[ForkServer | None]:
    """What forks the run's workers; it loads what they need while the run does."""
    from ..executors import fork_server

    return fork_server(settings.executor, f"{__package__}.pipeline")


def _checked_parts(settings: Settings, sources: Sources, display: Display) -> tuple[RunParts, Qualify | None]:
    """What a run names, built, once it is sure that all fits; and what tries its judges."""
    from . import pipeline
    from .dry_run.prompt_fit import ensure_prompts_fit
    from .dry_run.qualification import qualification, untried_judges

    parts = pipeline.build_parts(settings, sources)
    settings = parts.participants.settings
    for line in parts.given_tools.describe() if parts.given_tools else ():
        display.say(line)
    ensure_prompts_fit(settings, sources, parts, display.say)
    tried = qualification(settings, sources, parts.participants)
    if voters := untried_judges(settings, parts.participants):
        logger.warning(
            "qualification=0: {} vote without having shown that they tell right from wrong; "
            "query_gate=[], judges=[] and assistant=none leave votes out",
            ", ".join(voters),
        )
    return parts, tried.silent if tried else None


def _play_shard(settings: Settings, sources: Sources) -> int:
    """Play one shard of a run, and say what came of it; 1 where items are left."""
    display = StreamDisplay()
    with _fork_server(settings) as server:
        from ..models.event_loop import run
        from .shards import play_shard

        parts, qualify = _checked_parts(settings, sources, display)
        played = run(play_shard(parts, sources, qualify, display, server))
    print(f"shard {played.shard}: {played.episodes:,} episodes are played")
    if played.left:
        print(f"missing: {played.left:,} items, as no model could be asked; the same command asks again")
    print(f"when all {played.shard.of} are: {command_line('merge', f'run={played.run}')}")
    print(f"shard folder: {played.folder}", flush=True)
    return 1 if played.left else 0


def merge(settings: MergeSettings, sources: Sources) -> int:
    """Join the shards of a run and finish its dataset; 1 where some are missing, which is said."""
    from .dataset import console_summary
    from .merging import join_shards, settings_of
    from .pipeline import build_parts

    folder = Path(settings.run)
    of_run = settings_of(folder)
    joined = join_shards(folder, build_parts(of_run, sources))
    print(f"{joined.rows:,} new items and answers from the shards that are there", flush=True)
    if joined.missing:
        for sentence in joined.missing:
            print(f"missing: {sentence}", file=sys.stderr)
        print(f"missing: {len(joined.missing)} of {joined.shards} shards", file=sys.stderr, flush=True)
        return 1
    summary = make_dataset(of_run, sources, StreamDisplay(), joined.words)
    console_summary.report(summary)
    print(f"run folder: {summary.folder}", flush=True)
    return summary.exit_status


def check(settings: Settings, sources: Sources) -> int:
    """Report on every endpoint and on the estimate; 0 all is well, 1 an endpoint fails."""
    from .dry_run.check import check_run, report
    from .given_tools import load_given_tools

    tools = load_given_tools(settings)
    for line in tools.describe() if tools else ():
        print(line, flush=True)
    result = check_run(settings, sources)
    report(result)
    return result.exit_status


def serve(settings: ServeSettings, sources: Sources) -> int:
    """Serve the scripted model until interrupted; the first line on stdout is `serving URL`.

    For tests, demos and other clients: a run over it gives the same dataset as in-process, and with faults
    and latency it shows what a client does about them.
    """
    with contextlib.ExitStack() as stack:
        model, fingerprint = _served_model(settings, sources, stack)
        try:
            asyncio.run(_serve(settings.server, model, fingerprint))
        except KeyboardInterrupt:
            raise SystemExit(INTERRUPTED) from None
    return 0


async def _serve(options: MockServerOptions, model: AnswerSource, fingerprint: str) -> None:
    from ..models.mock_server.server import serving

    key = key_from(options.key_env, "server.key_env")
    async with serving(model, options, key=key, fingerprint=fingerprint) as server:
        print(f"serving {server.base_url}", flush=True)
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            counts = server.stats.report()
            print(f"stopped: {counts['requests']} requests, {counts['answers']} answers", file=sys.stderr)


def _served_model(
    settings: ServeSettings, sources: Sources, stack: contextlib.ExitStack
) -> tuple[AnswerSource, str]:
    """Who answers, and what stands for all it knows."""
    from ..models.mock_server.recording import Recorder, Replay

    server = settings.server
    if server.replay is not None:
        if server.record is not None:
            raise ConfigError("server.record: got one beside server.replay, expected one or the other")
        replay = Replay(Path(server.replay))
        return replay, replay.fingerprint
    from ..models.factory import fingerprint
    from .given_tools import load_given_tools
    from .roles import scripted_model

    tools = load_given_tools(settings)
    known_settings = tools.settings if tools else settings
    scripted, library = scripted_model(known_settings, sources.folders, sources.prompts())
    known = fingerprint(library.fingerprints())
    if server.record is None:
        return scripted.answer, known
    recorder = Recorder(Path(server.record), scripted.answer)
    stack.callback(recorder.close)
    return recorder, known
