"""The dataset card, dataset/README.md: front matter for the Hugging Face Hub, and Markdown from a template.

It leads readers to the tables, whose columns are all text: what `datasets` would guess of a sample changes
with its version, and is wrong. Text of models and users is escaped, so that it can only be shown.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jinja2 import FileSystemLoader, StrictUndefined, Template
from jinja2.sandbox import SandboxedEnvironment

from ...records import ArgumentOrigin, Evidence, Sample, UserProfile, VisiblePlatform
from ...records.dataset_statistics import Statistics
from ...records.shared_parts import SHARED, SHARED_FILES
from ...records.table_rows import columns
from ...rendering.benchmark_table import benchmark_table, quoted_table
from ...rendering.document import markdown_table

ANSWERS = {
    "propose": "another solves it without having seen the draw",
    "confirm": "code writes the solution, which others have to recognise in the request",
    "none": "code writes the solution",
}
"""Who writes solutions (`assistant`) -> how, in a sentence that describes a run."""
_LONGEST, _COMMAND = 600, 4_000
_MARKUP = re.compile(r"([\\`*_{}\[\]()#!|~$@]|:(?=//)|(?<=www)\.)", re.IGNORECASE)
_SHOWN_RECORDS = {
    "": Sample,
    "user_profile.": UserProfile,
    "platforms[].": VisiblePlatform,
    "origins[].": ArgumentOrigin,
    "origins[].evidence.": Evidence,
}


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
    content: str,
    shared: bool = False,
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
        files: split -> its file: all, or train, test, unseen, reserve; those that exist.
        content: a digest of the samples, so that `datasets`, which keeps what it read by folder name and
            card, gives no others.
        shared: whether samples leave tools and profiles to the files of shared parts.
    """
    return (
        _template()
        .render(
            front=TrustedMarkdown(front_matter(statistics, title, license, files, content, shared)),
            title=title,
            scenarios=scenarios,
            license=license,
            seed=seed,
            digest=digest,
            command=command,
            versions=versions,
            files=files,
            shared=shared,
            statistics=statistics,
            fields=_fields(),
            meanings=meanings(statistics),
            beside_others=_beside_others(statistics),
            answers=TrustedMarkdown(ANSWERS[statistics.assistant]),
            first=next(iter(files), "all"),
            split=next((_SPLITS[name] for name in files if name in _SPLITS), "train"),
            oldest=READERS,
        )
        .rstrip()
        + "\n"
    ).encode("utf-8", "replace")


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


def meanings(statistics: Statistics) -> list[tuple[str, TrustedMarkdown, TrustedMarkdown]]:
    """Every figure a reader should know: (about what, what it says, the figure), in the records' order."""
    parts = {
        "the platform": statistics.decidability,
        "the user": statistics.necessity,
        "rivals": statistics.interchangeability,
        "variety": statistics.diversity,
    }
    return [
        (name, _escape_cell(field.description), _figure(value, str(field.description)))
        for name, part in parts.items()
        for key, field in type(part).model_fields.items()
        if isinstance(value := getattr(part, key), int | float)
    ]


def _beside_others(statistics: Statistics) -> TrustedMarkdown:
    """Table 9 of the paper with a row of this dataset."""
    part = statistics.benchmark()
    table = quoted_table()
    if part is not None:
        note = "everything" if part.name == "all" else part.name
        table = benchmark_table(note, part.apis, part.users, part.queries, statistics.personal())
    return TrustedMarkdown("\n".join(markdown_table(table)))


def _figure(value: float, meaning: str) -> TrustedMarkdown:
    """A count, a share, or what is neither: bits, and words."""
    return (
        number(value) if isinstance(value, int) or meaning.startswith(("bits", "words")) else percent(value)
    )


def _fields() -> list[tuple[str, TrustedMarkdown]]:
    """Name and meaning of every field of a record, those of its parts by their path."""
    return [
        (prefix + name, _escape_cell(field.description))
        for prefix, record in _SHOWN_RECORDS.items()
        for name, field in record.model_fields.items()
    ]


def _escape_cell(description: str | None) -> TrustedMarkdown:
    """What a record says of a field; it may hold signs that tables and HTML take for theirs."""
    return TrustedMarkdown((description or "").replace("&", "&amp;").replace("<", "&lt;").replace("|", "\\|"))


class TrustedMarkdown(str):
    """Markdown of this module; every other text that the template shows is escaped."""

    __slots__ = ()


