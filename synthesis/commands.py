"""The jobs of the commands around a run: run, check, serve."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ..cli.main import INTERRUPTED
from ..cli.progress import Display, StreamDisplay
from ..errors import ConfigError
from ..settings import MockServerOptions, ServeSettings, Settings
from ..settings.secrets import key_from

if TYPE_CHECKING:
    from ..cli.compose import Sources
    from ..models.mock_server.handler import AnswerSource
    from .dataset.console_summary import Summary


def synthesise(settings: Settings, sources: Sources) -> int:
    """Synthesise the dataset, report on it, and end with the line `run folder: PATH`."""
    from .dataset import console_summary

    summary = make_dataset(settings, sources, StreamDisplay())
    console_summary.report(summary)
    print(f"run folder: {settings.run.shown(summary.folder)}", flush=True)
    return summary.exit_status


def make_dataset(settings: Settings, sources: Sources, display: Display) -> Summary:
    """What `ptool.run` does, and `ptool.synthesise` from Python: look whether all fits, then synthesise.

    Args: display: where stages are shown. Raises PtoolError: anything refused, or the run had to end.
    """
    from . import pipeline
    from .dry_run.prompt_fit import ensure_prompts_fit
    from .dry_run.qualification import qualification

    parts = pipeline.build_parts(settings, sources)
    settings = parts.participants.settings
    for line in parts.given_tools.describe() if parts.given_tools else ():
        display.say(line)
    ensure_prompts_fit(settings, sources, parts, display.say)
    tried = qualification(settings, sources, parts.participants)
    return pipeline.synthesise(settings, sources, parts, tried.silent if tried else None, display)


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
