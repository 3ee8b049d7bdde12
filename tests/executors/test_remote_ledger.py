"""A ledger over a channel: what counts is on the run's disk; a worker that was given up changes nothing."""

import asyncio
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path
from typing import Any

import pytest
from ptool.executors.messages import Acknowledged, Looked
from ptool.executors.remote_ledger import LedgerDesk, RemoteLedger
from ptool.records.model_calls import Answer
from ptool.store import Ledger


def answer(key: int, content: str = "yes") -> Answer:
    return Answer(
        blake2b(bytes([key]), digest_size=16).digest(),
        "episodes",
        "user",
        "t",
        "model",
        content,
        "stop",
        1,
        1,
        None,
        0.0,
        0.1,
    )


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger(tmp_path / "ledger.sqlite") as opened:
        yield opened


class Link:
    """A worker and its desk, with nothing between them but a list of what was looked up."""

    def __init__(self, ledger: Ledger, stages: set[str] | None = None) -> None:
        self.looked: list[tuple[str, tuple[Any, ...]]] = []
        self.told: list[Any] = []
        self._found: dict[int, Any] = {}
        self.desk = LedgerDesk(
            lambda: ledger, self._tell, self._found.__setitem__, set() if stages is None else stages
        )
        self.worker = RemoteLedger(ledger.path, self.desk.receive, self._look)

    def _tell(self, message: Any) -> None:
        self.told.append(message)
        self.worker.receive(message)

    def _look(self, method: str, arguments: tuple[Any, ...]) -> Any:
        self.looked.append((method, arguments))
        self.desk.receive(Looked(len(self.looked), method, arguments))
        return self._found.pop(len(self.looked))


async def test_an_item_counts_once_it_is_on_disk(ledger: Ledger) -> None:
    link = Link(ledger)
    written = link.worker.submit("episodes", "a", b"1")
    assert not written.done()
    await asyncio.wrap_future(written)
    assert ledger.get("episodes", "a") == b"1"
    assert (link.worker.get("episodes", "a"), link.worker.has("episodes", "b")) == (b"1", False)
    assert list(link.worker.items("episodes")) == [("a", b"1")]


async def test_the_first_answer_of_a_key_stays(ledger: Ledger) -> None:
    first, second = Link(ledger), Link(ledger)
    await first.worker.save_answer(answer(1, "yes"))
    await second.worker.save_answer(answer(1, "no"))
    assert second.worker.find_answer(answer(1).key) == answer(1, "yes")
    assert ledger.spent().calls == 2  # both were paid for


async def test_only_keys_that_may_be_there_are_looked_up(ledger: Ledger) -> None:
    await ledger.save_answer(answer(1))
    link = Link(ledger)
    assert link.worker.find_answer(answer(2).key) is None
    assert link.looked == [("known_keys", ())]
    assert link.worker.find_answer(answer(1).key) == answer(1)


async def test_who_goes_on_finds_what_a_lost_worker_has_paid_for(ledger: Ledger) -> None:
    lost, other = Link(ledger), Link(ledger)
    await lost.worker.save_answer(answer(1))
    assert other.worker.find_answer(answer(1).key) is None  # it does not know of it
    other.worker.receive(lost.desk.close())
    assert other.worker.find_answer(answer(1).key) == answer(1)


async def test_what_a_worker_says_after_it_was_given_up_is_refused(ledger: Ledger) -> None:
    zombie, other = Link(ledger), Link(ledger)
    under_way = zombie.worker.submit("episodes", "a", b"before")
    zombie.desk.close()
    late = zombie.worker.submit("episodes", "a", b"late")
    answering = asyncio.ensure_future(zombie.worker.save_answer(answer(1)))
    zombie.worker.set_answer_status(answer(1).key, "late")
    await other.worker.put("episodes", "a", b"other's")
    await other.worker.put("episodes", "b", b"other's")
    assert ledger.get("episodes", "a") == b"other's"
    assert ledger.find_answer(answer(1).key) is None
    assert not (under_way.done() or late.done() or answering.done())
    assert not any(isinstance(message, Acknowledged) for message in zombie.told)
    answering.cancel()


async def test_a_disk_that_fails_fails_the_worker(ledger: Ledger) -> None:
    link = Link(ledger)
    ledger.path.unlink()
    with pytest.raises(Exception, match=r"ledger\.sqlite"):
        await link.worker.put("episodes", "a", b"1")
    with pytest.raises(Exception, match=r"ledger\.sqlite"):
        await link.worker.save_answer(answer(1))


async def test_what_others_look_up_is_sent_along_until_the_next_job(ledger: Ledger) -> None:
    await ledger.put("episodes", "a", b"1")
    stages: set[str] = set()
    first, second = Link(ledger, stages), Link(ledger, stages)
    assert first.worker.get("episodes", "a") == b"1"
    second.desk.send_along(["a", "b"])
    known = len(second.looked)
    assert (second.worker.get("episodes", "a"), second.worker.get("episodes", "b")) == (b"1", None)
    assert len(second.looked) == known
    await ledger.put("episodes", "b", b"2")  # by whoever does the item in the next job
    second.worker.begin_job()
    assert second.worker.get("episodes", "b") == b"2"
