"""README.md of a verified dataset: its parts, how far people agreed, what became of every sample.

It repeats no text of models, users or annotators.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from ..settings.texts import parse_yaml
from .agreement import AgreementTable, markdown_rows

_SPLITS = {"samples": "train", "train": "train", "test": "test", "unseen": "unseen"}
"""Part -> the split that `datasets` knows it by."""
_SENTENCES = {
    "accepted": "as the run made it",
    "corrected": "query, platform, calls or values were mended",
    "rejected": "not in this dataset",
    "conflict": "people disagree, and nobody has adjudicated; not in this dataset",
    "second_look": "somebody wants another to look at it; not in this dataset",
    "unreviewed": "not in this dataset",
}


def card_text(
    run: Path, kept: Mapping[str, int], content: str, states: Mapping[str, int], agreement: AgreementTable
) -> str:
    """The card; equal arguments give equal bytes.

    Args: run: its own card says licence and name; kept: part -> samples; content: digest of them;
    states: state -> samples.
    """
    front = yaml.dump(_front_matter(run, kept, content), sort_keys=False, allow_unicode=True, width=110)
    parts = "\n".join(f"| `{part}.jsonl` | {count:,} |" for part, count in kept.items())
    fates = "\n".join(
        f"| {state.replace('_', ' ')} | {states[state]:,} | {sentence} |"
        for state, sentence in _SENTENCES.items()
        if states.get(state)
    )
    return (
        f"---\n{front}---\n\n# A test set verified by people\n\n"
        "Samples of a ptool run that people accepted or corrected (Appendix B of *Advancing and Benchmarking "
        "Personalized Tool Invocation for LLMs*). Fields are those of the run's own dataset. In "
        "`tables/` the same samples stand with text in every column. `provenance.jsonl` says of every sample "
        "who said what and what was changed.\n\n"
        f"| file | samples |\n| --- | ---: |\n{parts}\n\n"
        f"| what became of a sample | samples | |\n| --- | ---: | --- |\n{fates}\n{_agreement(agreement)}"
    )


def _agreement(table: AgreementTable) -> str:
    if not any(row.units for row in table.rows):
        return "\nEvery sample was reviewed by one person, so there is no agreement to report.\n"
    seconds = f", {table.seconds:.0f} seconds a sample (median)" if table.seconds is not None else ""
    rows = "\n".join(markdown_rows(table))
    later = f"; {table.not_compared:,} reviews were changed or given later" if table.not_compared else ""
    return (
        f"\n## Agreement\n\n{table.reviewed:,} samples were marked, {table.overlapping:,} of them by several "
        f"people{seconds}.\n\n{rows}\n\n"
        "Compared is what each person said first of a sample, before its recorded origins or what others "
        f"said were shown to them{later}. "
        "Raw: share of equal pairs of judgements. n/a: nobody to compare, or all said the same throughout, "
        "so that chance cannot be told from agreement; kappa is of two annotators, alpha of any number. "
        "Intervals are of a bootstrap over samples.\n"
    )


def _front_matter(run: Path, kept: Mapping[str, int], content: str) -> dict[str, Any]:
    """For the Hugging Face Hub: what the run's own card says, and the files here."""
    own = _own_front_matter(run / "dataset" / "README.md")
    splits = {_SPLITS[part]: f"tables/{part}.jsonl" for part in kept if part in _SPLITS}
    configs = [_config("default", splits, content)] if splits else []
    configs += [
        _config(part, {"test": f"tables/{part}.jsonl"}, content) for part in kept if part not in _SPLITS
    ]
    given = {
        name: own[name] for name in ("pretty_name", "license", "language", "task_categories") if name in own
    }
    tags = [str(tag) for tag in own.get("tags") or () if isinstance(tag, str)]
    return {
        **given,
        "tags": [*tags, "human-verified"],
        "annotations_creators": ["machine-generated", "expert-generated"],
        "configs": configs,
    }


def _own_front_matter(card: Path) -> dict[str, Any]:
    if not card.is_file():
        return {}
    _, _, rest = card.read_text("utf-8").partition("---\n")
    front = parse_yaml(rest.partition("\n---")[0], str(card))
    return front if isinstance(front, dict) else {}


def _config(name: str, splits: Mapping[str, str], content: str) -> dict[str, Any]:
    files = [{"split": split, "path": path} for split, path in splits.items()]
    return {"config_name": name, "description": f"SHA-256 {content}", "data_files": files}
