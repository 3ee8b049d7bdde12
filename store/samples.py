"""The samples in a file of a dataset, as records: inline, beside what they share, or as rows of a table."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from ..errors import StoreError, printable
from ..records import Sample
from ..records.shared_parts import SharedParts
from .files import read_jsonl

_LONGEST_REASON = 200


def read_samples(file: Path) -> Iterator[Sample]:
    """The samples of a file, one by one, joined with tools and profiles that are kept beside it.

    Raises StoreError with the place of a line that is no sample.
    """
    shared = SharedParts(file.parent)
    for number, value in enumerate(read_jsonl(file), 1):
        try:
            yield Sample.model_validate(shared.join(value) if isinstance(value, dict) else value)
        except ValidationError as error:
            fault = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(map(str, fault["loc"]))
            reason = f"{where}: {fault['msg']}" if where else fault["msg"]
            raise StoreError(
                f"{file}: sample {number} is none of ptool's: {printable(reason, _LONGEST_REASON)}"
            ) from None
        except ValueError as error:
            raise StoreError(f"{file}: sample {number}: {error}") from None
