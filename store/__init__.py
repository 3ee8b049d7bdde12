"""The run folder, the ledger and the files derived from it; it knows bytes, not models or trees."""

from .files import atomic, read_jsonl, write_bytes, write_json, write_jsonl
from .ledger import Ledger
from .manifest import Manifest, versions, write_manifest
from .run_folder import RunFolder
from .run_log import run_log
from .samples import read_samples

__all__ = [
    "Ledger",
    "Manifest",
    "RunFolder",
    "atomic",
    "read_jsonl",
    "read_samples",
    "run_log",
    "versions",
    "write_bytes",
    "write_json",
    "write_jsonl",
    "write_manifest",
]
