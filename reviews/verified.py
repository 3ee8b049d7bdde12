"""The verified dataset: what people accepted or corrected, beside the run's own, which stays as it is.

Samples that nobody changed are the very lines of the run; corrected ones have their origins traced again.
`provenance.jsonl` says of every sample of the review who said what and what was changed. The folder is a
dataset like the run's: with an index, in the same form (inline or shared), and with tables.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from ..errors import ConfigError, StoreError
from ..exports.folder import ExportFolder, OutputFile, open_export
from ..records.sample import SampleEncoder
from ..records.shared_parts import SHARED, SHARED_FILES
from ..records.table_rows import columns, to_row
from ..store.dataset_index import INDEX, line_digest
from ..store.files import read_jsonl
from .agreement import AgreementTable
from .store import ReviewStore
from .summary import ReviewedSample, ReviewSummary, reviewed_samples, summarise
from .verdicts import VERIFIED
from .verified_card import card_text

FOLDER = "verified"
"""The verified dataset, in the run folder."""
PROVENANCE = "provenance.jsonl"
_IDENTITY = "verified"
"""What makes a folder the one of verified datasets; later exports of the run replace what it holds."""


@dataclass(frozen=True)
class VerifiedDataset:
    """What was written."""

    folder: Path
    kept: dict[str, int]
    """part -> samples"""
    summary: ReviewSummary


def write_verified(store: ReviewStore, out: Path | None = None) -> VerifiedDataset:
    """Write the verified dataset.

    Args: out: its folder; None: `verified` in the run folder.
    Raises ConfigError: nothing is verified yet; StoreError: the folder is of something else, or is not to be
    written, or a sample was changed since.
    """
    summary = summarise(store)
    if not any(summary.states[state] for state in VERIFIED):
        earlier = (
            f" ({summary.outdated:,} reviews are of samples made anew or gone)" if summary.outdated else ""
        )
        raise ConfigError(
            f"{store.run}: none of the {len(store.assignment.order):,} samples of its review is accepted or "
            f"corrected yet{earlier}, so there is nothing to export; review some first (ptool.review run=…)"
        )
    index = store.catalogue.dataset / INDEX
    about = {"verified": {"states": dict(summary.states), "index": _file_digest(index)}}
    with open_export(out or store.run / FOLDER, _IDENTITY, about) as folder:
        kept, keys = _write_samples(store, folder)
        _write_shared(store, folder, keys)
        folder.write("agreement.json", _json(_agreement_as_dict(summary.agreement)))
        folder.write("findings.json", _json(summary.findings.as_dict()))
        content = folder.files[INDEX].entry()["sha256"]
        folder.write("README.md", card_text(store.run, kept, content, summary.states, summary.agreement))
    return VerifiedDataset(folder.path, dict(kept), summary)


def _write_samples(store: ReviewStore, folder: ExportFolder) -> tuple[Counter[str], dict[str, set[str]]]:
    """Parts, tables, index and provenance; returns samples by part, and their scenarios and users."""
    kept: Counter[str] = Counter()
    keys: dict[str, set[str]] = {file.key: set() for file in SHARED_FILES}
    entries = {str(entry["id"]): entry for entry in read_jsonl(store.catalogue.dataset / INDEX)}
    without = SHARED if _is_shared(store) else frozenset()
    names = columns(without)
    encoder = SampleEncoder()
    index: list[bytes] = []
    provenance: list[bytes] = []
    files: dict[str, tuple[OutputFile, OutputFile]] = {}
    for each in reviewed_samples(store):
        digest: str | None = None
        if each.verdict.state in VERIFIED:
            part = each.entry.part
            if part not in files:
                files[part] = folder.create(f"{part}.jsonl"), folder.create(f"tables/{part}.jsonl")
            file, table = files[part]
            given: dict[str, Any] = {"file": f"{part}.jsonl", "offset": file.size}
            if each.corrected is None:
                line, digest = store.catalogue.line(each.entry), each.entry.digest
            else:
                sample = each.corrected.sample
                line, digest = encoder.encode(sample, without), line_digest(encoder.encode(sample))
                given["platform"] = sample.answer[0]
            given |= {"bytes": len(line), "digest": digest}
            index.append(orjson.dumps(entries[each.entry.id] | given))
            file.line(line)
            table.line(orjson.dumps(to_row(orjson.loads(line), names)))
            kept[part] += 1
            keys["scenario"].add(each.entry.scenario)
            keys["user_id"].add(each.entry.user)
        if each.verdict.reviews:
            provenance.append(orjson.dumps(_provenance(each, digest)))
    for name, lines in ((INDEX, index), (PROVENANCE, provenance)):
        file = folder.create(name)
        for line in lines:
            file.line(line)
    return kept, keys


def _provenance(each: ReviewedSample, digest: str | None) -> dict[str, Any]:
    """Who said what of a sample, and what was changed."""
    corrected = each.corrected
    return {
        "id": each.entry.id,
        "state": each.verdict.state,
        "part": each.entry.part,
        "digest": each.entry.digest,
        "verified": digest,
        "codes": each.codes,
        "changes": corrected.changes if corrected and digest else (),
        "reviews": [
            {
                "annotator": review.annotator,
                "task": review.task,
                "version": review.version,
                "at": review.at,
                "seconds": review.seconds,
                "comment": review.comment,
                "content": review.content.model_dump(mode="json") if review.content else None,
            }
            for review in each.verdict.reviews
        ],
    }


def _is_shared(store: ReviewStore) -> bool:
    return all((store.catalogue.dataset / file.name).is_file() for file in SHARED_FILES)


def _write_shared(store: ReviewStore, folder: ExportFolder, keys: Mapping[str, set[str]]) -> None:
    """What the kept samples share, where the dataset is in the shared form."""
    if not _is_shared(store):
        return
    for file in SHARED_FILES:
        plain, table = folder.create(file.name), folder.create(f"tables/{file.name}")
        names = columns(file.absent)
        for value in read_jsonl(store.catalogue.dataset / file.name):
            if value.get(file.key) in keys[file.key]:
                plain.line(orjson.dumps(value))
                table.line(orjson.dumps(to_row(value, names)))


def _agreement_as_dict(table: AgreementTable) -> dict[str, Any]:
    plain = table._asdict()
    for name in ("rows", "pairs"):
        plain[name] = [
            row._asdict()
            | {
                key: found._asdict() if found else None
                for key, found in (("kappa", row.kappa), ("alpha", row.alpha))
            }
            for row in plain[name]
        ]
    return plain


def _json(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()


def _file_digest(file: Path) -> str:
    try:
        with file.open("rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest()
    except OSError as error:
        raise StoreError(f"{file}: cannot be read: {error.strerror}") from None
