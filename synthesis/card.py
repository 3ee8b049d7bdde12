"""The dataset card, dataset/README.md: what the data are, how far to trust them, and how to load them.

Every figure is of `Statistics`, the fields are those of the records, and whatever a model or a user wrote is
escaped for Markdown and YAML. It opens no file and knows no run.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import FileSystemLoader, StrictUndefined, Template
from jinja2.sandbox import SandboxedEnvironment

from ..records import ArgumentOrigin, Evidence, Sample, UserProfile, VisiblePlatform
from ..records.quality import Statistics
from .card_front import front_matter

_LONGEST, _COMMAND = 600, 4_000
_MARKUP = re.compile(r"([\\`*_{}\[\]()#!|~$@]|:(?=//)|(?<=www)\.)", re.IGNORECASE)
_SHOWN_RECORDS = {
    "": Sample,
    "user_profile.": UserProfile,
    "platforms[].": VisiblePlatform,
    "origins[].": ArgumentOrigin,
    "origins[].evidence.": Evidence,
}


class Ours(str):
    """Markdown that is ours; everything else is escaped."""

    __slots__ = ()


def card(
    statistics: Statistics,
    *,
    title: str,
    scenarios: Mapping[str, str],
    license: str,
    seed: int,
    digest: str,
    command: str,
    versions: Mapping[str, str],
    files: Mapping[str, str],
) -> bytes:
    """The card as UTF-8, ending with a line break; equal arguments give equal bytes.

    Args:
        statistics: of the whole dataset.
        title: what it is called.
        scenarios: name -> what people do there, held-out ones included.
        license: a name the Hugging Face Hub knows, such as 'cc-by-4.0'.
        seed, digest: of the run and its settings.
        command: that makes the data again, on one line.
        versions: of ptool and what it runs on.
        files: split -> its file beside the card: all, or train, test, unseen, reserve; those that exist.
    """
    return (
        _template()
        .render(
            front=Ours(front_matter(statistics, title, license, files)),
            title=title,
            scenarios=scenarios,
            license=license,
            seed=seed,
            digest=digest,
            command=command,
            versions=versions,
            files=files,
            statistics=statistics,
            fields=_fields(),
            meanings=meanings(statistics),
            first=next(iter(files), "all"),
        )
        .rstrip()
        + "\n"
    ).encode("utf-8", "replace")


def inert(text: Any) -> str:
    """Somebody's text as Markdown that only shows it: one bounded line, every sign of markup escaped."""
    if isinstance(text, Ours):
        return text
    said = "".join(one if one.isprintable() else " " for one in str(text)[: _LONGEST + 1])
    said = said if len(said) <= _LONGEST else said[: _LONGEST - 1] + "…"
    return _MARKUP.sub(r"\\\1", said).replace("&", "&amp;").replace("<", "&lt;")


def code(text: Any) -> Ours:
    """Somebody's text as a code span, or a line of a code block: nothing in it ends either."""
    said = "".join(one if one.isprintable() else " " for one in str(text)[:_LONGEST])
    return Ours(said.replace("`", "'").replace("|", "\\|"))


def block(text: Any) -> Ours:
    """Somebody's text as the only line of a fenced block, which one line cannot end."""
    return Ours("".join(one if one.isprintable() else " " for one in str(text)[:_COMMAND]))


def number(value: float) -> Ours:
    """A count with its thousands apart; other numbers with two digits."""
    return Ours(f"{value:,}" if isinstance(value, int) else f"{value:,.2f}")


def percent(share: float) -> Ours:
    """A share of 0 to 1."""
    return Ours(f"{100 * share:.1f} %")


def meanings(statistics: Statistics) -> list[tuple[str, Ours, Ours]]:
    """Every figure a reader should know: (about what, what it says, the figure), in the records' order."""
    parts = {
        "the platform": statistics.decidability,
        "the user": statistics.necessity,
        "rivals": statistics.interchangeability,
        "variety": statistics.diversity,
    }
    return [
        (name, _own(field.description), _figure(value, str(field.description)))
        for name, part in parts.items()
        for key, field in type(part).model_fields.items()
        if isinstance(value := getattr(part, key), int | float)
    ]


def _figure(value: float, meaning: str) -> Ours:
    """A count, a share, or what is neither: bits, and words."""
    return (
        number(value) if isinstance(value, int) or meaning.startswith(("bits", "words")) else percent(value)
    )


def _fields() -> list[tuple[str, Ours]]:
    """Name and meaning of every field of a record, those of its parts by their path."""
    return [
        (prefix + name, _own(field.description))
        for prefix, record in _SHOWN_RECORDS.items()
        for name, field in record.model_fields.items()
    ]


def _own(description: str | None) -> Ours:
    """What a record says of a field; it may hold signs that tables and HTML take for theirs."""
    return Ours((description or "").replace("&", "&amp;").replace("<", "&lt;").replace("|", "\\|"))


@cache
def _template() -> Template:
    environment = SandboxedEnvironment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        undefined=StrictUndefined,
        finalize=inert,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"block": block, "code": code, "number": number}
    return environment.get_template("card.md.jinja")
