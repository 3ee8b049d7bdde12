"""What the processes of a run say to each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ..models.faults import AttemptError
from ..models.gateway.activity import GatewayFigures
from ..models.gateway.budget import Cost
from ..models.gateway.limiter import Grant
from ..records.model_calls import Answer, Failure
from .job import Job


class Opened(NamedTuple):
    """To a worker: what the jobs to come are done with."""

    setup: bytes
    """pickled, once for all workers"""


class Extended(NamedTuple):
    """To a worker: more that the jobs to come are done with."""

    addition: bytes
    """pickled, once for all workers"""


class Begun(NamedTuple):
    """To a worker: a job begins."""

    number: int
    job: Job[Any, Any]


class Assigned(NamedTuple):
    """To a worker: items of the job; more of them are to come."""

    number: int
    items: Sequence[tuple[int, Any]]
    """place in the job, item"""


class Ended(NamedTuple):
    """To a worker: the job is over, whatever of it is under way."""

    number: int


class Replied(NamedTuple):
    """To a worker: what it waits for."""

    call: int
    value: Any
    """a `Grant`, a `Standing`, or the error that is raised"""


class Finished(NamedTuple):
    """From a worker: results of items, which are on disk where they are written."""

    number: int
    results: Sequence[tuple[int, Any]]


class Failed(NamedTuple):
    """From a worker: the work on an item, or the setup, raised something."""

    error: BaseException


class Admission(NamedTuple):
    """From a worker: it waits for leave to send an attempt."""

    call: int
    endpoint: str
    cost: Cost


class Withdrawn(NamedTuple):
    """From a worker: it no longer waits."""

    call: int


class Answered(NamedTuple):
    """From a worker: an attempt brought an answer."""

    grant: Grant
    role: str
    cost: Cost
    seconds: float


class AttemptFailed(NamedTuple):
    """From a worker: an attempt brought nothing; it waits to hear how the endpoint does."""

    call: int
    grant: Grant
    fault: AttemptError


class Released(NamedTuple):
    """From a worker: an attempt was given up."""

    grant: Grant


class Logged(NamedTuple):
    """From a worker: a line for the log."""

    level: str
    name: str
    text: str


class Figures(NamedTuple):
    """From a worker: what its calls have come to."""

    figures: GatewayFigures


class ItemPut(NamedTuple):
    """From a worker without the run's files: a finished item."""

    number: int
    """of what it waits to hear is on disk"""
    stage: str
    id: str
    body: bytes


class SaveAnswer(NamedTuple):
    """From a worker without the run's files: an answer, and what was asked."""

    number: int
    answer: Answer
    messages: Sequence[tuple[str, str]]


class StatusSet(NamedTuple):
    """From a worker without the run's files: what a kept answer was good for."""

    key: bytes
    status: str


class FailureKept(NamedTuple):
    """From a worker without the run's files: an attempt without an answer, and what was asked."""

    failure: Failure
    messages: Sequence[tuple[str, str]]


class Looked(NamedTuple):
    """From a worker without the run's files: it waits for what the ledger says."""

    number: int
    method: str
    """of the ledger"""
    arguments: tuple[Any, ...]


class Acknowledged(NamedTuple):
    """To a worker without the run's files: what it sent is on disk, or why it is not."""

    number: int
    error: BaseException | None


class SentAlong(NamedTuple):
    """To a worker without the run's files: what others looked up for their items, for its own ones."""

    rows: Mapping[tuple[str, str], bytes | None]
    """(stage, id) -> body; None: there is no such item"""


class AnswersKept(NamedTuple):
    """To a worker without the run's files: keys of answers that a lost worker has left in the ledger."""

    keys: Sequence[bytes]
