"""The jobs of `ptool.review`: serve the pages, export, import, findings."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ..cli.signals import INTERRUPTED
from ..errors import ConfigError
from ..settings import ReviewSettings
from .store import ReviewStore

if TYPE_CHECKING:
    from ..cli.compose import Sources


def review(settings: ReviewSettings, sources: Sources) -> int:
    """Do what was asked for; returns the exit status."""
    del sources
    return {"serve": serve, "export": export, "import": import_reviews, "findings": print_findings}[
        settings.action
    ](settings)


def open_store(settings: ReviewSettings, *, readonly: bool = False) -> ReviewStore:
    """The review that settings name. Raises as `ReviewStore`."""
    return ReviewStore(
        Path(settings.run),
        parts=settings.parts,
        annotators=settings.annotators,
        overlap=settings.overlap,
        readers=settings.readers,
        samples=settings.samples,
        seed=settings.seed,
        readonly=readonly,
    )


def serve(settings: ReviewSettings) -> int:
    """Serve the pages until the command is interrupted; the first line on stdout is `review: LINK`."""
    try:
        from .server.running import serve_pages
    except ImportError as error:
        raise ConfigError(f"review: the pages need {error.name}: pip install 'ptool[review]'") from None
    with open_store(settings) as store:
        try:
            serve_pages(store, settings.server)
        except KeyboardInterrupt:
            print(f"stopped: what was saved is in {store.database.path}", file=sys.stderr)
            raise SystemExit(INTERRUPTED) from None
    return 0


def export(settings: ReviewSettings) -> int:
    """Write the verified dataset, or the samples for another tool."""
    from .summary_console import print_summary
    from .verified import write_verified

    if settings.format != "verified":
        return _hand_out(settings)
    with open_store(settings, readonly=True) as store:
        verified = write_verified(store, Path(settings.out) if settings.out else None)
    print_summary(verified.summary)
    if settings.out is None:
        print(f"ptool.evaluate data={settings.run} takes it, data={settings.run}/dataset the original")
    print(f"verified dataset: {verified.folder}", flush=True)
    return 0


def _hand_out(settings: ReviewSettings) -> int:
    """Write the samples of the review, and what was said of them, for another tool."""
    file = Path(settings.file or "")
    check_target(file, Path(settings.run), b"id,digest," if settings.format == "csv" else b"[\n")
    with open_store(settings) as store:
        if settings.format == "csv":
            from .spreadsheet import write_sheet

            print(f"{write_sheet(store, file):,} rows: {file}", flush=True)
        else:
            from .label_studio import CONFIG, config_beside, write_tasks

            check_target(config_beside(file), Path(settings.run), CONFIG.read_bytes())
            count = write_tasks(store, file)
            print(f"{count:,} tasks: {file}, labelling configuration: {config_beside(file)}", flush=True)
    return 0


def check_target(file: Path, run: Path, begins: bytes) -> None:
    """Raises ConfigError where anything but an earlier export would be written over.

    Args: begins: how an export begins.
    """
    if file.resolve().is_relative_to(run.resolve()):
        raise ConfigError(f"file: {file} lies in the run's own folder, expected a place outside of it")
    try:
        with file.open("rb") as found:
            start = found.read(len(begins))
    except OSError:  # there is none, or writing it will say what is wrong
        return
    if start not in (b"", begins):
        raise ConfigError(f"file: {file} exists and is no such export; name another, or remove it")


def import_reviews(settings: ReviewSettings) -> int:
    """Take over what was said in another tool."""
    from .exchange import take_over

    file = Path(settings.file or "")
    if settings.format == "csv":
        from .spreadsheet import read_sheet as read
    else:
        from .label_studio import read_annotations as read
    with open_store(settings) as store:
        imported = take_over(store, read(file), settings.annotator)
    known = f", {imported.known:,} stood already" if imported.known else ""
    print(f"{imported.saved:,} reviews taken over from {file}{known}", flush=True)
    return 0


def print_findings(settings: ReviewSettings) -> int:
    """Print what people found that checks, gates and judges had let pass."""
    from .summary import summarise
    from .summary_console import print_summary

    with open_store(settings, readonly=True) as store:
        print_summary(summarise(store))
    return 0
