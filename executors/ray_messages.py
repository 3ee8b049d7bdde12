"""What a run and the process that is connected to Ray for it (`ray_relay`) say to each other.

What goes to a worker and comes from one passes through unread, pickled.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Connect(NamedTuple):
    """To the relay: a cluster to be part of."""

    address: str | None
    """None: a Ray of the run's own, on this machine"""
    workers: int
    """how many a Ray of the run's own has room for"""
    paths: Sequence[str]
    """where modules are found here; workers look there last"""


class Launch(NamedTuple):
    """To the relay: one more worker."""

    attempt: int
    """number of this attempt to have a worker; no other has the same"""
    width: int
    """items it does at a time"""


class Sent(NamedTuple):
    """To the relay: something for a worker."""

    attempt: int
    message: bytes


class LookedUp(NamedTuple):
    """To the relay: what the ledger says to a worker that waits for it."""

    attempt: int
    number: int
    found: bytes


class GivenUp(NamedTuple):
    """To the relay: a worker is not wanted any more."""

    attempt: int


class Connected(NamedTuple):
    """From the relay: it is part of the cluster."""

    cores: int
    """of all of its machines"""


class NoCluster(NamedTuple):
    """From the relay: there is no cluster to work with, or none that fits; why, for people."""

    text: str


class Ready(NamedTuple):
    """From the relay: a worker has begun."""

    attempt: int


class Received(NamedTuple):
    """From the relay: what a worker says."""

    attempt: int
    messages: Sequence[bytes]


class Lost(NamedTuple):
    """From the relay: a worker is gone; what became of it, for people."""

    attempt: int
    text: str


class Waiting(NamedTuple):
    """From the relay: nothing fails, but somebody should know."""

    text: str
