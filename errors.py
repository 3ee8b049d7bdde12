"""The errors ptool raises on purpose.

PtoolError
├── ConfigError                the composed configuration is wrong; the user mends an override or a YAML file
│   └── ContextTooShortError   a prompt and its answer do not fit into the context of a model
├── TreeError                  an API tree or a feature tree breaks an invariant
├── PromptError                a prompt asks for what its role does not see, or does not render
├── ModelError                 a model could not be asked, or its answer could not be used
│   ├── UnknownPartError       the scripted model was given a role or a scenario it cannot play
│   ├── UnreachableModelError  a client failed before there was an answer
│   ├── UnusableAnswerError    a model answered, but never with the record that was asked for
│   ├── RefusedRequestError    an endpoint refuses this one request, in every form it was tried in
│   └── UnusableHistoryError   no acceptable behaviour history came about for a user
├── RunStoppedError            no further call makes sense; the same command goes on from there
│   ├── EndpointDownError      an endpoint did not answer anybody for too long
│   ├── KeyRefusedError        an endpoint refuses the key it was given
│   ├── WorkerLostError        processes that work for a run die again and again
│   ├── BudgetSpentError       the next call could go beyond the run's budget
│   └── StorageDownError       object storage does not answer, or breaks off
└── StoreError                 the run folder or the ledger cannot be read or written
    └── FolderInUseError       another process works in the run folder

A message says where, what was got, what was expected or exists, and what to do, on one line: commands
print it as it stands, without a traceback, and exit with `exit_status`.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

FOLDER_OF_FAULT = "run_folder"
"""Attribute of any exception that ended a job: the innermost folder it left, for what is said of it."""


class PtoolError(Exception):
    """Anything ptool refuses, with the exit status a command ends with."""

    exit_status = 2


class ConfigError(PtoolError):
    """The configuration is wrong: an unknown name, a wrong type, a value out of range."""


class ContextTooShortError(ConfigError):
    """A prompt and its answer would not fit into the context of the model that is to be asked."""


class TreeError(PtoolError):
    """A tree breaks one of its invariants (§4.1, §4.2)."""


class PromptError(PtoolError):
    """A prompt cannot be loaded or rendered."""


class ModelError(PtoolError):
    """A model could not be asked, or what it answered could not be used; `code` ends up in reasons."""

    exit_status = 1
    code = "failed"


class UnknownPartError(ModelError):
    """The scripted model has no script for this role or no library for this scenario."""

    exit_status = 2


class UnreachableModelError(ModelError):
    """A client failed before there was an answer."""

    code = "unreachable"


class UnusableAnswerError(ModelError):
    """A model answered, but never with the record that was asked for.

    Args: message: for people; code: what was wrong with the last answer (`ptool.models.gateway.parse`).
    """

    def __init__(self, message: str, code: str = "unusable") -> None:
        super().__init__(message)
        self.code = code


class RefusedRequestError(ModelError):
    """An endpoint refuses this one request, in every form it was tried in; the next start asks again."""

    code = "refused_request"


NO_ANSWER = (UnreachableModelError, RefusedRequestError)
"""Nobody answered, for whatever reason: that says nothing of the item, which the next start does again."""
NO_ANSWER_CODES = frozenset(f"model.{error.code}" for error in NO_ANSWER)
"""The same as codes of reasons."""


class UnusableHistoryError(ModelError):
    """No acceptable behaviour history came about for one user in one scenario (§4.2)."""


class RunStoppedError(PtoolError):
    """No further call makes sense; what is finished is kept, and the same command goes on from there."""

    exit_status = 1


class EndpointDownError(RunStoppedError):
    """An endpoint did not answer anybody for too long."""


class KeyRefusedError(RunStoppedError):
    """An endpoint refuses the key it was given."""

    exit_status = 2


class WorkerLostError(RunStoppedError):
    """Processes that work for a run die again and again, by whatever kills them."""


class BudgetSpentError(RunStoppedError):
    """The next call could go beyond the run's budget."""

    exit_status = 4


class StorageDownError(RunStoppedError):
    """Object storage does not answer, or breaks off; what was made is safe on this machine."""


class StoreError(PtoolError):
    """The run folder or its ledger cannot be used."""


class FolderInUseError(StoreError):
    """Another process works in the run folder."""


def names(known: Iterable[str], got: str | None = None) -> str:
    """Say what exists, and the nearest name to `got`: `'a', 'b' (did you mean 'b'?)`."""
    known = sorted(set(known))
    listed = ", ".join(_short(name) for name in known[:_MOST]) or "none"
    listed += f" and {len(known) - _MOST:,} more" if len(known) > _MOST else ""
    near = difflib.get_close_matches(got, known, n=1) if got and len(got) <= _LONGEST else []
    return f"{listed} (did you mean {_short(near[0])}?)" if near else listed


_MOST, _LONGEST = 200, 200
"""Names that are listed, and characters of one."""


def _short(name: str) -> str:
    return repr(name) if len(name) <= _LONGEST else f"{name[:_LONGEST]!r}…"


def printable(text: str, longest: int) -> str:
    """A text on one line, bounded, with characters that are not seen written out."""
    shown = "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text[:longest]
    )
    return shown + ("…" if len(text) > longest else "")
