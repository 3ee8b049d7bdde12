"""Who does the work on the items of a run: this process, or several; each item alone, known by its id.

It knows neither what an item is nor what is done with it: that is a `Job`, a function that every process can
import. Items are idempotent and what they leave is in a ledger, so an executor does nothing but fill it.
"""

from .choice import choose_executor, fork_server
from .executor import Addition, Executor, Setup, WorkerLink
from .forking import ForkServer
from .job import LATER, Job, Written, in_order
from .local import LocalExecutor, run_concurrently
from .ray_cluster import check_ray
from .remote_ledger import RemoteLedger

__all__ = [
    "LATER",
    "Addition",
    "Executor",
    "ForkServer",
    "Job",
    "LocalExecutor",
    "RemoteLedger",
    "Setup",
    "WorkerLink",
    "Written",
    "check_ray",
    "choose_executor",
    "fork_server",
    "in_order",
    "run_concurrently",
]
