"""A run on many machines, simulated: shards, nodes that are slow or taken away, endpoints with a limit.

    python docs/scaling/simulate_cluster.py          # the table of docs/scaling.md

Nodes take shards and ask for their samples' answers; all endpoints together answer so many calls a second.
A node that is taken away loses the shard it worked on, unless its disk outlives it; another takes the shard.
It knows nothing of ptool: what a sample needs are numbers, those that docs/scaling.md measures. Same seed,
same figures. Needs simpy (in the extra dev).
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Generator
from dataclasses import dataclass, field, replace

import simpy

HOUR = 3600.0
CHUNKS = 8
"""Parts of a shard after which a node looks at the limit again."""


@dataclass(frozen=True)
class Cluster:
    """What is to be made, and by whom."""

    samples: int = 1_000_000_000
    shards: int = 10_000
    nodes: int = 100
    calls: float = 13.5
    """of a model, a sample"""
    seconds: float = 1.5
    """a call"""
    in_flight: int = 256
    """calls of a node at a time"""
    limit: float = 12_000.0
    """calls a second that all endpoints together answer"""
    slow_share: float = 0.0
    """of the nodes"""
    slow_factor: float = 4.0
    """how many times longer a slow node takes"""
    taken_every: float | None = None
    """hours after which a node is taken away, on average; None: never"""
    away: float = 0.1
    """hours until there is another in its place"""
    disk_survives: bool = False
    """whether the one in its place finds its ledger"""
    dealt: bool = False
    """whether each node has its shards from the beginning, as an array of jobs with one shard each has"""
    again: bool = False
    """whether an idle node does a shard that is under way elsewhere, where it would be done sooner"""
    seed: int = 0

    @property
    def shard_calls(self) -> float:
        """Calls of one shard."""
        return self.samples * self.calls / self.shards

    @property
    def shard_seconds(self) -> float:
        """How long a node that is not slow takes for a shard, where the limit does not bind."""
        return self.shard_calls * self.seconds / self.in_flight


@dataclass(frozen=True)
class Outcome:
    """What became of it."""

    hours: float
    paid: float
    """calls"""
    needed: float
    """calls"""
    lost_shards: int
    """attempts that ended with their node"""
    done: tuple[int, ...] = field(repr=False)
    """how often each shard was finished and counted"""

    @property
    def overhead(self) -> float:
        """Share of calls that were paid beyond those needed."""
        return self.paid / self.needed - 1


@dataclass
class _Attempt:
    """One node at one shard."""

    shard: int
    node: int
    process: simpy.Process
    done: float
    """share of the shard"""


class Simulation:
    """One run of a cluster. Args: cluster: which."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster, self.env = cluster, simpy.Environment()
        self._answered_until = 0.0
        self._paid = 0.0
        self._lost = 0
        self._finished = [0] * cluster.shards
        self._left = cluster.shards
        self._saved = [0.0] * cluster.shards
        """share of a shard that is in a ledger whose disk outlived its node"""
        self._attempts: list[_Attempt] = []
        self._gone: set[int] = set()
        self._changed = self.env.event()
        draws = random.Random(cluster.seed)
        slow = set(draws.sample(range(cluster.nodes), round(cluster.nodes * cluster.slow_share)))
        self._factors = [cluster.slow_factor if node in slow else 1.0 for node in range(cluster.nodes)]
        shards, nodes = range(cluster.shards), cluster.nodes
        self._queues = (
            [deque(shards[node::nodes]) for node in range(nodes)] if cluster.dealt else [deque(shards)]
        )
        self._processes = [self.env.process(self._work(node)) for node in range(nodes)]
        if cluster.taken_every is not None:
            for node in range(nodes):
                self.env.process(
                    self._take_away(node, random.Random(f"{cluster.seed} {node}"), cluster.taken_every)
                )

    def run(self) -> Outcome:
        """Simulate until every shard is done."""
        self.env.run(self.env.all_of(self._processes))
        cluster = self.cluster
        needed = cluster.shards * cluster.shard_calls
        return Outcome(self.env.now / HOUR, self._paid, needed, self._lost, tuple(self._finished))

    def _work(self, node: int) -> Generator[simpy.Event, object, None]:
        """A node's life: shard after shard, and a while away whenever it is taken."""
        while self._left:
            shard = self._next_shard(node)
            try:
                if shard is None:
                    yield self._changed
                else:
                    yield from self._attempt(node, shard)
            except simpy.Interrupt as interrupt:
                if interrupt.cause == "taken":
                    self._gone.add(node)
                    yield self.env.timeout(self.cluster.away * HOUR)
                    self._gone.remove(node)

    def _attempt(self, node: int, shard: int) -> Generator[simpy.Event, object, None]:
        cluster = self.cluster
        attempt = _Attempt(shard, node, self._processes[node], self._saved[shard])
        self._attempts.append(attempt)
        part, begun, seconds = 0.0, self.env.now, 1.0
        try:
            while attempt.done < 1 - 1e-9:
                part, begun = min(1 / CHUNKS, 1 - attempt.done), self.env.now
                seconds = part * cluster.shard_seconds * self._factors[node]
                seconds = max(seconds, self._answered(part * cluster.shard_calls))
                yield self.env.timeout(seconds)
                attempt.done += part
                self._paid += part * cluster.shard_calls
        except simpy.Interrupt as interrupt:
            part *= (self.env.now - begun) / seconds
            attempt.done += part
            self._paid += part * cluster.shard_calls
            if attempt in self._attempts:
                self._attempts.remove(attempt)
            if interrupt.cause == "taken" and not self._finished[shard]:
                self._lost += 1
                self._saved[shard] = attempt.done if cluster.disk_survives else 0.0
                if not any(other.shard == shard for other in self._attempts):
                    self._queues[node % len(self._queues)].appendleft(shard)
                    self._tell()
            raise
        self._attempts.remove(attempt)
        self._finished[shard] += 1
        self._left -= 1
        for other in [other for other in self._attempts if other.shard == shard]:
            self._attempts.remove(other)
            other.process.interrupt("done elsewhere")  # its late write is refused
        self._tell()

    def _answered(self, calls: float) -> float:
        """Seconds until the endpoints have answered so many calls more, in the order they were asked."""
        self._answered_until = max(self.env.now, self._answered_until) + calls / self.cluster.limit
        return self._answered_until - self.env.now

    def _next_shard(self, node: int) -> int | None:
        queue = self._queues[node % len(self._queues)]
        if queue:
            return queue.popleft()
        return self._worth_doing_again(node) if self.cluster.again else None

    def _worth_doing_again(self, node: int) -> int | None:
        """The shard under way that would gain most from this node; each has one copy at most."""
        counts: dict[int, int] = {}
        for attempt in self._attempts:
            counts[attempt.shard] = counts.get(attempt.shard, 0) + 1
        gains = [
            (self._factors[one.node] * (1 - one.done) - self._factors[node], -one.shard)
            for one in self._attempts
            if counts[one.shard] == 1
        ]
        best = max(gains, default=(0.0, 0))
        return -best[1] if best[0] > 0 else None

    def _take_away(
        self, node: int, draws: random.Random, every: float
    ) -> Generator[simpy.Event, object, None]:
        while True:
            yield self.env.timeout(draws.expovariate(1 / (every * HOUR)))
            if self._processes[node].is_alive and node not in self._gone:
                self._processes[node].interrupt("taken")

    def _tell(self) -> None:
        changed, self._changed = self._changed, self.env.event()
        changed.succeed()


