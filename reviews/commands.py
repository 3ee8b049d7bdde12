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
    raise ConfigError(f"action: got {settings.action!r}, and there is no export yet")


def import_reviews(settings: ReviewSettings) -> int:
    """Take over what was said in another tool."""
    raise ConfigError(f"action: got {settings.action!r}, and there is no import yet")


def print_findings(settings: ReviewSettings) -> int:
    """Print what people found that checks, gates and judges had let pass."""
    raise ConfigError(f"action: got {settings.action!r}, and there are no findings yet")