def inert(text: Any) -> str:
    """Somebody's text as Markdown that only shows it: one bounded line, every sign of markup escaped."""
    if isinstance(text, TrustedMarkdown):
        return text
    line = _printable(text, _LONGEST + 1)
    line = line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"
    return _MARKUP.sub(r"\\\1", line).replace("&", "&amp;").replace("<", "&lt;")


def code(text: Any) -> TrustedMarkdown:
    """Somebody's text as a code span, or a line of a code block: nothing in it ends either."""
    return TrustedMarkdown(_printable(text, _LONGEST).replace("`", "'").replace("|", "\\|"))


def block(text: Any) -> TrustedMarkdown:
    """Somebody's text as the only line of a fenced block, which one line cannot end."""
    return TrustedMarkdown(_printable(text, _COMMAND))


def _printable(text: Any, longest: int) -> str:
    """At most so many characters on one line, those that cannot be printed as blanks."""
    return "".join(character if character.isprintable() else " " for character in str(text)[:longest])


def number(value: float) -> TrustedMarkdown:
    """A count with its thousands apart; other numbers with two digits."""
    return TrustedMarkdown(f"{value:,}" if isinstance(value, int) else f"{value:,.2f}")


def percent(share: float) -> TrustedMarkdown:
    """A share of 0 to 1."""
    return TrustedMarkdown(f"{100 * share:.1f} %")


_SIZES = (
    (1_000, "n<1K"),
    (10_000, "1K<n<10K"),
    (100_000, "10K<n<100K"),
    (1_000_000, "100K<n<1M"),
    (10_000_000, "1M<n<10M"),
    (100_000_000, "10M<n<100M"),
)
_LARGEST = "100M<n<1B"
_SPLITS = {"all": "train", "train": "train", "test": "test", "unseen": "unseen"}
"""Part of the dataset -> the split that `datasets` knows it by."""
_APART = {"twins": "test", "reserve": "train"}
"""Parts that are configurations of their own."""
READERS = "3.6"
"""The oldest version of `datasets` that reads the tables."""
_FOLDER = "tables"
"""Where they lie, seen from the card."""


def front_matter(
    statistics: Statistics,
    title: str,
    license: str,
    files: Mapping[str, str],
    content: str,
    shared: bool = False,
) -> str:
    """The YAML between the two lines of dashes, which are not included; arguments as of `card`."""
    samples = _samples(statistics)
    configs = [_config("default", {_SPLITS[name]: file for name, file in files.items() if name in _SPLITS})]
    configs += [_config(name, {part: files[name]}) for name, part in _APART.items() if name in files]
    features = {config["config_name"]: columns(SHARED if shared else ()) for config in configs}
    for file in SHARED_FILES if shared else ():
        name = file.name.removesuffix(".jsonl")
        configs.append(_config(name, {"train": file.name}))
        features[name] = columns(file.absent)
    for config in configs:
        config["description"] = f"SHA-256 {content}"
    origin = "scripted" if statistics.scripted else "llm-generated"
    about = {
        "pretty_name": _one_line(title)[:80] or "a dataset",
        "license": license,
        "language": ["en"],
        "task_categories": ["text-generation"],
        "tags": ["tool-use", "function-calling", "personalization", "synthetic", origin, "ptool"],
        "size_categories": [next((name for limit, name in _SIZES if samples < limit), _LARGEST)],
        "annotations_creators": ["machine-generated"],
        "source_datasets": ["original"],
        "configs": configs,
        "dataset_info": [
            {"config_name": name, "features": [{"name": column, "dtype": "string"} for column in names]}
            for name, names in features.items()
        ],
    }
    return yaml.dump(about, Dumper=_NoAliases, sort_keys=False, allow_unicode=True, width=110).rstrip()


def _config(name: str, splits: Mapping[str, str]) -> dict[str, Any]:
    return {
        "config_name": name,
        "data_files": [{"split": split, "path": f"{_FOLDER}/{file}"} for split, file in splits.items()],
    }


def _one_line(text: str) -> str:
    return " ".join(_printable(text, len(text)).split())


def _samples(statistics: Statistics) -> int:
    return sum(row.queries for row in statistics.splits if row.file is not None)


class _NoAliases(yaml.SafeDumper):
    """Columns are written out for every configuration: readers of front matter need not know anchors."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True