def simulate(cluster: Cluster) -> Outcome:
    """What becomes of a cluster's run."""
    return Simulation(cluster).run()


PLAN = Cluster()
SLOW = replace(PLAN, slow_share=0.05)
TAKEN = replace(PLAN, taken_every=24.0)
ROWS = {
    "nothing goes wrong": PLAN,
    "twice the endpoints": replace(PLAN, limit=24_000.0),
    "twice the endpoints, twice the nodes": replace(PLAN, limit=24_000.0, nodes=200),
    "5 % of the nodes 4 times slower, a fixed share of the shards each": replace(SLOW, dealt=True),
    "the same, shards from a queue": SLOW,
    "the same, and the last ones done again elsewhere": replace(SLOW, again=True),
    "nodes taken away every 24 h, disks lost": TAKEN,
    "the same, shards ten times larger": replace(TAKEN, shards=1_000),
    "the same, shards ten times larger, disks outlive nodes": replace(
        TAKEN, shards=1_000, disk_survives=True
    ),
    "slow nodes, nodes taken every 6 h, disks lost": replace(SLOW, taken_every=6.0, again=True),
}
"""The rows of the table in docs/scaling.md."""


def table() -> str:
    """The figures as Markdown."""
    lines = [
        "| 10⁹ samples | hours | calls paid beyond those needed | attempts lost |",
        "| --- | --- | --- | --- |",
    ]
    for name, cluster in ROWS.items():
        outcome = simulate(cluster)
        lines.append(
            f"| {name} | {outcome.hours:.0f} | {100 * outcome.overhead:.1f} % | {outcome.lost_shards:,} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    print(table())
